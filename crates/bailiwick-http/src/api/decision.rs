//! An answer to "may they", with its reasons in words.

use bailiwick_app::live::Answer;
use bailiwick_core::access::check::{Decision, Denial, Reason};
use bailiwick_core::access::say::{because, capital};
use serde::Serialize;
use utoipa::ToSchema;

/// A decision with its reasons.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Decision, example = json!({"decision": false, "context": {
    "reason": "suspended", "sentence": "They are suspended.", "revision": 17
}}))]
pub(super) struct Judged {
    /// Yes or no.
    decision: bool,
    /// Why.
    context: Why,
}

/// Why a decision is as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionContext)]
struct Why {
    /// A stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<String>,
    /// The revision of the workspace that it was decided by; absent: of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// What is wrong with this item of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemError>,
}

/// What is wrong with one item of several.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionError)]
struct ItemError {
    /// The status that it would have had alone.
    status: u16,
    /// A sentence.
    message: String,
}

impl Judged {
    /// Of an answer.
    pub fn of(answer: &Answer) -> Self {
        let reason = match &answer.decision {
            Decision::Allow(reasons) => reasons.first().map(code),
            Decision::Deny(denial) => Some(denial.code()),
        };
        Self {
            decision: answer.decision.allowed(),
            context: Why {
                reason,
                sentence: Some(format!("{}.", capital(&because(&answer.decision)))),
                revision: (answer.revision > 0).then_some(answer.revision),
                error: None,
            },
        }
    }

    /// A no that no workspace was asked for.
    pub fn denied(denial: Denial) -> Self {
        Self::of(&Answer { decision: Decision::Deny(denial), revision: 0 })
    }

    /// A no to an item that cannot be read.
    pub fn unreadable(message: String) -> Self {
        let error = Some(ItemError { status: 400, message });
        Self { decision: false, context: Why { reason: None, sentence: None, revision: None, error } }
    }

    /// Whether it is a yes.
    pub fn allowed(&self) -> bool {
        self.decision
    }
}

fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Role(_) => "role",
        Reason::Template(_) => "template",
        Reason::Direct => "direct",
        Reason::Toggle(_) => "toggle",
        Reason::LevelOnAll(_) => "level-on-all",
        Reason::Level(_) => "level",
    }
}
