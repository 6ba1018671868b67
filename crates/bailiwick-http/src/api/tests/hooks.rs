//! Webhooks: managed by REST, received by a real server.

use axum::http::StatusCode;
use bailiwick_app::caller::Scope;
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_testkit::{Answer, Received, Receiver};
use ring::hmac;
use serde_json::{Value, json};

use super::world::{As, World, on_every_backend, operator};

const DAY: i64 = 86_400;

/// A workspace, and an endpoint that gets what happens in the product from here on.
struct Hooked {
    world: World,
    receiver: Receiver,
    workspace: String,
    path: String,
    secret: String,
}

impl Hooked {
    async fn with(world: World, more: Value) -> Self {
        let olga = world.person("Olga").await;
        let workspace = world.workspace("tenant", "growth", &olga).await;
        let receiver = Receiver::start().unwrap();
        let mut body = json!({"url": receiver.url()});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = world.ask(&world.host, "POST", "/v1/webhooks", body).await.ok();
        let path = format!("/v1/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
        let secret = made["secret"].as_str().unwrap().to_owned();
        Self { world, receiver, workspace, path, secret }
    }

    async fn rename(&self, name: &str) {
        let path = format!("/v1/workspaces/{}", self.workspace);
        self.world.ask(&self.world.host, "PATCH", &path, json!({"name": name})).await.ok();
    }

    /// Each process has its turn until none has anything to do.
    async fn send(&self) -> usize {
        let mut tries = 0;
        loop {
            let mut once = 0;
            for _ in 0..3 {
                once += self.world.app().send_webhooks_due().await.unwrap();
            }
            if once == 0 {
                return tries;
            }
            tries += once;
        }
    }

    async fn post(&self, rest: &str, body: Value) -> super::world::Got {
        self.world.ask(&self.world.host, "POST", &format!("{}{rest}", self.path), body).await
    }

    async fn is(&self) -> Value {
        self.world.get(&self.world.host, &self.path).await.ok()
    }

    async fn log(&self) -> Vec<Value> {
        let log = self.world.get(&self.world.host, &format!("{}/deliveries", self.path)).await.ok();
        log["items"].as_array().unwrap().clone()
    }
}

fn names(received: &[Received]) -> Vec<String> {
    let of = |r: &Received| {
        serde_json::from_slice::<Value>(&r.body).unwrap()["data"]["details"]["to"].as_str().unwrap().to_owned()
    };
    received.iter().map(of).collect()
}

/// What a receiver does, by the rules alone: is one of the signatures that of this secret?
fn verifies(secret: &str, received: &Received) -> bool {
    let key = unbase64(secret.strip_prefix("whsec_").unwrap());
    assert!((24..=64).contains(&key.len()));
    let mut signed =
        format!("{}.{}.", received.header("webhook-id"), received.header("webhook-timestamp")).into_bytes();
    signed.extend(&received.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let entries = received.header("webhook-signature").split(' ');
    entries.filter_map(|entry| entry.strip_prefix("v1,")).any(|of| hmac::verify(&key, &signed, &unbase64(of)).is_ok())
}

fn unbase64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.trim_end_matches('=').bytes() {
        let six = LETTERS.iter().position(|l| *l == letter).expect("base64");
        held = (held << 6) | u32::try_from(six).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    bytes
}

on_every_backend!(ab121_a_message_is_signed_says_what_happened_and_keeps_its_id_over_tries);
async fn ab121_a_message_is_signed_says_what_happened_and_keeps_its_id_over_tries(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    assert_eq!(hooked.send().await, 0, "what was before is not sent");
    hooked.receiver.next(&[
        Answer::Status(500),
        Answer::With(301, "location: http://127.0.0.1:1/"),
        Answer::Huge(1 << 20),
    ]);
    hooked.rename("Globex").await;
    for (seconds, state, status) in [(0, "waiting", 500), (6, "waiting", 301), (400, "delivered", 200)] {
        hooked.world.clock.forward(seconds);
        assert_eq!(hooked.send().await, 1);
        let log = hooked.log().await;
        assert_eq!((log.len(), &log[0]["state"], &log[0]["status"]), (1, &json!(state), &json!(status)), "{log:?}");
    }
    hooked.world.clock.forward(30 * 3600);
    assert_eq!(hooked.send().await, 0);
    let received = hooked.receiver.received();
    assert_eq!(received.len(), 3);
    let id = received[0].header("webhook-id");
    assert!(id.starts_with("evt_") && !id.contains('.'));
    for one in &received {
        assert_eq!(one.header("webhook-id"), id);
        assert_eq!(one.line, "POST /hooks HTTP/1.1");
        assert_eq!(one.header("content-type"), "application/json");
        assert!(verifies(&hooked.secret, one), "{one:?}");
        assert!(!verifies(&format!("whsec_{}", "A".repeat(44)), one));
        assert!(one.body.len() < 20_000);
    }
    let stamps: Vec<i64> = received.iter().map(|r| r.header("webhook-timestamp").parse().unwrap()).collect();
    assert_eq!((stamps[1] - stamps[0], stamps[2] - stamps[1]), (6, 400), "of each attempt");
    let said: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(said["type"], "workspace.renamed");
    assert_eq!(said["data"]["details"], json!({"from": "The tenant", "to": "Globex"}));
    assert_eq!((&said["data"]["workspace"], &said["data"]["revision"]), (&json!(hooked.workspace), &json!(2)));
    let altered = Received { body: b"{}".to_vec(), ..received[0].clone() };
    assert!(!verifies(&hooked.secret, &altered));
}

on_every_backend!(ab121_for_a_day_both_secrets_sign);
async fn ab121_for_a_day_both_secrets_sign(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    let new = hooked.post("/secret", Value::Null).await.ok()["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, hooked.secret);
    hooked.rename("Globex").await;
    hooked.send().await;
    hooked.world.clock.forward(DAY - 10);
    hooked.rename("Initech").await;
    hooked.send().await;
    hooked.world.clock.forward(20);
    hooked.rename("Hooli").await;
    hooked.send().await;
    let received = hooked.receiver.received();
    let by = |secret: &str| received.iter().map(|one| verifies(secret, one)).collect::<Vec<_>>();
    assert_eq!((by(&new), by(&hooked.secret)), (vec![true, true, true], vec![true, true, false]));
    // AB-123: neither is ever shown again.
    let all =
        [hooked.is().await, hooked.world.get(&hooked.world.host, "/v1/webhooks").await.ok(), json!(hooked.log().await)];
    for shown in all {
        assert!(!shown.to_string().contains("whsec_") && !shown.to_string().contains("nonce"), "{shown}");
    }
}

on_every_backend!(ab119_an_address_inside_is_refused_wherever_it_is_given);
async fn ab119_an_address_inside_is_refused_wherever_it_is_given(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    for inside in [
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0x0a000001/",
        "http://9.9.9.9/",
        "https://9.9.9.9:8443/",
        "https://user@9.9.9.9/",
        "ftp://9.9.9.9/",
        "nothing",
    ] {
        let (host, body) = (&hooked.world.host, json!({"url": inside}));
        for got in [
            hooked.world.ask(host, "POST", "/v1/webhooks", body.clone()).await,
            hooked.world.ask(host, "PATCH", &hooked.path, body).await,
        ] {
            assert_eq!((got.problem(), &got.body["field"]), ((422, "invalid-value"), &json!("url")), "{inside}");
        }
    }
    assert_eq!(hooked.is().await["url"], hooked.receiver.url());
    // One that nobody listens at is tried, and says no more than that.
    let body = json!({"url": "http://127.0.0.1:1/"});
    hooked.world.ask(&hooked.world.host, "PATCH", &hooked.path, body).await.ok();
    assert_eq!(hooked.post("/test", Value::Null).await.status, StatusCode::ACCEPTED);
    hooked.send().await;
    let log = hooked.log().await;
    assert_eq!((&log[0]["type"], &log[0]["error"]), (&json!("webhook.test"), &json!("unreachable")));
    assert_eq!(log[0].get("status"), None);
}

on_every_backend!(ab122_another_product_s_key_finds_no_webhook_and_gets_no_event);
async fn ab122_another_product_s_key_finds_no_webhook_and_gets_no_event(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    let world = &hooked.world;
    let product = world.app().create_product(&operator(), "other", "Other").await.unwrap().product;
    let key = world.app().create_key(&operator(), product, "host", &Scope::ALL, 30).await.unwrap();
    let other = As::Key(key.token.reveal().to_owned());
    let theirs = Receiver::start().unwrap();
    let made = world.ask(&other, "POST", "/v1/webhooks", json!({"url": theirs.url()})).await.ok();
    let elsewhere = json!({"url": theirs.url(), "workspace": hooked.workspace});
    assert_eq!(world.ask(&other, "POST", "/v1/webhooks", elsewhere).await.problem(), (422, "invalid-value"));
    hooked.rename("Globex").await;
    hooked.send().await;
    assert_eq!((hooked.receiver.received().len(), theirs.received().len()), (1, 0));
    let event = hooked.log().await[0]["id"].as_str().unwrap().to_owned();
    let nowhere = bailiwick_core::ids::WebhookId(9).to_string();
    for (method, rest, body) in [
        ("GET", String::new(), Value::Null),
        ("PATCH", String::new(), json!({"url": "https://10.0.0.1/"})),
        ("DELETE", String::new(), Value::Null),
        ("POST", "/secret".into(), Value::Null),
        ("POST", "/disable".into(), Value::Null),
        ("POST", "/enable".into(), Value::Null),
        ("POST", "/test".into(), Value::Null),
        ("GET", "/deliveries".into(), Value::Null),
        ("POST", format!("/deliveries/{event}/replay"), Value::Null),
        ("POST", "/replay".into(), json!({"since": "2026-01-01T00:00:00Z"})),
    ] {
        for path in [&hooked.path, &format!("/v1/webhooks/{nowhere}"), "/v1/webhooks/x"] {
            let got = world.ask(&other, method, &format!("{path}{rest}"), body.clone()).await;
            assert_eq!(got.problem(), (404, "no-such-webhook"), "{method} {path}{rest}");
        }
    }
    let list = world.get(&other, "/v1/webhooks").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["id"], made["webhook"]["id"]);
    let olga = world.person("Olga").await;
    assert_eq!(world.get(&olga.by, "/v1/webhooks").await.problem(), (403, "hosts-only"));
    assert_eq!(hooked.send().await, 0, "nothing of it was sent");
}

on_every_backend!(events_are_filtered_by_type_and_workspace_and_leave_in_their_order);
async fn events_are_filtered_by_type_and_workspace_and_leave_in_their_order(world: World) {
    let hooked = Hooked::with(world, json!({"types": ["workspace.renamed"]})).await;
    let bad = json!({"url": hooked.receiver.url(), "types": ["workspace.exploded"]});
    let got = hooked.world.ask(&hooked.world.host, "POST", "/v1/webhooks", bad).await;
    assert_eq!((got.problem(), &got.body["field"]), ((422, "invalid-value"), &json!("types")));
    let to = format!("/v1/workspaces/{}", hooked.workspace);
    for name in ["A", "B", "C", "D", "E", "F"] {
        hooked.rename(name).await;
        let plan = json!({"plan": if name < "D" { "scale" } else { "growth" }});
        hooked.world.ask(&hooked.world.host, "PUT", &format!("{to}/plan"), plan).await.ok();
    }
    assert_eq!(hooked.send().await, 6);
    assert_eq!(names(&hooked.receiver.received()), ["A", "B", "C", "D", "E", "F"]);
    // Of one workspace alone; null is all again.
    let otto = hooked.world.person("Otto").await;
    let other = hooked.world.workspace("tenant", "growth", &otto).await;
    let only = |id: Value| json!({"workspace": id});
    hooked.world.ask(&hooked.world.host, "PATCH", &hooked.path, only(json!(other))).await.ok();
    hooked.rename("G").await;
    assert_eq!(hooked.send().await, 0);
    hooked.world.ask(&hooked.world.host, "PATCH", &hooked.path, only(Value::Null)).await.ok();
    assert_eq!(hooked.send().await, 0, "what was passed by is not sent afterwards");
    hooked.rename("H").await;
    assert_eq!(hooked.send().await, 1);
}

on_every_backend!(an_endpoint_that_is_gone_or_fails_for_days_is_disabled_and_says_why);
async fn an_endpoint_that_is_gone_or_fails_for_days_is_disabled_and_says_why(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    hooked.receiver.next(&[Answer::Status(410)]);
    hooked.rename("A").await;
    assert_eq!(hooked.send().await, 1);
    let is = hooked.is().await;
    assert_eq!((&is["enabled"], &is["disabled_because"]), (&json!(false), &json!("gone")));
    hooked.rename("B").await;
    assert_eq!(hooked.send().await, 0);
    assert_eq!(hooked.post("/test", Value::Null).await.problem(), (409, "webhook-disabled"));
    hooked.world.clock.forward(60);
    assert_eq!(hooked.post("/enable", Value::Null).await.ok()["enabled"], true);
    // What waited goes on; what happened meanwhile was not for it.
    assert_eq!(hooked.send().await, 1);
    assert_eq!(names(&hooked.receiver.received()), ["A", "A"]);

    hooked.receiver.next(&vec![Answer::Status(500); 400]);
    let mut days = 0;
    while hooked.is().await["enabled"] == true {
        assert!(days < 7, "{}", hooked.is().await);
        hooked.rename(&format!("day {days}")).await;
        for _ in 0..8 {
            hooked.send().await;
            hooked.world.clock.forward(DAY / 8);
        }
        days += 1;
        let is = hooked.is().await;
        assert!(is["failures"].as_u64().unwrap() > 0 && is["failing_since"].is_string(), "{is}");
    }
    assert_eq!((hooked.is().await["disabled_because"].clone(), days), (json!("failing"), 6));
    assert_eq!(hooked.post("/disable", Value::Null).await.ok()["disabled_because"], "failing", "the first why stays");
}

on_every_backend!(a_receiver_that_asks_for_patience_gets_it);
async fn a_receiver_that_asks_for_patience_gets_it(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    hooked.receiver.next(&[Answer::With(429, "retry-after: 600")]);
    hooked.rename("A").await;
    assert_eq!(hooked.send().await, 1);
    hooked.rename("B").await;
    hooked.world.clock.forward(590);
    assert_eq!(hooked.send().await, 0, "neither the one that failed nor a new one");
    hooked.world.clock.forward(11);
    assert_eq!(hooked.send().await, 2);
    assert_eq!(names(&hooked.receiver.received()), ["A", "A", "B"]);
}

on_every_backend!(what_was_sent_can_be_replayed_under_the_same_id);
async fn what_was_sent_can_be_replayed_under_the_same_id(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    hooked.rename("A").await;
    hooked.send().await;
    hooked.world.clock.forward(100);
    let since = "2026-11-24T06:01:00Z";
    for name in ["B", "C"] {
        hooked.rename(name).await;
    }
    hooked.send().await;
    let log = hooked.log().await;
    assert_eq!(log.len(), 3);
    let oldest = log[2]["id"].as_str().unwrap();
    hooked.world.clock.forward(100);
    let again = hooked.post(&format!("/deliveries/{oldest}/replay"), Value::Null).await;
    assert_eq!((again.status, &again.body["state"]), (StatusCode::ACCEPTED, &json!("waiting")));
    assert_eq!(hooked.send().await, 1);
    hooked.post("/replay", json!({"since": since})).await.ok();
    assert_eq!(hooked.send().await, 2);
    let received = hooked.receiver.received();
    assert_eq!(names(&received), ["A", "B", "C", "A", "B", "C"]);
    for n in 0..3 {
        assert_eq!(received[n].header("webhook-id"), received[n + 3].header("webhook-id"));
        assert_eq!(received[n].body, received[n + 3].body);
        assert!(verifies(&hooked.secret, &received[n + 3]));
    }
    assert_eq!(hooked.log().await.len(), 3);
    // Pages, and states.
    let page = |query: &str| format!("{}/deliveries?{query}", hooked.path);
    let first = hooked.world.get(&hooked.world.host, &page("limit=2")).await.ok();
    let next = first["next_cursor"].as_str().unwrap();
    let second = hooked.world.get(&hooked.world.host, &page(&format!("limit=2&cursor={next}"))).await.ok();
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (2, 1));
    let waiting = hooked.world.get(&hooked.world.host, &page("state=waiting")).await.ok();
    assert_eq!(waiting["items"], json!([]));
    let unknown = bailiwick_core::ids::EventId(9);
    let got = hooked.post(&format!("/deliveries/{unknown}/replay"), Value::Null).await;
    assert_eq!(got.problem(), (404, "no-such-delivery"));
    // Not without end.
    let mut last = hooked.post("/test", Value::Null).await;
    for _ in 0..20 {
        last = hooked.post("/test", Value::Null).await;
    }
    assert_eq!(last.problem(), (429, "too-often"));
}

on_every_backend!(a_product_has_at_most_twenty_and_a_deleted_one_is_gone);
async fn a_product_has_at_most_twenty_and_a_deleted_one_is_gone(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    let url = json!({"url": hooked.receiver.url()});
    for _ in 1..20 {
        hooked.world.ask(&hooked.world.host, "POST", "/v1/webhooks", url.clone()).await.ok();
    }
    let got = hooked.world.ask(&hooked.world.host, "POST", "/v1/webhooks", url.clone()).await;
    assert_eq!(got.problem(), (409, "too-many-webhooks"));
    let list = hooked.world.get(&hooked.world.host, "/v1/webhooks").await.ok();
    for one in list["items"].as_array().unwrap() {
        let path = format!("/v1/webhooks/{}", one["id"].as_str().unwrap());
        let got = hooked.world.ask(&hooked.world.host, "DELETE", &path, Value::Null).await;
        assert_eq!(got.status, StatusCode::NO_CONTENT, "{}", got.text);
        assert_eq!(hooked.world.get(&hooked.world.host, &path).await.problem(), (404, "no-such-webhook"));
    }
    hooked.rename("A").await;
    assert_eq!(hooked.send().await, 0);
    assert_eq!(hooked.world.app().verify().await.unwrap().broken, None);
}

on_every_backend!(ab122_what_a_revoked_key_made_gets_nothing_more);
async fn ab122_what_a_revoked_key_made_gets_nothing_more(world: World) {
    let hooked = Hooked::with(world, json!({})).await;
    let world = &hooked.world;
    let key = async || {
        let new = world.app().create_key(&operator(), DEFAULT_PRODUCT, "hooks", &[Scope::Webhooks], 30).await.unwrap();
        (new.row.key, As::Key(new.token.reveal().to_owned()))
    };
    let theirs = Receiver::start().unwrap();
    let ((stolen, thief), (old, rotated)) = (key().await, key().await);
    let made = world.ask(&thief, "POST", "/v1/webhooks", json!({"url": theirs.url()})).await.ok();
    let kept = Receiver::start().unwrap();
    world.ask(&rotated, "POST", "/v1/webhooks", json!({"url": kept.url()})).await.ok();
    world.app().rotate_key(&operator(), old, 30, 0).await.unwrap();
    world.app().revoke_key(&operator(), stolen).await.unwrap();
    hooked.rename("Globex").await;
    hooked.send().await;
    let counts = [&hooked.receiver, &kept, &theirs].map(|receiver| receiver.received().len());
    assert_eq!(counts, [1, 1, 0]);
    let path = format!("/v1/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    let is = world.get(&world.host, &path).await.ok();
    assert_eq!((&is["enabled"], &is["disabled_because"]), (&json!(false), &json!("key-revoked")));
    // Who finds it fine takes it over.
    world.ask(&world.host, "POST", &format!("{path}/enable"), Value::Null).await.ok();
    world.app().revoke_key(&operator(), stolen).await.unwrap();
    assert_eq!(world.get(&world.host, &path).await.ok()["enabled"], true);
    assert_eq!(world.app().verify().await.unwrap().broken, None);
}
