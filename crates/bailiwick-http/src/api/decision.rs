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
    /// Everything that grants it, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<Fact>>,
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

/// Something that grants it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecisionReason, example = json!({"reason": "role", "name": "Admin"}))]
struct Fact {
    /// A stable code: `role`, `template`, `direct`, `toggle`, `level` or `level-on-all`.
    reason: &'static str,
    /// What people call it; absent where there is nothing to name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl Fact {
    fn of(reason: &Reason) -> Self {
        let name = match reason {
            Reason::Role(name)
            | Reason::Template(name)
            | Reason::Toggle(name)
            | Reason::LevelOnAll(name)
            | Reason::Level(name) => Some(name.clone()),
            Reason::Direct => None,
        };
        Self { reason: code(reason), name }
    }
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
                reasons: None,
                sentence: Some(format!("{}.", capital(&because(&answer.decision)))),
                revision: (answer.revision > 0).then_some(answer.revision),
                error: None,
            },
        }
    }

    /// Of an answer, with each of its reasons.
    pub fn explained(answer: &Answer) -> Self {
        let reasons = match &answer.decision {
            Decision::Allow(reasons) => reasons.iter().map(Fact::of).collect(),
            Decision::Deny(_) => Vec::new(),
        };
        let mut this = Self::of(answer);
        this.context.reasons = Some(reasons);
        this
    }

    /// A no that no workspace was asked for.
    pub fn denied(denial: Denial) -> Self {
        Self::of(&Answer { decision: Decision::Deny(denial), revision: 0 })
    }

    /// A no to an item that cannot be read.
    pub fn unreadable(message: String) -> Self {
        let error = Some(ItemError { status: 400, message });
        Self { decision: false, context: Why { reason: None, reasons: None, sentence: None, revision: None, error } }
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
