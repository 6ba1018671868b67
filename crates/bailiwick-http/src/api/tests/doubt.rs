//! What a node says that is not sure to be up to date: never yes, never what it remembers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::Request;
use bailiwick_app::AppError;
use bailiwick_app::nodes::{Nodes, Pass};
use bailiwick_core::node::guard;
use bailiwick_core::node::{Nanos, Place};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{As, Got, Someone, World};

/// A guard that a test moves.
struct Guard {
    open: AtomicBool,
    holds: AtomicBool,
    confirms: AtomicBool,
}

impl Guard {
    fn says(&self, open: bool, holds: bool) {
        self.open.store(open, Ordering::SeqCst);
        self.holds.store(holds, Ordering::SeqCst);
    }
}

impl Nodes for Guard {
    fn open(&self) -> Option<Pass> {
        self.open.load(Ordering::SeqCst).then(|| guard::Guard::alone().open(Nanos(0))).flatten()
    }

    fn still(&self, _: &Pass) -> bool {
        self.holds.load(Ordering::SeqCst)
    }

    fn everywhere(&self, _: u64, _: Option<Place>) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>> {
        let confirms = self.confirms.load(Ordering::SeqCst);
        Box::pin(std::future::ready(if confirms { Ok(()) } else { Err(AppError::Unsure) }))
    }
}

struct Doubting {
    guard: Arc<Guard>,
    world: World,
    olga: Someone,
    workspace: String,
}

impl Doubting {
    async fn start() -> Self {
        let yes = || AtomicBool::new(true);
        let guard = Arc::new(Guard { open: yes(), holds: yes(), confirms: yes() });
        let world = World::start_among(Arc::clone(&guard) as Arc<dyn Nodes>).await;
        let olga = world.person("Olga").await;
        let workspace = world.workspace("properties", "business", &olga).await;
        Self { guard, world, olga, workspace }
    }

    async fn decision(&self) -> Value {
        let asked = json!({
            "subject": {"type": "person", "id": self.olga.id},
            "action": {"name": "team:view"},
            "resource": {"type": "workspace", "id": self.workspace},
        });
        let one = self.world.ask(&self.world.host, "POST", "/access/v1/evaluation", asked.clone()).await.ok();
        let many = json!({"evaluations": [asked]});
        let many = self.world.ask(&self.world.host, "POST", "/access/v1/evaluations", many).await.ok();
        assert_eq!(many["evaluations"][0], one);
        one
    }

    /// A search: its status and code.
    async fn search(&self, kind: &str) -> Got {
        let asked = json!({
            "subject": {"type": "person", "id": self.olga.id},
            "action": {"name": "team:view"},
            "resource": {"type": "workspace", "id": self.workspace},
        });
        self.world.ask(&self.world.host, "POST", &format!("/access/v1/search/{kind}"), asked).await
    }

    /// A page: its status, and its text.
    async fn page(&self, path: &str) -> (u16, String) {
        let As::Cookie(cookie) = &self.olga.by else { panic!("nobody") };
        let request = Request::get(path).header("cookie", format!("__Host-bailiwick={cookie}"));
        let router = crate::router(self.world.app(), None);
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn a_node_in_doubt_denies_as_unsure_and_shows_nothing() {
    let d = Doubting::start().await;
    let team = format!("/w/{}/team", d.workspace);
    let members = format!("/v1/workspaces/{}/members", d.workspace);
    let sure = async || {
        assert_eq!(d.decision().await["decision"], true);
        assert_eq!(d.world.get(&As::Nobody, "/readyz").await.status, 200);
        for kind in ["subject", "resource", "action"] {
            assert!(!d.search(kind).await.ok()["results"].as_array().unwrap().is_empty(), "{kind}");
        }
        let (status, text) = d.page(&team).await;
        assert!(status == 200 && text.contains("Olga"), "{status} {text}");
    };
    sure().await;
    // In doubt when it is asked; and sure then, and in doubt before the answer leaves.
    for (open, holds) in [(false, false), (true, false)] {
        d.guard.says(open, holds);
        let answer = d.decision().await;
        assert_eq!((&answer["decision"], &answer["context"]["reason"]), (&json!(false), &json!("unsure")), "{answer}");
        for kind in ["subject", "resource", "action"] {
            assert_eq!(d.search(kind).await.problem(), (503, "unsure"), "a list has no way to say that it is not sure");
        }
        for by in [&d.world.host, &d.olga.by] {
            for path in ["/v1/me", &members, &format!("/v1/workspaces/{}", d.workspace)] {
                let got = d.world.get(by, path).await;
                assert_eq!((got.problem(), &got.headers["retry-after"]), ((503, "unsure"), &"1".parse().unwrap()));
                assert!(!got.text.contains("Olga"), "{path} {}", got.text);
            }
        }
        for path in [&team, "/account"] {
            let (status, text) = d.page(path).await;
            assert_eq!(status, 503, "{path} {text}");
            assert!(!text.contains("Olga") && !text.contains("properties"), "{path} {text}");
        }
        assert_eq!(d.world.get(&As::Nobody, "/livez").await.text, "ok\n");
    }
    d.guard.says(false, true);
    assert_eq!(d.world.get(&As::Nobody, "/readyz").await.problem(), (503, "unsure"));
    d.guard.says(true, true);
    sure().await;
}

#[tokio::test]
async fn of_many_changes_those_after_an_unsure_one_are_left_and_a_repeat_does_them() {
    let d = Doubting::start().await;
    let path = format!("/v1/workspaces/{}", d.workspace);
    let invitations: Vec<Value> = ["ann@example.com", "bea@example.com", "cora@example.com"]
        .map(|email| json!({"email": email, "access": {"role": "member", "all": "read"}}))
        .into();
    let body = json!({"invitations": invitations});
    let ask = async || {
        let key = [("idempotency-key", "k-1")];
        let path = format!("{path}/invitations/bulk");
        let got = d.world.ask_with(&d.world.host, "POST", &path, body.clone(), &key).await.ok();
        let results = got["results"].as_array().unwrap().clone();
        results.iter().map(|r| r["problem"]["code"].as_str().unwrap_or("ok").to_owned()).collect::<Vec<_>>()
    };
    d.guard.confirms.store(false, Ordering::SeqCst);
    assert_eq!(ask().await, ["unsure", "not-tried", "not-tried"]);
    d.guard.confirms.store(true, Ordering::SeqCst);
    assert_eq!(ask().await, ["ok"; 3]);
    let all = d.world.get(&d.world.host, &format!("{path}/invitations")).await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 3, "the first one was committed, and is not made twice");
}
