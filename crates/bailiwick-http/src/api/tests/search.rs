//! The searches of AuthZEN, line by line.

use std::collections::BTreeSet;

use bailiwick_app::caller::Scope;
use serde_json::{Value, json};

use super::authzen::Team;
use super::world::{As, Got, Someone, World, on_every_backend};

const SUBJECTS: &str = "/access/v1/search/subject";
const RESOURCES: &str = "/access/v1/search/resource";
const ACTIONS: &str = "/access/v1/search/action";

/// A team of several, and two properties besides the quay.
struct Many {
    t: Team,
    people: Vec<Someone>,
    resources: Vec<String>,
}

impl Many {
    async fn start(world: World) -> Self {
        let t = Team::start(world).await;
        let mut resources = vec![t.quay.clone()];
        for name in ["Pier", "Dock"] {
            let body = json!({"kind": "property", "name": name});
            let path = format!("/v1/workspaces/{}/resources", t.workspace);
            resources.push(t.world.ask(&t.world.host, "POST", &path, body).await.id());
        }
        let mut people = vec![t.olga.clone(), t.mia.clone(), t.nora.clone()];
        for (name, access) in [
            ("Ada", json!({"role": "admin"})),
            ("Ben", json!({"role": "member", "all": "read"})),
            (
                "Cleo",
                json!({"role": "member", "grants": [
                    {"resource": resources[1], "level": "admin"}, {"resource": resources[2], "level": "read"},
                ]}),
            ),
        ] {
            let person = t.world.person(name).await;
            t.world.join(&t.workspace, &person, access).await;
            people.push(person);
        }
        Self { t, people, resources }
    }

    async fn ask(&self, path: &str, body: Value) -> Got {
        self.t.world.ask(&self.t.world.host, "POST", path, body).await
    }

    /// Who can look at the quay.
    fn viewers(&self) -> Value {
        json!({
            "subject": {"type": "person"},
            "action": {"name": "property:view"},
            "resource": {"type": "property", "id": self.t.quay},
        })
    }

    /// What is found, of all pages.
    async fn all(&self, path: &str, body: &Value, key: &str) -> Vec<String> {
        let (mut body, mut found) = (body.clone(), Vec::new());
        loop {
            let got = self.ask(path, body.clone()).await.ok();
            assert_eq!(got["page"]["count"], got["results"].as_array().unwrap().len());
            found.extend(got["results"].as_array().unwrap().iter().map(|r| r[key].as_str().unwrap().to_owned()));
            match got["page"]["next_token"].as_str().unwrap() {
                "" => {
                    assert_eq!(got["page"]["total"], found.len());
                    return found;
                }
                token => body["page"]["token"] = json!(token),
            }
        }
    }
}

fn results(got: &Value) -> &Vec<Value> {
    got["results"].as_array().unwrap()
}

on_every_backend!(a_search_finds_what_evaluations_say_yes_to);
async fn a_search_finds_what_evaluations_say_yes_to(world: World) {
    let m = Many::start(world).await;
    let actions = ["property:view", "property:chat", "property:settings", "property:delete", "team:view", "team:none"];
    let workspace = json!({"type": "workspace", "id": m.t.workspace});
    let property = |id: &String| json!({"type": "property", "id": id});
    let places: Vec<Value> = [workspace].into_iter().chain(m.resources.iter().map(property)).collect();
    let mut yes = BTreeSet::new();
    let mut asked = Vec::new();
    for person in &m.people {
        for action in actions {
            for place in &places {
                asked.push((person.id.clone(), action, place.clone()));
            }
        }
    }
    let evaluations: Vec<Value> = asked
        .iter()
        .map(|(id, action, place)| {
            json!({"subject": {"type": "person", "id": id}, "action": {"name": action}, "resource": place})
        })
        .collect();
    let got = m.ask("/access/v1/evaluations", json!({"evaluations": evaluations})).await.ok();
    for ((id, action, place), decision) in asked.iter().zip(got["evaluations"].as_array().unwrap()) {
        if decision["decision"] == true {
            yes.insert((id.clone(), *action, place["id"].as_str().unwrap().to_owned()));
        }
    }
    assert!(yes.len() > 20 && yes.len() < asked.len() / 2, "{}", yes.len());

    for limit in [1, 1000] {
        let page = json!({"limit": limit});
        let mut found = BTreeSet::new();
        for action in actions {
            for place in &places {
                let body =
                    json!({"subject": {"type": "person"}, "action": {"name": action}, "resource": place, "page": page});
                let id = place["id"].as_str().unwrap();
                found.extend(m.all(SUBJECTS, &body, "id").await.into_iter().map(|who| (who, action, id.to_owned())));
            }
        }
        assert_eq!(found, yes, "subjects, {limit} at once");

        let mut found = BTreeSet::new();
        for person in &m.people {
            for (action, kind) in actions.iter().flat_map(|action| [(*action, "property"), (*action, "workspace")]) {
                let subject = json!({"type": "person", "id": person.id});
                let body =
                    json!({"subject": subject, "action": {"name": action}, "resource": {"type": kind}, "page": page});
                found.extend(m.all(RESOURCES, &body, "id").await.into_iter().map(|id| (person.id.clone(), action, id)));
            }
        }
        assert_eq!(found, yes, "resources, {limit} at once");

        let mut found = BTreeSet::new();
        for person in &m.people {
            for place in &places {
                let subject = json!({"type": "person", "id": person.id});
                let body = json!({"subject": subject, "resource": place, "page": page});
                let all = m.all(ACTIONS, &body, "name").await;
                let id = place["id"].as_str().unwrap();
                let known = actions.into_iter().filter(|action| all.iter().any(|name| name == action));
                found.extend(known.map(|action| (person.id.clone(), action, id.to_owned())));
            }
        }
        assert_eq!(found, yes, "actions, {limit} at once");
    }
}

