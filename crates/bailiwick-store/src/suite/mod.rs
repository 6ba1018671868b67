//! One suite for every database: what a [`Store`] does, said in tests. [`store_suite!`](crate::store_suite) runs all
//! of it on fresh stores.

mod changes;
mod figures;
mod models;
mod people;
mod races;
mod random;
mod webhooks;
mod workspaces;

pub use changes::*;
pub use figures::*;
pub use models::*;
pub use people::*;
pub use races::*;
pub use random::*;
pub use webhooks::*;
pub use workspaces::*;

use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_core::email::Email;
use bailiwick_core::ids::{
    AddressId, CommandId, InvitationId, KeyId, MemberId, PersonId, ProductId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::apply::{apply_under, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;

use crate::models::hash;
use crate::rows::{By, Committed, LineId, ModelRow, ProductRow, Row, Verified, WorkspaceChange};
use crate::{Changed, Store, StoreError, Tx, change, read};

/// Makes a test of each case of the suite; `$fresh` is an asynchronous function that gives an empty store, or `None`
/// (and says so) where this machine cannot have one.
#[macro_export]
macro_rules! store_suite {
    ($fresh:path) => {
        $crate::store_suite! { $fresh:
            of_a_change_is_read_logged_and_verified
            of_a_repeated_command_changes_nothing
            of_another_command_of_the_same_name_is_refused
            x12_of_the_past_every_state_is_given_back
            of_a_dropped_change_writes_nothing
            of_a_panic_leaves_nothing_behind_and_the_store_alive
            of_a_step_that_does_not_follow_is_refused
            of_a_workspace_that_is_not_held_is_not_read_in_a_change
            of_several_lines_change_together_persons_first
            of_the_log_answers_filters
            of_replay_equals_state_for_tenants
            of_replay_equals_state_for_properties
            ec32_two_last_admins_who_remove_each_other_leave_one
            ec40_one_free_seat_and_twenty_racing_invitations_give_exactly_one
            of_two_who_begin_one_line_at_once_one_does
            of_changes_that_hold_the_same_lines_none_waits_for_ever
            of_one_address_written_down_at_once_there_is_one_reference
            of_a_secret_taken_twice_at_once_opens_once
            of_one_command_sent_many_times_at_once_is_done_once
            of_external_ids_are_unique_until_the_workspace_is_deleted
            of_a_second_single_owner_is_refused_whatever_was_decided
            of_more_seats_than_held_are_refused_whatever_was_decided
            of_a_single_owners_place_goes_from_one_to_the_next
            of_a_step_that_broke_off_nothing_can_be_kept
            of_workspaces_are_found_by_what_is_in_them
            x14_a_move_to_another_model_is_written_verified_and_moved_back
            x14_of_a_model_that_was_never_registered_nothing_is_kept
            of_people_are_put_and_found
            of_links_all_can_be_voided_and_keys_stay
            of_the_installation_is_put_and_found
            of_mails_wait_and_are_sent_or_void
            of_racing_claims_of_a_mail_one_wins
            of_observations_are_counted
            of_endpoints_are_put_and_verified
            of_the_feed_a_product_gets_its_own
            of_deliveries_wait_and_end
            of_racing_claims_of_an_endpoint_one_wins
        }
    };
    ($fresh:path: $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            if let Some(store) = $fresh(stringify!($case)).await {
                $crate::suite::$case(&store).await;
            }
        }
    )*};
}

/// A model of the `models` directory.
pub const TENANT: &str = include_str!("../../../../models/tenant/model.toml");
/// A model of the `models` directory.
pub const PROPERTIES: &str = include_str!("../../../../models/properties/model.toml");
/// The moment at which the tests begin.
pub const BEGIN: Timestamp = Timestamp(1_700_000_000_000_000);

/// A host, by one of its keys.
pub const HOST: Actor = Actor::Host(KeyId(1));

/// An id that nothing else has.
pub fn fresh() -> u128 {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).expect("randomness");
    u128::from_be_bytes(bytes)
}

/// Somebody, from nowhere.
pub fn by(actor: Actor) -> By {
    By { actor, origin: None }
}

