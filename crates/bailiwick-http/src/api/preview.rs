//! What a change would do, as `?preview=true` answers: the same decision on a copy, and nothing is changed.

use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::team::preview::Preview;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::names;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::wire::Seats;

/// Whether to look only.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Dry {
    /// Only say what it would do: 200 with a preview, nothing changes.
    #[serde(default)]
    #[param(required = false)]
    pub preview: bool,
}

/// What a change would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewBody {
    /// The kinds of events that it would become; empty: nothing is to be done.
    events: Vec<&'static str>,
    /// Who gains or loses what, where.
    changes: Vec<Change>,
    /// Seats before.
    seats_before: Seats,
    /// Seats after.
    seats_after: Seats,
}

/// What one person gains and loses at one place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PreviewChange)]
struct Change {
    /// Who.
    person: String,
    /// Their row now; absent: they are no member yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// On which resource; absent: the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    /// Permissions gained.
    gains: Vec<String>,
    /// Permissions lost.
    loses: Vec<String>,
}

impl PreviewBody {
    /// Of a preview that was made on this state.
    pub fn of(state: &Workspace, preview: &Preview) -> Self {
        let named = |set: PermissionSet| names(&state.model, set);
        let change = |c: &bailiwick_core::team::preview::Change| Change {
            person: c.person.to_string(),
            member: state.member_of(c.person).map(|(id, _)| id.to_string()),
            resource: c.resource.map(|id| id.to_string()),
            gains: named(c.gains),
            loses: named(c.loses),
        };
        Self {
            events: preview.events.iter().map(|e| e.event.kind()).collect(),
            changes: preview.changes.iter().map(change).collect(),
            seats_before: preview.seats_before.into(),
            seats_after: preview.seats_after.into(),
        }
    }
}
