//! `kill -9` in the middle of a storm of changes: whatever was acknowledged is there afterwards, the chain verifies,
//! and the tables equal the folded log.
//!
//! `CRASH_KILLS` and `CRASH_SEED` say how long and which; the last line counts.

#![expect(clippy::disallowed_methods, reason = "the moment of the kill is one of real time")]

#[path = "../it/world.rs"]
#[allow(dead_code, reason = "the storm uses the host's API, the pages are not opened here")]
mod world;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bailiwick_testkit::Random;
use world::Demo;

/// How many clients change things at once.
const CLIENTS: u64 = 8;
/// The storm lasts at least and at most so long before the kill.
const STORM: std::ops::Range<u64> = 100..900;

#[test]
fn ab176_what_was_acknowledged_survives_a_kill() {
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (kills, seed): (u64, u64) = (number("CRASH_KILLS", 2), number("CRASH_SEED", 1));
    let mut random = Random::new(seed);
    let mut demo = Demo::start();
    let mut world = World::read(&demo);
    let mut acknowledged = 0;
    for kill in 0..kills {
        acknowledged +=
            storm(&demo, &mut world, random.below(STORM.end - STORM.start) + STORM.start, seed * 1000 + kill);
        demo.crash_and_restart();
        verify(&demo);
        let lost = world.compare(&demo);
        assert!(lost.is_empty(), "after kill {} of seed {seed}: {}", kill + 1, lost.join("; "));
    }
    println!("crash: {kills} kills, {acknowledged} acknowledged, 0 lost");
}

/// What is known of one object that a client made.
#[derive(Debug, Clone)]
struct Known {
    /// Its name as acknowledged last; `None`: its deletion was.
    name: Option<String>,
    /// What was asked when the server died, if anything: it may have happened or not.
    asked: Option<Option<String>>,
}

/// Every object that the clients know of, by its address.
struct World {
    key: String,
    workspaces: Vec<(String, &'static str)>,
    objects: BTreeMap<String, Known>,
}

impl World {
    fn read(demo: &Demo) -> Self {
        let key = std::fs::read_to_string(demo.data.join("host-key")).expect("the demo has a key").trim().to_owned();
        let all = call(demo.port, &key, "GET", "/v1/workspaces", "").expect("the list").1;
        let list: serde_json::Value = serde_json::from_str(&all).expect("a list of workspaces");
        // The teams of the CRM and of the analytics product: templates of the one, properties of the others.
        let workspaces = list["items"].as_array().expect("items").iter().filter_map(|w| {
            let id = w["id"].as_str().expect("an id").to_owned();
            match (w["external_id"].as_str(), w["plan"].as_str()) {
                (Some("acme"), _) => Some((id, "templates")),
                (_, Some("business" | "pro")) => Some((id, "resources")),
                _ => None,
            }
        });
        Self { workspaces: workspaces.collect(), key, objects: BTreeMap::new() }
    }

