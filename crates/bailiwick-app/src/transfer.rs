//! Export and import of a workspace. Every part of an import is a change of its own, by the one way of a command.

use std::collections::HashMap;
use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, CommandId, InvitationId, MemberId, PersonId, WorkspaceId};
use bailiwick_core::team::apply::apply;
use bailiwick_core::team::command::{Command, NewInvitation, PutMember, Request};
use bailiwick_core::team::preview::preview;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::transfer::{Carried, Part, parts};
use bailiwick_core::team::wire::AccessWire;

use crate::app::App;
use crate::bulk::Foretold;
use crate::caller::{Caller, Scope};
use crate::change::Acted;
use crate::error::AppError;
use crate::host::Vouched;
use crate::look::Team;
use crate::secret::sha256;

/// A workspace as it is exported.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its state, with the names of its people.
    pub team: Team,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// The host's own id for a person, where it has one.
    pub external_ids: HashMap<PersonId, String>,
}

/// A part of an import, people by what the host says of them.
#[derive(Debug, Clone)]
pub enum Given {
    /// Plan, template or resource.
    Thing(Part),
    /// A member, whom the host vouches for.
    Member {
        /// Who.
        who: Vouched,
        /// What they hold.
        access: AccessWire,
        /// Whether they are suspended.
        suspended: bool,
    },
    /// An invitation, which is sent by mail.
    Invitation {
        /// Where to.
        email: Email,
        /// What it offers.
        access: AccessWire,
    },
}

/// The id of something that an import makes: it follows from the workspace and the id that it had elsewhere.
fn made(workspace: WorkspaceId, id: u128) -> u128 {
    let bytes = [&b"imported"[..], &workspace.bytes(), &id.to_be_bytes()].concat();
    u128::from_be_bytes(sha256(&bytes)[..16].try_into().unwrap_or_default())
}

/// What things are called in the parts that go together.
pub fn carried(given: &[Given]) -> Carried {
    let things = given.iter().filter_map(|given| if let Given::Thing(part) = given { Some(part) } else { None });
    Carried::of(things, made)
}

impl App {
    /// Everything in a workspace that another one can be made from.
    ///
    /// # Errors
    /// A missing scope, [`Refusal::NoSuchWorkspace`], the store's.
    pub async fn export(&self, caller: &Caller, workspace: WorkspaceId) -> Result<Exported, AppError> {
        let product = caller.product()?;
        let team = self.team(caller, workspace).await?;
        let people: Vec<PersonId> = team.state.members.values().map(|m| m.person).collect();
        let external_ids = self.lines.read(move |from| {
            let mut all = HashMap::new();
            for person in people {
                if let Some(first) = from.external_ids(product, person)?.into_iter().next() {
                    all.insert(person, first);
                }
            }
            Ok(all)
        });
        let external_ids = external_ids.await?;
        Ok(Exported { parts: parts(&team.state), team, external_ids })
    }

    /// What importing these parts one after another would do. Nobody and no address is written down by it.
    ///
    /// # Errors
    /// As [`App::enters`].
    pub async fn preview_import(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        given: Vec<Given>,
        carried: &Carried,
    ) -> Result<Vec<Result<Foretold, AppError>>, AppError> {
        let mut state = self.enters(caller, workspace).await?;
        let (now, mut all) = (self.clock.now(), Vec::with_capacity(given.len()));
        for given in given {
            let part = match self.looked_for(caller, given).await {
                Ok(part) => part,
                Err(refused) => {
                    all.push(Err(refused));
                    continue;
                }
            };
            let command = carried.command(&state, part).unwrap_or(Command::Elapse);
            let request = Request { actor: caller.actor(), command, seen: None };
            let foretold = preview(&state, &request, now).map(|preview| (Arc::clone(&state), preview));
            if let Ok((_, foretold)) = &foretold
                && !foretold.events.is_empty()
            {
                state = Arc::new(apply(&state, &foretold.events)?);
            }
            all.push(Ok(foretold));
        }
        Ok(all)
    }

    /// Imports one part. A member's person is made sure of first, if the rules let the member in.
    ///
    /// # Errors
    /// The refusal of the rules, a missing scope, another person's id, the store's.
    pub async fn import(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        given: Given,
        carried: Carried,
        id: CommandId,
    ) -> Result<Acted, AppError> {
        caller.needs(Scope::Manage)?;
        let email = match &given {
            Given::Thing(_) => None,
            Given::Invitation { email, .. } => Some(email.clone()),
            Given::Member { who, .. } => {
                caller.needs(Scope::Vouch)?;
                Some(who.email.clone())
            }
        };
        let mut part = self.looked_for(caller, given.clone()).await?;
        if let (Part::Member(put), Given::Member { who, .. }) = (&mut part, given) {
            let state = self.enters(caller, workspace).await?;
            self.judge(caller, &state, carried.command(&state, Part::Member(put.clone())))?;
            put.person = self.put_person(caller, who).await?.person;
        }
        self.run(caller, workspace, id, None, move |tx, state| {
            if let Some(email) = email {
                let at = tx.address(&email)?;
                match &mut part {
                    Part::Member(PutMember { address, .. }) | Part::Invitation(NewInvitation { address, .. }) => {
                        *address = at;
                    }
                    _ => {}
                }
            }
            Ok(carried.command(state, part).unwrap_or(Command::Elapse))
        })
        .await
    }

    fn judge(&self, caller: &Caller, state: &Workspace, command: Option<Command>) -> Result<(), Refusal> {
        let request = Request { actor: caller.actor(), command: command.unwrap_or(Command::Elapse), seen: None };
        bailiwick_core::team::decide::decide(Some(state), &state.model, &request, self.clock.now()).map(drop)
    }

    /// A part with the ids of people and addresses that there are, and fresh ones that nothing is written under.
    async fn looked_for(&self, caller: &Caller, given: Given) -> Result<Part, AppError> {
        match given {
            Given::Thing(part) => Ok(part),
            Given::Invitation { email, access } => {
                let address = self.looked_up(vec![email]).await?.pop().ok_or(AppError::Busy)?;
                Ok(Part::Invitation(NewInvitation { invitation: InvitationId(self.new_id()), address, access }))
            }
            Given::Member { who, access, suspended } => {
                let (person, address) = self.person_and_address(caller, who).await?;
                let member = MemberId(self.new_id());
                Ok(Part::Member(PutMember { person, address, member, access, suspended }))
            }
        }
    }

    async fn person_and_address(&self, caller: &Caller, who: Vouched) -> Result<(PersonId, AddressId), AppError> {
        let (product, fresh) = (caller.product()?, (PersonId(self.new_id()), AddressId(self.new_id())));
        let Vouched { external_id, email, .. } = who;
        let found = self.lines.read(move |from| {
            let address = from.find_address(&email)?;
            let there = address.map(|a| from.person_at(a)).transpose()?.flatten().map(|row| row.person);
            let known = external_id.map(|id| from.person_by_external_id(product, &id)).transpose()?.flatten();
            Ok((known, there, address))
        });
        let (known, there, address) = found.await?;
        let conflict = match (known, there) {
            (Some(known), Some(there)) if known != there => Some(("external_id", "This id is another person's.")),
            (Some(_), None) => Some(("email", "This person has another address.")),
            _ => None,
        };
        if let Some((field, sentence)) = conflict {
            return Err(AppError::Invalid { field, sentence: sentence.into() });
        }
        Ok((there.unwrap_or(fresh.0), address.unwrap_or(fresh.1)))
    }
}
