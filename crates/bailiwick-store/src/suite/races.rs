//! Races, on real threads: whoever comes second is decided on what the first one left.

use std::sync::Arc;

use bailiwick_core::ids::{AddressId, CommandId, InvitationId};
use bailiwick_core::team::command::{Actor, Command, NewInvitation, Request};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::wire::AccessWire;

use super::{BEGIN, HOST, No, TENANT, Team, address, at_once, fresh, verify};
use crate::{Changed, Store, StoreError, change, observe, read};

/// EC-32: two admins, each removes the other at once. One of them stays.
pub async fn ec32_two_last_admins_who_remove_each_other_leave_one(store: &dyn Store) {
    for _ in 0..10 {
        let team = Team::new(store, TENANT, None).await;
        let (other, person) = team.join(store, AccessWire::of_role("admin")).await;
        let acts = [(team.owner, other), (person, team.member)];
        let ended = at_once(2, |n| {
            let (who, whom) = acts[n];
            team.act(store, Actor::Person(who), Command::Remove(whom), BEGIN)
        });
        assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1, "{ended:?}");
        let state = team.state(store).await;
        assert_eq!((state.members.len(), state.active_owners().count()), (1, 1));
    }
    assert_eq!(verify(store, None).await.broken, None);
}

/// EC-40: one seat is free and twenty people invite at once.
pub async fn ec40_one_free_seat_and_twenty_racing_invitations_give_exactly_one(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let state = team.state(store).await;
    let free = state.seats().free().expect("a plan with seats");
    for _ in 1..free {
        team.join(store, AccessWire::of_role("user")).await;
    }
    assert_eq!(team.state(store).await.seats().free(), Some(1));
    let ended = at_once(20, |_| {
        let access = AccessWire::of_role("user");
        let new = NewInvitation { invitation: InvitationId(fresh()), address: AddressId(fresh()), access };
        team.act(store, HOST, Command::Invite(vec![new]), BEGIN)
    });
    assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1, "{ended:?}");
    let refused = |end: &&Result<_, _>| matches!(end, Err(No::Refused(Refusal::NoSeatLeft(..))));
    assert_eq!(ended.iter().filter(refused).count(), 19, "{ended:?}");
    assert_eq!(team.state(store).await.seats().free(), Some(0));
    assert_eq!(verify(store, None).await.broken, None);
}

/// A secret is used up by the first who uses it.
pub async fn of_a_secret_taken_twice_at_once_opens_once(store: &dyn Store) {
    for n in 0..10 {
        let hash = [n; 32];
        let row = super::changes::secret(hash);
        let put = change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| tx.put_secret(row)).await;
        put.unwrap();
        let took = at_once(4, |_| async move {
            let take = move |tx: &mut dyn crate::Tx| tx.take_secret(&hash);
            match change::<_, StoreError, _>(store, vec![], CommandId(fresh()), take).await.unwrap() {
                Changed::Done(took, _) => took,
                Changed::Repeated(_) => false,
            }
        });
        assert_eq!(took.iter().filter(|took| **took).count(), 1);
    }
}

/// The same command, sent many times at once, is done once; each sender hears of the same revision.
pub async fn of_one_command_sent_many_times_at_once_is_done_once(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let command = CommandId(fresh());
    let ended = at_once(8, |n| {
        let what = Command::Rename { name: format!("Acme {n}") };
        team.send(store, command, Request { actor: Actor::Operator, command: what, seen: None }, BEGIN)
    });
    let mut done = 0;
    for end in ended {
        let (first, committed) = match end.unwrap() {
            Changed::Done(_, committed) => (1, committed),
            Changed::Repeated(committed) => (0, committed),
        };
        done += first;
        assert_eq!(committed.revisions, [(crate::rows::LineId::Workspace(team.id), 2)]);
    }
    assert_eq!(done, 1);
    let state: Arc<_> = team.state(store).await;
    assert_eq!(state.revision, 2);
}

/// Several processes find the same mail due: one of them claims it, and it is due again only when the claim has ended.
pub async fn of_racing_claims_of_a_mail_one_wins(store: &dyn Store) {
    let mail = super::changes::mail(address(store, "ann@acme.test").await, None);
    let id = mail.mail;
    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), move |tx| tx.mail(mail)).await.unwrap();
    let claim = |next_at, until| observe(store, move |to| to.claim_mail(id, next_at, until));
    let mut due = BEGIN;
    for _ in 0..10 {
        let until = due.plus_seconds(60);
        let won = at_once(8, |_| claim(due, until));
        assert_eq!(won.iter().filter(|won| matches!(won, Ok(true))).count(), 1, "{won:?}");
        let next =
            read(store, move |from| Ok((from.mails_due(until.plus_seconds(-1), 9)?.len(), from.next_mail_at()?)));
        assert_eq!(next.await.unwrap(), (0, Some(until)));
        due = until;
    }
    change::<_, StoreError, _>(store, vec![], CommandId(fresh()), |tx| tx.void_mails([2; 16])).await.unwrap();
    assert!(!claim(due, due.plus_seconds(60)).await.unwrap(), "what was overtaken is nobody's");
}

/// A workspace that two make under one id at once: one makes it, the other hears that it is there.
pub async fn of_two_who_begin_one_line_at_once_one_does(store: &dyn Store) {
    let (product, model) = super::install(store, TENANT).await;
    for _ in 0..5 {
        let seed = fresh() << 8;
        let made = at_once(4, |_| {
            let model = Arc::clone(&model);
            async move {
                let mut next = seed;
                let mut ids = move || {
                    next += 1;
                    next
                };
                Team::made_of(store, &mut ids, product, model, None, None).await
            }
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
        assert!(made.iter().all(|made| matches!(made, Ok(_) | Err(No::Refused(Refusal::IdTaken)))));
    }
    assert_eq!(verify(store, None).await.broken, None);
}

/// Lines are taken in order, so changes of several that cross each other all come to an end.
pub async fn of_changes_that_hold_the_same_lines_none_waits_for_ever(store: &dyn Store) {
    let (product, model) = super::install(store, TENANT).await;
    let mut teams = Vec::new();
    for _ in 0..3 {
        teams.push(Team::within(store, product, Arc::clone(&model), None, None).await.unwrap());
    }
    let teams = &teams;
    at_once(6, |n| async move {
        for round in 0..5 {
            let lines = [n, n + 1 + round % 2].map(|at| crate::rows::LineId::Workspace(teams[at % 3].id)).to_vec();
            let (id, model) = (teams[n % 3].id, Arc::clone(&teams[n % 3].model));
            let changed = change::<_, No, _>(store, lines, CommandId(fresh()), move |tx| {
                let what = Command::Rename { name: format!("Acme {n} {round}") };
                super::step(tx, id, &model, &Request { actor: Actor::Operator, command: what, seen: None }, BEGIN)
            });
            changed.await.unwrap();
        }
    });
    let mut revisions = 0;
    for team in teams {
        revisions += team.state(store).await.revision;
    }
    assert_eq!(revisions, 3 + 6 * 5);
    assert_eq!(verify(store, None).await.broken, None);
}

/// Addresses belong to no line; one that several write down at once has one reference.
pub async fn of_one_address_written_down_at_once_there_is_one_reference(store: &dyn Store) {
    for n in 0..5 {
        let typed = format!("ann{n}@acme.test");
        let mut ids = at_once(4, |_| super::address(store, &typed));
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }
}