    /// What is not there although it was acknowledged, or is there although its end was.
    fn compare(&mut self, demo: &Demo) -> Vec<String> {
        let mut lost = Vec::new();
        for (address, known) in &mut self.objects {
            let (status, body) =
                call(demo.port, &self.key, "GET", address, "").expect("the server answers after its restart");
            let there = (status == 200).then(|| field(&body, "name"));
            let fine = there == known.name || known.asked.as_ref() == Some(&there);
            if !fine {
                lost.push(format!("{address}: acknowledged {:?}, found {there:?}", known.name));
            }
            *known = Known { name: there, asked: None };
        }
        lost
    }
}

/// Changes things with several clients until the time is over, and kills nothing itself; gives how many changes were
/// acknowledged.
fn storm(demo: &Demo, world: &mut World, millis: u64, seed: u64) -> u64 {
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let objects = Arc::new(Mutex::new(std::mem::take(&mut world.objects)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let (stop, acknowledged, objects) = (Arc::clone(&stop), Arc::clone(&acknowledged), Arc::clone(&objects));
            let (port, key, workspaces) = (demo.port, world.key.clone(), world.workspaces.clone());
            std::thread::spawn(move || {
                let mut client = Client {
                    port,
                    key,
                    random: Random::new(seed * 100 + n),
                    own: Vec::new(),
                    made: 0,
                    name: seed * 100 + n,
                };
                // A client whose question got no answer stops there: what it asked last is all that is in doubt.
                while !stop.load(Ordering::Relaxed) && client.change(&workspaces, &objects) {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let until = Instant::now() + Duration::from_millis(millis);
    while Instant::now() < until {
        std::thread::yield_now();
    }
    // The kill comes while they are at it; what they had asked then is noted as asked.
    demo.kill();
    stop.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|c| c.join().expect("a client ends in order"));
    world.objects = std::mem::take(&mut *objects.lock().expect("no client panicked"));
    acknowledged.load(Ordering::Relaxed)
}

struct Client {
    port: u16,
    key: String,
    random: Random,
    own: Vec<String>,
    made: u64,
    name: u64,
}

impl Client {
    /// One change; whether it was acknowledged. If not, the server died meanwhile.
    fn change(&mut self, workspaces: &[(String, &'static str)], objects: &Mutex<BTreeMap<String, Known>>) -> bool {
        self.made += 1;
        let name = format!("Storm {} {}", self.name, self.made);
        if self.own.is_empty() || self.random.below(3) == 0 {
            return self.create(workspaces, objects, &name);
        }
        let ix = usize::try_from(self.random.below(self.own.len() as u64)).unwrap_or(0);
        let address = self.own[ix].clone();
        let delete = self.random.below(4) == 0;
        let wanted = (!delete).then(|| name.clone());
        let ask = |known: &mut Known| known.asked = Some(wanted.clone());
        objects.lock().expect("no client panicked").entry(address.clone()).and_modify(ask);
        let answer = match (delete, address.contains("/templates/")) {
            (true, _) => call(self.port, &self.key, "DELETE", &address, ""),
            (false, true) => call(self.port, &self.key, "PUT", &address, &template(&name)),
            (false, false) => call(self.port, &self.key, "PATCH", &address, &format!("{{\"name\":\"{name}\"}}")),
        };
        let Some((status, body)) = answer else { return false };
        assert!((200..300).contains(&status), "{address}: {status} {body}");
        objects.lock().expect("no client panicked").insert(address, Known { name: wanted, asked: None });
        if delete {
            self.own.swap_remove(ix);
        }
        true
    }

    fn create(
        &mut self,
        workspaces: &[(String, &'static str)],
        objects: &Mutex<BTreeMap<String, Known>>,
        name: &str,
    ) -> bool {
        let ix = usize::try_from(self.random.below(workspaces.len() as u64)).unwrap_or(0);
        let (workspace, kind) = &workspaces[ix];
        let body = if *kind == "templates" {
            template(name)
        } else {
            format!("{{\"kind\":\"property\",\"name\":\"{name}\"}}")
        };
        let list = format!("/v1/workspaces/{workspace}/{kind}");
        let Some((status, body)) = call(self.port, &self.key, "POST", &list, &body) else { return false };
        assert_eq!(status, 201, "{list}: {body}");
        let address = format!("{list}/{}", field(&body, "id"));
        objects
            .lock()
            .expect("no client panicked")
            .insert(address.clone(), Known { name: Some(name.to_owned()), asked: None });
        self.own.push(address);
        true
    }
}

fn template(name: &str) -> String {
    format!("{{\"name\":\"{name}\",\"permissions\":[\"conversations:view\"]}}")
}

/// A call of the host's API; `None`: the server died meanwhile.
fn call(port: u16, key: &str, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:{port}{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(body.to_owned())
        .expect("a request");
    let mut answer = agent.run(request).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), text))
}

fn field(body: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(body).expect("an object");
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

fn verify(demo: &Demo) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["audit", "verify", "--data"])
        .arg(&demo.data)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
}
