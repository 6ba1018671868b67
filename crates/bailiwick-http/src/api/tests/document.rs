//! The document is checked in, and says what the router does.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::world::{World, on_every_backend};

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let made = super::super::openapi();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(CHECKED_IN, made).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(made == checked_in, "openapi.json is not what the routes say; run the test with BLESS=1 and look at it");
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document: Value = serde_json::from_str(super::super::openapi()).unwrap();
    let mut names = Vec::new();
    references(&document, &mut names);
    assert!(!names.is_empty());
    for name in names {
        assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{name} leads nowhere");
    }
    let mut ids: Vec<&Value> = operations(&document).map(|(_, _, o)| &o["operationId"]).collect();
    let all = ids.len();
    ids.sort_by_key(|id| id.to_string());
    ids.dedup();
    assert_eq!(ids.len(), all, "operation ids are unique");
}

on_every_backend!(the_router_has_the_documented_routes_and_no_other_method_on_them);
async fn the_router_has_the_documented_routes_and_no_other_method_on_them(world: World) {
    let document: Value = serde_json::from_str(super::super::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let concrete = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let request = Request::builder().method(method).uri(&concrete).body(Body::empty()).unwrap();
            let got = world.send(request).await;
            let documented = item.get(method.to_lowercase()).is_some();
            assert_eq!(got.status == 405, !documented, "{method} {path}: {}", got.text);
            assert_ne!(got.body["code"], "no-such-route", "{method} {path}");
            if got.status == 405 {
                assert!(got.headers.contains_key("allow"), "{method} {path}");
                assert_eq!(got.headers["content-type"], "application/problem+json");
            }
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(m, o)| (path, m, o)))
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, into));
        }
        _ => {}
    }
}
