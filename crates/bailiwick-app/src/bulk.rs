//! Several changes in one request, each of its own: what comes of one says nothing about the next, but the next is
//! decided on what it left.

use std::sync::Arc;

use bailiwick_core::ids::{InvitationId, WorkspaceId};
use bailiwick_core::team::apply::apply;
use bailiwick_core::team::command::{Command, NewInvitation, Request};
use bailiwick_core::team::preview::{Preview, preview};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;

use crate::app::App;
use crate::caller::{Caller, Scope};
use crate::change::Invitee;
use crate::error::AppError;
use crate::look::own_row;

/// One of several changes: a command, and the version that the caller saw.
pub type Row = (Command, Option<u64>);

/// What one of several changes would do, and the state that it was looked at on.
pub type Foretold = Result<(Arc<Workspace>, Preview), Refusal>;

impl App {
    /// Whether the caller can change anything here at all, before any of it is looked at.
    ///
    /// # Errors
    /// A missing scope, [`Refusal::NoSuchWorkspace`] for who has no access, the store's.
    pub async fn enters(&self, caller: &Caller, workspace: WorkspaceId) -> Result<Arc<Workspace>, AppError> {
        caller.needs(Scope::Manage)?;
        let now = self.clock.now();
        let sees = |state: &Arc<Workspace>| {
            let is_here = caller.person().is_none_or(|person| own_row(state, person, now).is_some());
            state.deleted_at.is_none() && caller.sees_product(state.product) && is_here
        };
        Ok(self.state(workspace).await?.filter(sees).ok_or(Refusal::NoSuchWorkspace)?)
    }

    /// What these changes would do one after another, without doing any of them (X11).
    ///
    /// # Errors
    /// As [`App::enters`].
    pub async fn preview_rows(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        rows: Vec<Row>,
    ) -> Result<Vec<Foretold>, AppError> {
        let mut state = self.enters(caller, workspace).await?;
        let (now, mut all) = (self.clock.now(), Vec::with_capacity(rows.len()));
        for (command, seen) in rows {
            let request = Request { actor: caller.actor(), command, seen };
            let foretold = preview(&state, &request, now).map(|preview| (Arc::clone(&state), preview));
            if let Ok((_, foretold)) = &foretold
                && !foretold.events.is_empty()
            {
                state = Arc::new(apply(&state, &foretold.events)?);
            }
            all.push(foretold);
        }
        Ok(all)
    }

    /// The same for invitations. No address is written down by it.
    ///
    /// # Errors
    /// As [`App::preview_rows`].
    pub async fn preview_invite_rows(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        invitees: Vec<Invitee>,
    ) -> Result<Vec<Foretold>, AppError> {
        let addresses = self.looked_up(invitees.iter().map(|i| i.email.clone()).collect()).await?;
        let rows = invitees.into_iter().zip(addresses).map(|(invitee, address)| {
            let invitation = InvitationId(self.new_id());
            (Command::Invite(vec![NewInvitation { invitation, address, access: invitee.access }]), None)
        });
        self.preview_rows(caller, workspace, rows.collect()).await
    }
}