/// Why a command was not done.
#[derive(Debug)]
pub enum No {
    /// The rules refused it.
    Refused(Refusal),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The whole road of a command inside a change: newest state, decision, step.
///
/// # Errors
/// The refusal, or the store's error.
pub fn step(
    tx: &mut dyn Tx,
    id: WorkspaceId,
    model: &Arc<Model>,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Arc<Workspace>>, No> {
    let before = tx.workspace(id)?;
    let events = decide(before.as_deref(), model, request, now)?;
    if events.is_empty() {
        return Ok(before);
    }
    let after = match &before {
        Some(before) => apply_under(before, &events, &|version| request.command.brings(version)),
        None => begin(model, &events),
    };
    let after = Arc::new(after.expect("what was decided fits"));
    tx.append(&by(request.actor), WorkspaceChange { before, events, after: Arc::clone(&after) })?;
    Ok(Some(after))
}

/// A workspace with its owner, in a product of its own.
pub struct Team {
    /// The product.
    pub product: ProductId,
    /// The model.
    pub model: Arc<Model>,
    /// The workspace.
    pub id: WorkspaceId,
    /// Who holds it.
    pub owner: PersonId,
    /// The owner's row.
    pub member: MemberId,
}

impl Team {
    /// Registers a product and a model, and makes a workspace of it.
    pub async fn new(store: &dyn Store, text: &str, plan: Option<&str>) -> Self {
        Self::known_as(store, text, plan, None).await
    }

    /// The same, with the host's own id.
    pub async fn known_as(store: &dyn Store, text: &str, plan: Option<&str>, external_id: Option<&str>) -> Self {
        let (product, model) = install(store, text).await;
        Self::within(store, product, model, plan, external_id).await.expect("a workspace")
    }

    /// A workspace of a product that is there.
    ///
    /// # Errors
    /// Why it is not made.
    pub async fn within(
        store: &dyn Store,
        product: ProductId,
        model: Arc<Model>,
        plan: Option<&str>,
        external_id: Option<&str>,
    ) -> Result<Self, No> {
        Self::made_of(store, &mut fresh, product, model, plan, external_id).await
    }

    /// The same, of given ids.
    pub(crate) async fn made_of(
        store: &dyn Store,
        ids: &mut dyn FnMut() -> u128,
        product: ProductId,
        model: Arc<Model>,
        plan: Option<&str>,
        external_id: Option<&str>,
    ) -> Result<Self, No> {
        let (id, owner, member) = (WorkspaceId(ids()), PersonId(ids()), MemberId(ids()));
        let team = Self { product, model, id, owner, member };
        let create = Create {
            workspace: team.id,
            product,
            external_id: external_id.map(str::to_owned),
            name: "Acme".into(),
            plan: plan.map(str::to_owned),
            owner: team.owner,
            address: AddressId(ids()),
            member: team.member,
            templates: (0..8).map(|_| TemplateId(ids())).collect(),
        };
        team.act(store, Actor::Operator, Command::Create(create), BEGIN).await?;
        Ok(team)
    }

    /// Does a command under an id of its own.
    ///
    /// # Errors
    /// Why not.
    pub async fn act(&self, store: &dyn Store, actor: Actor, what: Command, now: Timestamp) -> Result<Committed, No> {
        let request = Request { actor, command: what, seen: None };
        match self.send(store, CommandId(fresh()), request, now).await? {
            Changed::Done(_, committed) | Changed::Repeated(committed) => Ok(committed),
        }
    }

    /// Does a command under an id.
    ///
    /// # Errors
    /// Why not.
    pub async fn send(
        &self,
        store: &dyn Store,
        command: CommandId,
        request: Request,
        now: Timestamp,
    ) -> Result<Changed<Option<Arc<Workspace>>>, No> {
        let (id, model) = (self.id, Arc::clone(&self.model));
        change(store, vec![LineId::Workspace(id)], command, move |tx| step(tx, id, &model, &request, now)).await
    }

    /// The workspace, as a reader sees it.
    pub async fn state(&self, store: &dyn Store) -> Arc<Workspace> {
        let id = self.id;
        read(store, move |from| from.workspace(id)).await.expect("a read").expect("a workspace")
    }

    /// Invites an address to a role and accepts; gives the new row and who it is.
    pub async fn join(&self, store: &dyn Store, access: AccessWire) -> (MemberId, PersonId) {
        let (invitation, address) = (InvitationId(fresh()), AddressId(fresh()));
        let (member, person) = (MemberId(fresh()), PersonId(fresh()));
        let invite = Command::Invite(vec![NewInvitation { invitation, address, access }]);
        self.act(store, HOST, invite, BEGIN).await.expect("invited");
        let accept = Command::Accept { invitation, person, proven: address, member };
        self.act(store, Actor::Person(person), accept, BEGIN).await.expect("accepted");
        (member, person)
    }
}

/// Registers a product and a model.
pub async fn install(store: &dyn Store, text: &str) -> (ProductId, Arc<Model>) {
    let product = ProductId(fresh());
    let name = product.to_string();
    let version = hash(text);
    let rows = vec![
        Row::Product(ProductRow { product, name, brand: "Acme".into(), return_to: vec!["https://acme.test/".into()] }),
        Row::Model(ModelRow {
            version: version.clone(),
            name: "model".into(),
            text: text.to_owned(),
            created_at: BEGIN,
        }),
    ];
    put(store, LineId::Installation, rows).await.expect("installed");
    (product, Arc::new(parse(text, &version).expect("a model")))
}

/// Puts rows, by the operator.
///
/// # Errors
/// The store's.
pub async fn put(store: &dyn Store, line: LineId, rows: Vec<Row>) -> Result<Committed, StoreError> {
    match change(store, vec![line], CommandId(fresh()), move |tx| tx.put(line, &by(Actor::Operator), BEGIN, rows))
        .await?
    {
        Changed::Done((), committed) | Changed::Repeated(committed) => Ok(committed),
    }
}

/// Writes an address down.
pub async fn address(store: &dyn Store, typed: &str) -> AddressId {
    let email = Email::parse(typed).expect("an address");
    let changed = change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| tx.address(&email)).await;
    match changed.expect("written") {
        Changed::Done(id, _) => id,
        Changed::Repeated(_) => unreachable!("the command is new"),
    }
}

/// Verifies one line or all.
pub async fn verify(store: &dyn Store, line: Option<LineId>) -> Verified {
    read(store, move |from| from.verify(line)).await.expect("a verification")
}

/// Runs the same on many threads at once, each with a runtime of its own, and gives what each came to.
pub fn at_once<T, F>(count: usize, run: impl Fn(usize) -> F + Sync) -> Vec<T>
where
    T: Send,
    F: Future<Output = T>,
{
    let start = std::sync::Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|n| {
                let (start, run) = (&start, &run);
                scope.spawn(move || {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                    start.wait();
                    runtime.block_on(run(n))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).collect()
    })
}