on_every_backend!(a_search_says_of_which_revision_each_page_is_and_never_mixes_two);
async fn a_search_says_of_which_revision_each_page_is_and_never_mixes_two(world: World) {
    let m = Many::start(world).await;
    let path = format!("/v1/workspaces/{}", m.t.workspace);
    let rename = async |name: &str| {
        let got = m.t.world.ask(&m.t.world.host, "PATCH", &path, json!({"name": name})).await;
        got.headers["bailiwick-revision"].to_str().unwrap().parse::<u64>().unwrap()
    };
    let subject = json!({"type": "person", "id": m.t.olga.id});
    let searches = [
        (SUBJECTS, m.viewers()),
        (RESOURCES, json!({"subject": subject, "action": {"name": "property:view"}, "resource": {"type": "property"}})),
        (ACTIONS, json!({"subject": subject, "resource": {"type": "workspace", "id": m.t.workspace}})),
    ];
    for (search, mut body) in searches {
        let now = rename(search).await;
        body["page"] = json!({"limit": 1});
        let first = m.ask(search, body.clone()).await.ok();
        assert_eq!(first["context"]["revisions"], json!({m.t.workspace.clone(): now}), "{search}");
        assert_eq!(results(&first).len(), 1);
        body["page"]["token"] = first["page"]["next_token"].clone();
        let second = m.ask(search, body.clone()).await.ok();
        assert_eq!(second["context"], first["context"]);
        assert_ne!(second["results"], first["results"]);
        let after = rename("Meanwhile").await;
        assert_eq!(m.ask(search, body.clone()).await.problem(), (409, "revision-passed"), "{search}");
        body["page"] = json!({"limit": 1});
        assert_eq!(m.ask(search, body.clone()).await.ok()["context"]["revisions"][&m.t.workspace], after);
        body["context"] = json!({"workspace": m.t.workspace, "at_least": after});
        assert_eq!(m.ask(search, body.clone()).await.ok()["context"]["revisions"][&m.t.workspace], after);
        body["context"]["at_least"] = json!(after + 1);
        assert_eq!(m.ask(search, body.clone()).await.problem(), (409, "not-yet"), "{search}");
    }
}

