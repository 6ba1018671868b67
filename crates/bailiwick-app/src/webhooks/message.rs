//! What is sent of an event: ids, names of things, never an address, a person's name or a secret.

use bailiwick_core::ids::EventId;
use bailiwick_core::team::command::Actor;
use bailiwick_core::team::event::Event;
use bailiwick_core::time::Timestamp;
use bailiwick_store::webhooks::FeedEvent;
use serde_json::{Map, Value, json};

use crate::secret::sha256;

/// The type of a test.
pub(super) const TEST: &str = "webhook.test";
/// A message with larger data says that it was cut, and the log has it.
const LARGEST: usize = 16 * 1024;

/// The type that an event of a kind is sent as: `member_joined` is `member.joined`.
pub fn type_of(kind: &str) -> String {
    kind.replacen('_', ".", 1)
}

/// The kind of a type.
pub fn kind_of(of: &str) -> Option<&'static str> {
    Event::KINDS.iter().copied().find(|kind| type_of(kind) == of)
}

/// The id of an event: its time in front, and what it is. It is the same whoever makes it, and whenever.
pub(super) fn event_id(of: &FeedEvent) -> EventId {
    let what = format!("{} {} {} {} {}", of.workspace, of.revision, of.seq, of.at.0, of.payload);
    let hash = u128::from_be_bytes(sha256(what.as_bytes())[..16].try_into().unwrap_or_default());
    let millis = u128::from(u64::try_from(of.at.0 / 1000).unwrap_or(0)) & 0xffff_ffff_ffff;
    EventId(millis << 80 | hash >> 48)
}

/// The body of an event's message.
pub(super) fn body(of: &FeedEvent) -> Vec<u8> {
    let mut details: Map<String, Value> = serde_json::from_str(&of.payload).unwrap_or_default();
    details.remove("kind");
    let (kind, id) = match of.actor {
        Actor::Person(person) => ("person", Some(person.to_string())),
        Actor::Host(key) => ("host", Some(key.to_string())),
        Actor::Operator => ("operator", None),
        Actor::Time => ("time", None),
    };
    let mut actor = json!({"type": kind});
    if let Some(id) = id {
        actor["id"] = id.into();
    }
    let mut message = json!({
        "type": type_of(&of.kind),
        "timestamp": text_of(of.at),
        "data": {
            "workspace": of.workspace,
            "revision": of.revision,
            "position": of.position,
            "version": of.version,
            "actor": actor,
            "details": written_out(Value::Object(details)),
        },
    });
    let whole = message.to_string();
    if whole.len() <= LARGEST {
        return whole.into_bytes();
    }
    message["data"]["details"] = json!({});
    message["data"]["truncated"] = true.into();
    message.to_string().into_bytes()
}

/// The body of a test.
pub(super) fn test_body(at: Timestamp) -> Vec<u8> {
    json!({"type": TEST, "timestamp": text_of(at), "data": {}}).to_string().into_bytes()
}

fn text_of(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).map(|t| t.to_string()).unwrap_or_default()
}

/// The data of an event with its moments as every answer writes them; stored are microseconds.
pub fn written_out(data: Value) -> Value {
    match data {
        Value::Array(items) => items.into_iter().map(written_out).collect(),
        Value::Object(members) => {
            let written = members.into_iter().map(|(name, value)| {
                let moment = value.as_i64().filter(|_| matches!(name.as_str(), "until" | "expires_at"));
                let value = moment.map_or_else(|| written_out(value), |at| text_of(Timestamp(at)).into());
                (name, value)
            });
            written.collect()
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_core::ids::{KeyId, WorkspaceId};

    use super::*;

    fn event(payload: &str) -> FeedEvent {
        FeedEvent {
            position: 9,
            seq: 0,
            workspace: WorkspaceId(1),
            revision: 3,
            actor: Actor::Host(KeyId(2)),
            at: Timestamp(1_795_500_000_000_000),
            kind: "workspace_renamed".into(),
            version: 1,
            payload: payload.into(),
        }
    }

    #[test]
    fn every_kind_has_a_type_of_dotted_parts_and_back() {
        for kind in Event::KINDS {
            let of = type_of(kind);
            let parts: Vec<&str> = of.split('.').collect();
            let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            assert!(parts.len() == 2 && parts.iter().all(plain), "{of}");
            assert_eq!(kind_of(&of), Some(*kind));
        }
        assert_eq!(kind_of(TEST), None);
    }

    #[test]
    fn a_message_says_what_happened_and_stays_small() {
        let small = event(r#"{"kind":"workspace_renamed","from":"Acme","to":"Globex","until":1795500000000000}"#);
        let said: Value = serde_json::from_slice(&body(&small)).unwrap();
        assert_eq!(
            said,
            json!({
                "type": "workspace.renamed",
                "timestamp": "2026-11-24T06:00:00Z",
                "data": {
                    "workspace": WorkspaceId(1), "revision": 3, "position": 9, "version": 1,
                    "actor": {"type": "host", "id": KeyId(2)},
                    "details": {"from": "Acme", "to": "Globex", "until": "2026-11-24T06:00:00Z"},
                },
            })
        );
        let large = event(&json!({"kind": "workspace_renamed", "to": "x".repeat(20_000)}).to_string());
        let said = body(&large);
        assert!(said.len() < 1000);
        assert_eq!(serde_json::from_slice::<Value>(&said).unwrap()["data"]["truncated"], true);
    }

    #[test]
    fn ab121_an_event_has_one_id_and_another_has_another() {
        let id = event_id(&event("{}"));
        assert_eq!(id, event_id(&FeedEvent { position: 10, ..event("{}") }), "also after a move");
        for other in [
            event("{\"a\":1}"),
            FeedEvent { seq: 1, ..event("{}") },
            FeedEvent { revision: 4, ..event("{}") },
            FeedEvent { workspace: WorkspaceId(2), ..event("{}") },
        ] {
            assert_ne!(event_id(&other), id);
        }
        assert!(!id.to_string().contains('.'));
        let later = FeedEvent { at: Timestamp(1_795_500_000_001_000), ..event("{}") };
        assert!(event_id(&later) > id, "the newer is greater");
    }
}
