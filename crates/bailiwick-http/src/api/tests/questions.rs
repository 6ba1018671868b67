//! Who can, what can, and why: by REST, for hosts and people.

use std::collections::BTreeSet;

use bailiwick_app::caller::Scope;
use serde_json::{Value, json};

use super::super::wire::text_of;
use super::authzen::Team;
use super::world::{As, Someone, World, on_every_backend};

/// All pages of a list, each of one revision.
async fn all(t: &Team, by: &As, path: &str) -> Vec<Value> {
    let (mut items, mut cursor, mut revisions) = (Vec::new(), String::new(), BTreeSet::new());
    loop {
        let page = t.world.get(by, &format!("{path}&limit=1{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().clone());
        revisions.insert(page["revision"].as_u64().unwrap());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(revisions.len(), 1);
    items
}

fn path(t: &Team, rest: &str) -> String {
    format!("/v1/workspaces/{}/{rest}", t.workspace)
}

on_every_backend!(x10_who_can_and_what_can_are_what_the_check_says);
async fn x10_who_can_and_what_can_are_what_the_check_says(world: World) {
    let t = Team::start(world).await;
    let ben = t.world.person("Ben").await;
    t.world.join(&t.workspace, &ben, json!({"role": "member", "all": "read"})).await;
    let people: Vec<&Someone> = vec![&t.olga, &t.mia, &t.nora, &ben];
    let actions = ["property:view", "property:chat", "property:delete", "team:view"];
    let mut yes = BTreeSet::new();
    for (person, action) in people.iter().flat_map(|person| actions.map(|action| (&person.id, action))) {
        for resource in [None, Some(&t.quay)] {
            let on = resource.map(|id| format!("&resource={id}")).unwrap_or_default();
            let why = t
                .world
                .get(&t.world.host, &path(&t, &format!("why?person={person}&permission={action}{on}")))
                .await
                .ok();
            let kind = if resource.is_some() { "property" } else { "workspace" };
            let asked = json!({
                "subject": {"type": "person", "id": person},
                "action": {"name": action},
                "resource": {"type": kind, "id": resource.unwrap_or(&t.workspace)},
            });
            let decided = t.world.ask(&t.world.host, "POST", "/access/v1/evaluation", asked).await.ok();
            assert_eq!(why["decision"], decided["decision"], "{person} {action} {resource:?}");
            for word in ["reason", "sentence", "revision"] {
                assert_eq!(why["context"][word], decided["context"][word], "{person} {action} {resource:?}");
            }
            assert_eq!(why["context"]["reasons"].as_array().unwrap().is_empty(), why["decision"] == false);
            if why["decision"] == true {
                yes.insert((person.clone(), action, resource.cloned()));
            }
        }
    }
    assert!(yes.len() > 5);
    for by in [&t.world.host, &t.olga.by] {
        let mut found = BTreeSet::new();
        for (action, resource) in actions.into_iter().flat_map(|action| [(action, None), (action, Some(&t.quay))]) {
            let on = resource.map(|id| format!("&resource={id}")).unwrap_or_default();
            for item in all(&t, by, &path(&t, &format!("who-can?permission={action}{on}"))).await {
                let person = item["person"].as_str().unwrap().to_owned();
                let who = people.iter().find(|someone| someone.id == person).unwrap();
                assert_eq!((&item["email"], item["member"].is_string()), (&json!(who.email), true));
                assert!(who.email.starts_with(&item["name"].as_str().unwrap().to_lowercase()));
                found.insert((person, action, resource.cloned()));
            }
        }
        assert_eq!(found, yes, "who can");
        let mut found = BTreeSet::new();
        for person in people.iter().map(|person| &person.id) {
            for spot in all(&t, by, &path(&t, &format!("what-can?person={person}"))).await {
                let resource = spot["resource"].as_str().map(str::to_owned);
                for name in spot["permissions"].as_array().unwrap() {
                    let known = actions.into_iter().find(|action| name == action);
                    found.extend(known.map(|action| (person.clone(), action, resource.clone())));
                }
            }
        }
        assert_eq!(found, yes, "what can");
    }
    let only = path(&t, &format!("what-can?person=ext:u:Mia&permission=property:chat&resource={}", t.quay));
    let only = t.world.get(&t.world.host, &only).await.ok();
    assert_eq!(only["items"], json!([{"resource": t.quay, "permissions": ["property:chat"]}]));
}

on_every_backend!(x10_why_names_everything_that_grants_it);
async fn x10_why_names_everything_that_grants_it(world: World) {
    let t = Team::start(world).await;
    let asked = path(&t, &format!("why?person={}&permission=property:chat&resource={}", t.mia.id, t.quay));
    let got = t.world.get(&t.world.host, &asked).await.ok();
    assert_eq!(got["context"]["reasons"], json!([{"reason": "level", "name": "Write"}]), "{got}");
    assert_eq!(got["context"]["sentence"], "The level Write there grants it.");
    let asked = path(&t, &format!("why?person={}&permission=property:settings&resource={}", t.mia.id, t.quay));
    let got = t.world.get(&t.world.host, &asked).await.ok();
    assert_eq!((&got["context"]["reason"], &got["context"]["reasons"]), (&json!("level-too-low"), &json!([])));
    for who in ["ext:nobody", "per_x", &t.nora.id] {
        let got = t.world.get(&t.world.host, &path(&t, &format!("why?person={who}&permission=team:view"))).await.ok();
        assert_eq!(got["context"]["reason"], "not-a-member", "{who}");
        let got = t.world.get(&t.world.host, &path(&t, &format!("what-can?person={who}"))).await.ok();
        assert_eq!(got["items"], json!([]), "{who}");
    }
}

on_every_backend!(a31_who_may_not_see_the_team_asks_about_nobody_else);
async fn a31_who_may_not_see_the_team_asks_about_nobody_else(world: World) {
    let t = Team::start(world).await;
    let questions = |id: &str| {
        [format!("why?person={id}&permission=team:view"), format!("what-can?person={id}")].map(|rest| path(&t, &rest))
    };
    let who = path(&t, "who-can?permission=team:view");
    for (by, about) in [(&t.mia, &t.olga), (&t.nora, &t.olga), (&t.nora, &t.nora)] {
        for asked in questions(&about.id).iter().chain([&who]) {
            assert_eq!(t.world.get(&by.by, asked).await.problem(), (404, "no-such-workspace"), "{asked}");
        }
    }
    for asked in questions(&t.mia.id) {
        assert_eq!(t.world.get(&t.mia.by, &asked).await.status, 200, "oneself always: {asked}");
    }
    let check = t.world.key(&[Scope::Check, Scope::Manage, Scope::Vouch]).await;
    for asked in questions(&t.mia.id).iter().chain([&who]) {
        assert_eq!(t.world.get(&check, asked).await.problem(), (403, "scope-missing"));
        assert_eq!(t.world.get(&As::Nobody, asked).await.problem(), (401, "not-signed-in"));
    }
    // Suspended or removed, not even about oneself.
    let members = t.world.get(&t.world.host, &path(&t, "members?q=mia")).await.ok();
    let row = path(&t, &format!("members/{}", members["items"][0]["id"].as_str().unwrap()));
    t.world.ask(&t.world.host, "DELETE", &row, Value::Null).await;
    for asked in questions(&t.mia.id) {
        assert_eq!(t.world.get(&t.mia.by, &asked).await.problem(), (404, "no-such-workspace"));
    }
}

on_every_backend!(a_question_names_what_is_there_and_pages_are_of_one_revision);
async fn a_question_names_what_is_there_and_pages_are_of_one_revision(world: World) {
    let t = Team::start(world).await;
    let mia = &t.mia.id;
    for (rest, problem) in [
        ("who-can?permission=team:fly", (422, "unknown-permission")),
        ("who-can?permission=property:view&resource=nowhere", (404, "no-such-resource")),
        ("who-can", (400, "bad-query")),
        ("who-can?permission=team:view&limit=201", (400, "bad-query")),
        ("who-can?permission=team:view&cursor=x", (400, "bad-cursor")),
        ("who-can?permission=team:view&at_least=1000", (409, "not-yet")),
        (&format!("what-can?person={mia}&permission=x"), (422, "unknown-permission")),
        (&format!("what-can?person={mia}&resource=x"), (404, "no-such-resource")),
        (&format!("what-can?person={mia}&at_least=1000"), (409, "not-yet")),
        ("what-can", (400, "bad-query")),
        (&format!("why?person={mia}&permission=x"), (422, "unknown-permission")),
        (&format!("why?person={mia}&permission=team:view&at_least=1000"), (409, "not-yet")),
        (&format!("why?person={mia}"), (400, "bad-query")),
    ] {
        assert_eq!(t.world.get(&t.world.host, &path(&t, rest)).await.problem(), problem, "{rest}");
    }
    for rest in
        ["who-can?permission=property:view&resource=p-1&limit=1", &format!("what-can?person={}&limit=1", t.olga.id)]
    {
        let first = t.world.get(&t.olga.by, &path(&t, rest)).await.ok();
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = format!("{}&cursor={cursor}", path(&t, rest));
        assert_eq!(t.world.get(&t.olga.by, &next).await.ok()["revision"], first["revision"]);
        assert_eq!(t.world.get(&t.world.host, &next).await.problem(), (400, "bad-cursor"), "it is another reader's");
        let renamed = format!("/v1/workspaces/{}", t.workspace);
        t.world.ask(&t.world.host, "PATCH", &renamed, json!({"name": rest[..7]})).await.ok();
        assert_eq!(t.world.get(&t.olga.by, &next).await.problem(), (409, "revision-passed"));
    }
}

on_every_backend!(x12_the_past_answers_who_could_and_why);
async fn x12_the_past_answers_who_could_and_why(world: World) {
    let t = Team::start(world).await;
    let ben = t.world.person("Ben").await;
    t.world.join(&t.workspace, &ben, json!({"role": "member", "all": "read", "until": "2026-11-25T00:00:00Z"})).await;
    let moment = || text_of(t.world.clock.now());
    let first = moment();
    t.world.clock.forward(3600);
    let members = t.world.get(&t.world.host, &path(&t, "members?q=mia")).await.ok();
    let row = path(&t, &format!("members/{}", members["items"][0]["id"].as_str().unwrap()));
    assert_eq!(t.world.ask(&t.world.host, "DELETE", &row, Value::Null).await.status, 204);
    let second = moment();
    t.world.clock.forward(20 * 86_400);
    let third = moment();
    let who = async |by: &As, as_of: &str| {
        let asked = path(&t, &format!("who-can?permission=property:view&resource={}{as_of}", t.quay));
        all(&t, by, &asked).await.iter().map(|item| item["email"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let emails = |people: &[&Someone]| people.iter().map(|person| person.email.clone()).collect::<BTreeSet<_>>();
    for by in [&t.world.host, &t.world.session(&t.olga.id).await] {
        assert_eq!(who(by, &format!("&as_of={first}")).await, emails(&[&t.olga, &t.mia, &ben]));
        assert_eq!(who(by, &format!("&as_of={second}")).await, emails(&[&t.olga, &ben]));
        assert_eq!(who(by, &format!("&as_of={third}")).await, emails(&[&t.olga]), "what time ended, written or not");
        assert_eq!(who(by, "").await, emails(&[&t.olga]));
    }
    let why = |as_of: &str| {
        path(&t, &format!("why?person={}&permission=property:chat&resource={}&as_of={as_of}", t.mia.id, t.quay))
    };
    let got = t.world.get(&t.world.host, &why(&first)).await.ok();
    assert_eq!((&got["decision"], &got["context"]["reasons"][0]["name"]), (&json!(true), &json!("Write")));
    assert_eq!(t.world.get(&t.world.host, &why(&second)).await.ok()["context"]["reason"], "not-a-member");
    let spots = path(&t, &format!("what-can?person={}&as_of={first}", t.mia.id));
    assert!(!t.world.get(&t.world.host, &spots).await.ok()["items"].as_array().unwrap().is_empty());
    // Pages of the past go on whatever happens meanwhile.
    let asked = path(&t, &format!("who-can?permission=property:view&resource={}&limit=1&as_of={first}", t.quay));
    let page = t.world.get(&t.world.host, &asked).await.ok();
    let renamed = format!("/v1/workspaces/{}", t.workspace);
    t.world.ask(&t.world.host, "PATCH", &renamed, json!({"name": "Now"})).await.ok();
    let next =
        t.world.get(&t.world.host, &format!("{asked}&cursor={}", page["next_cursor"].as_str().unwrap())).await.ok();
    assert_eq!((&next["revision"], next["items"].as_array().unwrap().len()), (&page["revision"], 1));
    for (as_of, problem) in [
        ("2020-01-01T00:00:00Z", (422, "invalid-value")),
        ("2090-01-01T00:00:00Z", (422, "invalid-value")),
        ("yesterday", (400, "bad-query")),
    ] {
        assert_eq!(t.world.get(&t.world.host, &why(as_of)).await.problem(), problem, "{as_of}");
    }
    // Who may ask is judged now: Mia saw nothing of the team then, and is nobody now.
    let mia = t.world.session(&t.mia.id).await;
    assert_eq!(t.world.get(&mia, &why(&first)).await.problem(), (404, "no-such-workspace"));
}