on_every_backend!(a_search_token_belongs_to_its_request);
async fn a_search_token_belongs_to_its_request(world: World) {
    let m = Many::start(world).await;
    let mut first = m.viewers();
    first["page"] = json!({"limit": 2});
    let token = m.ask(SUBJECTS, first.clone()).await.ok()["page"]["next_token"].as_str().unwrap().to_owned();
    let with = |pointer: &str, value: Value| {
        let mut body = first.clone();
        body["page"]["token"] = json!(token);
        body["subject"]["id"] = json!("ignored");
        let (at, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(at).unwrap()[name] = value;
        body
    };
    let second = m.ask(SUBJECTS, with("/page/limit", json!(2))).await.ok();
    // The limit may be left out with a token, and counts on; what nobody reads may differ.
    let mut without = with("/trace", json!(1));
    without["page"].as_object_mut().unwrap().remove("limit");
    assert_eq!(m.ask(SUBJECTS, without).await.ok(), second);
    let mut altered = token.clone().into_bytes();
    altered[30] = if altered[30] == b'0' { b'1' } else { b'0' };
    let altered = String::from_utf8(altered).unwrap();
    for (pointer, value) in [
        ("/page/limit", json!(3)),
        ("/page/token", json!(altered)),
        ("/page/token", json!("")),
        ("/page/token", json!("ä")),
        ("/page/token", json!(&token[1..])),
        ("/page/token", json!(token.to_uppercase())),
        ("/action/name", json!("property:chat")),
        ("/resource/id", json!(m.resources[1])),
        ("/resource/properties", json!({"workspace": m.t.workspace})),
        ("/subject/properties", json!({})),
        ("/context", json!({})),
    ] {
        assert_eq!(
            m.ask(SUBJECTS, with(pointer, value.clone())).await.problem(),
            (400, "bad-token"),
            "{pointer} {value}"
        );
    }
    let body = with("/page/limit", json!(2));
    assert_eq!(
        m.ask(
            ACTIONS,
            json!({"subject": {"type": "person", "id": "x"}, "resource": first["resource"], "page": body["page"]})
        )
        .await
        .problem(),
        (400, "bad-token")
    );
    let other = m.t.world.key(&[Scope::Check]).await;
    assert_eq!(m.t.world.ask(&other, "POST", SUBJECTS, body).await.problem(), (400, "bad-token"));
}

on_every_backend!(unknown_ids_and_types_are_found_nowhere);
async fn unknown_ids_and_types_are_found_nowhere(world: World) {
    let m = Many::start(world).await;
    let subject = json!({"type": "person", "id": m.t.olga.id});
    let action = json!({"name": "property:view"});
    let quay = json!({"type": "property", "id": m.t.quay});
    let other = |kind: &str, id: &str| json!({"type": kind, "id": id});
    for (path, body) in [
        (SUBJECTS, json!({"subject": {"type": "robot"}, "action": action, "resource": quay})),
        (SUBJECTS, json!({"subject": {"type": "person"}, "action": {"name": "x"}, "resource": quay})),
        (SUBJECTS, json!({"subject": {"type": "person"}, "action": action, "resource": other("folder", &m.t.quay)})),
        (SUBJECTS, json!({"subject": {"type": "person"}, "action": action, "resource": other("property", "p-1")})),
        (SUBJECTS, json!({"subject": {"type": "person"}, "action": action, "resource": other("property", "res_x")})),
        (SUBJECTS, json!({"subject": {"type": "person"}, "action": action, "resource": other("workspace", "nowhere")})),
        (RESOURCES, json!({"subject": subject, "action": action, "resource": {"type": "folder"}})),
        (RESOURCES, json!({"subject": subject, "action": {"name": "x"}, "resource": {"type": "property"}})),
        (RESOURCES, json!({"subject": other("robot", "r2"), "action": action, "resource": {"type": "property"}})),
        (RESOURCES, json!({"subject": other("person", "nobody"), "action": action, "resource": {"type": "property"}})),
        (
            RESOURCES,
            json!({"subject": subject, "action": action, "resource": {"type": "property"}, "context": {"workspace": "x"}}),
        ),
        (ACTIONS, json!({"subject": other("person", "nobody"), "resource": quay})),
        (ACTIONS, json!({"subject": subject, "resource": other("folder", &m.t.quay)})),
        (ACTIONS, json!({"subject": subject, "resource": other("workspace", "nowhere")})),
    ] {
        let got = m.ask(path, body.clone()).await;
        assert_eq!(got.headers["content-type"], "application/json");
        // The page comes first, as far as an object has a first member.
        assert!(got.text.starts_with("{\"page\":"), "{}", got.text);
        let got = got.ok();
        assert_eq!((results(&got).len(), &got["page"]["next_token"]), (0, &json!("")), "{path} {body}");
    }
}

on_every_backend!(a_search_takes_the_names_of_the_host_and_ignores_what_it_searches);
async fn a_search_takes_the_names_of_the_host_and_ignores_what_it_searches(world: World) {
    let m = Many::start(world).await;
    let quay = json!({"type": "property", "id": "p-1", "properties": {"workspace": "o-1"}});
    let body = json!({"subject": {"type": "person", "id": 7}, "action": {"name": "property:view"}, "resource": quay});
    assert_eq!(m.all(SUBJECTS, &body, "id").await, m.all(SUBJECTS, &m.viewers(), "id").await);
    let body = json!({"subject": {"type": "person", "id": "u:Mia"}, "resource": quay, "action": {"name": 7}});
    assert!(m.all(ACTIONS, &body, "name").await.contains(&"property:chat".to_owned()));
    let resource = json!({"type": "property", "id": ["x"]});
    let body = json!({"subject": {"type": "person", "id": "u:Mia"}, "action": {"name": "property:view"}, "resource": resource});
    let got = m.ask(RESOURCES, body).await.ok();
    let its = json!({"workspace": m.t.workspace, "external_id": "p-1"});
    assert_eq!(results(&got), &[json!({"type": "property", "id": m.t.quay, "properties": its})]);
    // What was found can be asked about as it is.
    let asked = json!({"subject": {"type": "person", "id": "u:Mia"}, "action": {"name": "property:view"}, "resource": results(&got)[0]});
    assert_eq!(m.ask("/access/v1/evaluation", asked).await.ok()["decision"], true);
}

on_every_backend!(a_search_of_resources_goes_through_every_workspace_of_the_person);
async fn a_search_of_resources_goes_through_every_workspace_of_the_person(world: World) {
    let m = Many::start(world).await;
    let second = m.t.world.workspace("properties", "business", &m.t.mia).await;
    let third = m.t.world.workspace("tenant", "growth", &m.t.mia).await;
    let path = format!("/v1/workspaces/{second}/resources");
    let bay = m.t.world.ask(&m.t.world.host, "POST", &path, json!({"kind": "property", "name": "Bay"})).await.id();
    let subject = json!({"type": "person", "id": m.t.mia.id});
    let body = json!({"subject": subject, "action": {"name": "property:view"}, "resource": {"type": "property"}});
    let found: BTreeSet<String> = m.all(RESOURCES, &body, "id").await.into_iter().collect();
    assert_eq!(found, BTreeSet::from([m.t.quay.clone(), bay.clone()]));
    let got = m.ask(RESOURCES, body.clone()).await.ok();
    let looked: BTreeSet<&String> = got["context"]["revisions"].as_object().unwrap().keys().collect();
    assert_eq!(looked, BTreeSet::from([&m.t.workspace, &second, &third]));
    let mut one = body.clone();
    one["resource"]["properties"] = json!({"workspace": second});
    assert_eq!(m.all(RESOURCES, &one, "id").await, [bay]);
    let mine = json!({"subject": subject, "action": {"name": "team:view"}, "resource": {"type": "workspace"}});
    let found: BTreeSet<String> = m.all(RESOURCES, &mine, "id").await.into_iter().collect();
    assert_eq!(found, BTreeSet::from([second.clone()]), "the other model has another permission for it");
    // A revision is one of a workspace, so it needs one.
    let mut vague = body.clone();
    vague["context"] = json!({"at_least": 1});
    assert_eq!(m.ask(RESOURCES, vague).await.problem(), (400, "bad-evaluation"));
    // A change in any of them passes the page.
    let mut paged = body.clone();
    paged["page"] = json!({"limit": 1});
    paged["page"]["token"] = m.ask(RESOURCES, paged.clone()).await.ok()["page"]["next_token"].clone();
    assert_eq!(results(&m.ask(RESOURCES, paged.clone()).await.ok()).len(), 1);
    m.t.world.ask(&m.t.world.host, "PATCH", &format!("/v1/workspaces/{second}"), json!({"name": "Other"})).await.ok();
    assert_eq!(m.ask(RESOURCES, paged).await.problem(), (409, "revision-passed"));
}

on_every_backend!(a_search_that_cannot_be_read_is_400);
async fn a_search_that_cannot_be_read_is_400(world: World) {
    let m = Many::start(world).await;
    let person = json!({"type": "person", "id": m.t.olga.id});
    let whole = json!({
        "subject": person, "action": {"name": "team:view"}, "resource": {"type": "workspace", "id": m.t.workspace},
    });
    for (path, needed) in [
        (
            SUBJECTS,
            vec!["/subject", "/subject/type", "/action", "/action/name", "/resource", "/resource/type", "/resource/id"],
        ),
        (
            RESOURCES,
            vec!["/subject", "/subject/type", "/subject/id", "/action", "/action/name", "/resource", "/resource/type"],
        ),
        (ACTIONS, vec!["/subject", "/subject/type", "/subject/id", "/resource", "/resource/type", "/resource/id"]),
    ] {
        assert_eq!(m.ask(path, whole.clone()).await.status, 200);
        for pointer in needed {
            let (at, name) = pointer.rsplit_once('/').unwrap();
            let mut without = whole.clone();
            without.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(name);
            assert_eq!(m.ask(path, without).await.problem(), (400, "bad-evaluation"), "{path} {pointer}");
            for wrong in [json!(null), json!(7), json!([]), json!("")] {
                let mut bad = whole.clone();
                *bad.pointer_mut(pointer).unwrap() = wrong;
                assert_eq!(m.ask(path, bad.clone()).await.problem(), (400, "bad-evaluation"), "{path} {bad}");
            }
        }
        for page in [
            json!([]),
            json!("x"),
            json!({"limit": 0}),
            json!({"limit": -1}),
            json!({"limit": 1.5}),
            json!({"limit": "1"}),
            json!({"token": 1}),
            json!({"token": null}),
        ] {
            let mut bad = whole.clone();
            bad["page"] = page;
            assert_eq!(m.ask(path, bad.clone()).await.problem(), (400, "bad-evaluation"), "{path} {bad}");
        }
        for (name, wrong) in
            [("context", json!([])), ("context", json!({"at_least": "x"})), ("context", json!({"workspace": 1}))]
        {
            let mut bad = whole.clone();
            bad[name] = wrong;
            assert_eq!(m.ask(path, bad.clone()).await.problem(), (400, "bad-evaluation"), "{path} {bad}");
        }
        let mut large = whole.clone();
        large["page"] = json!({"limit": 18_446_744_073_709_551_615_u64, "properties": {"any": "thing"}});
        assert_eq!(m.ask(path, large).await.status, 200);
        let text = [("content-type", "text/plain")];
        assert_eq!(m.t.world.ask_with(&m.t.world.host, "POST", path, whole.clone(), &text).await.status, 400);
        assert_eq!(m.ask(path, Value::Null).await.status, 400);
    }
}

on_every_backend!(searches_are_for_keys_with_the_scope);
async fn searches_are_for_keys_with_the_scope(world: World) {
    let m = Many::start(world).await;
    let asked = json!({
        "subject": {"type": "person", "id": m.t.olga.id},
        "action": {"name": "team:view"},
        "resource": {"type": "workspace", "id": m.t.workspace},
    });
    let other = m.t.world.key(&[Scope::Read, Scope::Manage, Scope::Vouch]).await;
    let only = m.t.world.key(&[Scope::Check]).await;
    let id = [("x-request-id", "3f0c6a52-5a0a-4b3f-9df1-7be3b3d7c001")];
    for path in [SUBJECTS, RESOURCES, ACTIONS] {
        let got = m.t.world.ask(&As::Nobody, "POST", path, asked.clone()).await;
        assert_eq!(got.problem(), (401, "not-signed-in"));
        assert!(got.headers.contains_key("www-authenticate"));
        assert_eq!(m.t.world.ask(&m.t.olga.by, "POST", path, asked.clone()).await.problem(), (403, "hosts-only"));
        assert_eq!(m.t.world.ask(&other, "POST", path, asked.clone()).await.problem(), (403, "scope-missing"));
        let got = m.t.world.ask_with(&only, "POST", path, asked.clone(), &id).await;
        assert_eq!((got.headers["x-request-id"].to_str().unwrap(), results(&got.body).is_empty()), (id[0].1, false));
        assert_eq!(m.t.world.get(&only, path).await.status, 405);
    }
}

on_every_backend!(ab001_a_key_of_another_product_finds_nothing);
async fn ab001_a_key_of_another_product_finds_nothing(world: World) {
    let m = Many::start(world).await;
    let stranger = m.t.world.stranger().await;
    let person = json!({"type": "person", "id": m.t.olga.id});
    for (path, resource) in [
        (SUBJECTS, json!({"type": "property", "id": m.t.quay})),
        (SUBJECTS, json!({"type": "workspace", "id": m.t.workspace})),
        (RESOURCES, json!({"type": "property"})),
        (RESOURCES, json!({"type": "workspace"})),
        (RESOURCES, json!({"type": "property", "properties": {"workspace": m.t.workspace}})),
        (ACTIONS, json!({"type": "workspace", "id": m.t.workspace})),
        (ACTIONS, json!({"type": "property", "id": m.t.quay})),
    ] {
        let action = if resource["type"] == "property" { "property:view" } else { "team:view" };
        let asked = json!({"subject": person, "action": {"name": action}, "resource": resource});
        assert!(!results(&m.ask(path, asked.clone()).await.ok()).is_empty(), "{path} {asked}");
        let got = m.t.world.ask(&stranger, "POST", path, asked.clone()).await.ok();
        let nothing =
            json!({"page": {"next_token": "", "count": 0, "total": 0}, "context": {"revisions": {}}, "results": []});
        assert_eq!(got, nothing, "{path} {asked}");
    }
}
