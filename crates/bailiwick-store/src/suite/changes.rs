//! Changes: what is kept, what is not, and in which order.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, CommandId, InvitationId, MailId, PersonId, TextId, WorkspaceId};
use bailiwick_core::team::apply::apply;
use bailiwick_core::team::command::{Actor, Command, NewInvitation, Request};
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::wire::AccessWire;

use super::{BEGIN, HOST, PROPERTIES, TENANT, Team, by, fresh, verify};
use crate::rows::{By, LineId, LogFilter, MailRow, Origin, PersonRow, Row, SecretKind, SecretRow, WorkspaceChange};
use crate::{Changed, Ended, Store, StoreError, Verdict, change, read};

fn rename(to: &str) -> Command {
    Command::Rename { name: to.into() }
}

/// A change is read by the next reader, stands in the log, and verifies; what it gives back says so.
pub async fn of_a_change_is_read_logged_and_verified(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let committed = team.act(store, Actor::Operator, rename("Globex"), BEGIN.plus_seconds(1)).await.unwrap();
    assert_eq!(committed.revisions, [(LineId::Workspace(team.id), 2)]);
    let state = team.state(store).await;
    assert_eq!((&*state.name, state.revision), ("Globex", 2));
    assert_eq!(committed.workspaces, [state]);
    let line = LineId::Workspace(team.id);
    let log = read(store, move |from| from.log(line, &LogFilter { limit: 9, ..LogFilter::default() })).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.revision).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(
        (log[0].position, log[0].at, log[0].actor),
        (committed.position, BEGIN.plus_seconds(1), Actor::Operator)
    );
    assert_eq!(log[0].events[0].kind, "workspace_renamed");
    assert_eq!(log[0].events[0].payload, r#"{"kind":"workspace_renamed","from":"Acme","to":"Globex"}"#);
    let all = verify(store, None).await;
    assert_eq!(all.broken, None);
    assert_eq!((all.lines, all.changes), (2, 3));
}

/// A command that was committed is not done again; the closure does not even run.
pub async fn of_a_repeated_command_changes_nothing(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let command = CommandId(fresh());
    let request = Request { actor: Actor::Operator, command: rename("Globex"), seen: None };
    let Changed::Done(_, first) = team.send(store, command, request, BEGIN).await.unwrap() else { panic!("repeated") };
    team.act(store, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    let lines = vec![LineId::Person(PersonId(fresh())), LineId::Workspace(team.id)];
    let ended = store.change(lines, command, Box::new(|_| panic!("this ran again"))).await.unwrap();
    let Ended::Repeated(again) = ended else { panic!("{ended:?}") };
    assert_eq!((again.revisions, again.position), (first.revisions, first.position));
    assert!(again.workspaces.is_empty());
    assert_eq!(&*team.state(store).await.name, "Initech");
}

/// The log gives each state of the past back, at every moment between two changes, and nothing before the first.
pub async fn x12_of_the_past_every_state_is_given_back(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let mut states = vec![team.state(store).await];
    for (n, name) in (1..).zip(["Globex", "Initech", "Hooli"]) {
        team.act(store, Actor::Operator, rename(name), BEGIN.plus_seconds(10 * n)).await.unwrap();
        states.push(team.state(store).await);
    }
    for state in &states {
        for later in [0, 9] {
            let (id, at) = (team.id, state.last_time.plus_seconds(later));
            let past = read(store, move |from| from.workspace_at(id, at)).await.unwrap();
            assert_eq!(past.as_ref(), Some(state), "{at:?}");
        }
    }
    let (id, before) = (team.id, states[0].last_time.plus_seconds(-1));
    assert_eq!(read(store, move |from| from.workspace_at(id, before)).await.unwrap(), None);
    assert_eq!(read(store, move |from| from.workspace_at(WorkspaceId(fresh()), BEGIN)).await.unwrap(), None);
}

/// A name stands for one command, on whatever line: another one under it is refused, and nothing of it is done.
pub async fn of_another_command_of_the_same_name_is_refused(store: &dyn Store) {
    let (team, other) = (Team::new(store, TENANT, None).await, Team::new(store, TENANT, None).await);
    let name = fresh() << 48;
    let request = |name| Request { actor: Actor::Operator, command: rename(name), seen: None };
    team.send(store, CommandId::named(name, 1), request("Globex"), BEGIN).await.unwrap();
    for on in [&team, &other] {
        let before = on.state(store).await;
        let refused = on.send(store, CommandId::named(name, 2), request("Initech"), BEGIN).await;
        assert!(matches!(refused, Err(super::No::Store(StoreError::NameUsed))), "{refused:?}");
        assert_eq!(*on.state(store).await, *before);
    }
    let again = team.send(store, CommandId::named(name, 1), request("Globex"), BEGIN).await.unwrap();
    assert!(matches!(again, Changed::Repeated(_)));
    // Rows of one command are commands of their own.
    for (row, to) in [(1, "Row 1"), (2, "Row 2")] {
        let by = CommandId::named(name, 1).row(row);
        for repeated in [false, true] {
            let sent = team.send(store, by, request(to), BEGIN).await.unwrap();
            assert_eq!(matches!(sent, Changed::Repeated(_)), repeated, "{row}");
        }
    }
    team.send(store, CommandId::named(fresh() << 48, 2), request("Initech"), BEGIN).await.unwrap();
    assert_eq!(&*team.state(store).await.name, "Initech");
}

/// What was dropped is not there: no event, no row, no address, no text, no secret, no mail.
pub async fn of_a_dropped_change_writes_nothing(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let email = Email::parse("nobody@acme.test").unwrap();
    let hash = [9; 32];
    for verdict in [Ok(Verdict::Drop), Err(StoreError::Database("no".into()))] {
        let (id, model, email, wanted) = (team.id, Arc::clone(&team.model), email.clone(), verdict.clone());
        let work = move |tx: &mut dyn crate::Tx| {
            let to = tx.address(&email)?;
            tx.text(TextId(1), "a name")?;
            tx.put_secret(secret(hash))?;
            tx.mail(mail(to, Some(id)))?;
            let request = Request { actor: Actor::Operator, command: rename("Globex"), seen: None };
            let after = super::step(tx, id, &model, &request, BEGIN).unwrap().unwrap();
            // Inside, it is as if it were true.
            assert_eq!(tx.workspace(id)?.unwrap(), after);
            assert!(tx.secret(&hash)?.is_some());
            verdict
        };
        let ended = store.change(vec![LineId::Workspace(team.id)], CommandId(fresh()), Box::new(work)).await;
        assert!(matches!((wanted, ended), (Ok(_), Ok(Ended::Dropped)) | (Err(_), Err(StoreError::Database(_)))));
        let email = Email::parse("nobody@acme.test").unwrap();
        read(store, move |from| {
            assert_eq!(from.find_address(&email)?, None);
            assert_eq!(from.secret(&hash)?, None);
            assert_eq!(from.mails(None, 9)?, []);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(&*team.state(store).await.name, "Acme");
    }
    // Nor does the writer go on from what was not kept, nor is a position of the feed lost.
    let next = team.act(store, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    assert_eq!((next.revisions, next.position), (vec![(LineId::Workspace(team.id), 2)], 3));
    assert_eq!(verify(store, None).await.broken, None);
}

/// A closure that panics is answered, rolled back, and the next one is served.
pub async fn of_a_panic_leaves_nothing_behind_and_the_store_alive(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let (id, model) = (team.id, Arc::clone(&team.model));
    let broken = change::<(), super::No, _>(store, vec![LineId::Workspace(id)], CommandId(fresh()), move |tx| {
        let request = Request { actor: Actor::Operator, command: rename("Globex"), seen: None };
        super::step(tx, id, &model, &request, BEGIN)?;
        panic!("on purpose")
    })
    .await;
    assert!(matches!(broken, Err(super::No::Store(StoreError::Poisoned))), "{broken:?}");
    let broken = read::<(), _>(store, |_| panic!("on purpose")).await;
    assert!(matches!(broken, Err(StoreError::Poisoned)), "{broken:?}");
    assert_eq!(&*team.state(store).await.name, "Acme");
    team.act(store, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    assert_eq!(verify(store, None).await.broken, None);
}

/// A step is from the newest revision to the next, of a line that the change holds, once.
pub async fn of_a_step_that_does_not_follow_is_refused(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let old = team.state(store).await;
    team.act(store, Actor::Operator, rename("Globex"), BEGIN).await.unwrap();
    let new = team.state(store).await;
    let renamed = |from: &str| {
        vec![Recorded { at: BEGIN, event: Event::WorkspaceRenamed { from: from.into(), to: "Initech".into() } }]
    };
    let step = move |before: &Arc<_>, from: &str| WorkspaceChange {
        before: Some(Arc::clone(before)),
        events: renamed(from),
        after: Arc::new(apply(before, &renamed(from)).unwrap()),
    };
    let mut skipped = step(&new, "Globex");
    skipped.after = Arc::new(apply(&skipped.after, &[]).unwrap());
    let mut empty = step(&new, "Globex");
    empty.events.clear();
    let mut anew = step(&new, "Globex");
    anew.before = None;
    let here = LineId::Workspace(team.id);
    let elsewhere = LineId::Workspace(WorkspaceId(fresh()));
    for (line, bad) in
        [(here, step(&old, "Acme")), (here, skipped), (here, empty), (here, anew), (elsewhere, step(&new, "Globex"))]
    {
        let work = move |tx: &mut dyn crate::Tx| tx.append(&by(Actor::Operator), bad).map(|()| Verdict::Keep);
        let ended = store.change(vec![line], CommandId(fresh()), Box::new(work)).await;
        assert!(matches!(ended, Err(StoreError::Database(_))), "{ended:?}");
    }
    let good = step(&new, "Globex");
    let work = move |tx: &mut dyn crate::Tx| {
        let twice = step(&good.after, "Initech");
        tx.append(&by(Actor::Operator), good)?;
        assert!(tx.append(&by(Actor::Operator), twice).is_err());
        Ok(Verdict::Keep)
    };
    store.change(vec![here], CommandId(fresh()), Box::new(work)).await.unwrap();
    assert_eq!(team.state(store).await.revision, 3);
    assert_eq!(verify(store, None).await.broken, None);
}

/// In a change, only what it holds is read: another workspace may move before the change is done.
pub async fn of_a_workspace_that_is_not_held_is_not_read_in_a_change(store: &dyn Store) {
    let (held, other) = (Team::new(store, TENANT, None).await, Team::new(store, TENANT, None).await.id);
    let work = move |tx: &mut dyn crate::Tx| {
        let read = tx.workspace(other);
        assert!(matches!(&read, Err(StoreError::Database(why)) if why.contains("not locked")), "{read:?}");
        Ok(Verdict::Drop)
    };
    store.change(vec![LineId::Workspace(held.id)], CommandId(fresh()), Box::new(work)).await.unwrap();
}

/// Several lines change in one transaction; in the feed they stand in the order of locking.
pub async fn of_several_lines_change_together_persons_first(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let (id, model, person) = (team.id, Arc::clone(&team.model), PersonId(fresh()));
    let lines = vec![LineId::Workspace(id), LineId::Person(person)];
    let command = CommandId(fresh());
    let changed = change::<_, super::No, _>(store, lines, command, move |tx| {
        let request = Request { actor: Actor::Operator, command: rename("Globex"), seen: None };
        super::step(tx, id, &model, &request, BEGIN)?;
        let origin = Origin { ip: "203.0.113.7".into(), agent: "a browser".into() };
        let by = By { actor: Actor::Operator, origin: Some(origin) };
        let row = PersonRow {
            person,
            address: tx.address(&Email::parse("ann@acme.test").unwrap())?,
            proven_at: None,
            name: TextId(fresh()),
            created_at: BEGIN,
            erased_at: None,
        };
        Ok(tx.put(LineId::Person(person), &by, BEGIN, vec![Row::Person(row)])?)
    })
    .await
    .unwrap();
    let Changed::Done((), committed) = changed else { panic!("repeated") };
    assert_eq!(committed.revisions, [(LineId::Person(person), 1), (LineId::Workspace(id), 2)]);
    let entries = read(store, move |from| {
        let filter = LogFilter { limit: 1, ..LogFilter::default() };
        Ok((from.log(LineId::Person(person), &filter)?, from.log(LineId::Workspace(id), &filter)?))
    })
    .await
    .unwrap();
    assert_eq!(entries.0[0].position + 1, entries.1[0].position);
    assert_eq!(entries.1[0].position, committed.position);
    assert_eq!(entries.0[0].command, command);
    assert_eq!(entries.0[0].origin.as_ref().map(|o| &*o.ip), Some("203.0.113.7"));
    assert_eq!(entries.1[0].origin, None);
    assert_eq!(verify(store, None).await.broken, None);
}

/// The log by actor, kind, mention, time and page.
pub async fn of_the_log_answers_filters(store: &dyn Store) {
    let team = Team::new(store, PROPERTIES, Some("business")).await;
    let owner = Actor::Person(team.owner);
    let invitation = InvitationId(fresh());
    let access = AccessWire::of_role("admin");
    let new = NewInvitation { invitation, address: AddressId(fresh()), access };
    team.act(store, owner, rename("Globex"), BEGIN.plus_seconds(1)).await.unwrap();
    team.act(store, owner, Command::Invite(vec![new]), BEGIN.plus_seconds(2)).await.unwrap();
    team.act(store, HOST, Command::Cancel(invitation), BEGIN.plus_seconds(3)).await.unwrap();
    let all = LogFilter { limit: 9, ..LogFilter::default() };
    let cases = [
        (all.clone(), vec![4, 3, 2, 1]),
        (LogFilter { limit: 2, ..all.clone() }, vec![4, 3]),
        (LogFilter { before_revision: Some(3), ..all.clone() }, vec![2, 1]),
        (LogFilter { actor: Some(owner), ..all.clone() }, vec![3, 2]),
        (LogFilter { kinds: vec!["workspace_renamed".into(), "member_joined".into()], ..all.clone() }, vec![2, 1]),
        (LogFilter { mentions: vec![invitation.to_string()], ..all.clone() }, vec![4, 3]),
        (LogFilter { mentions: vec!["%".into()], ..all.clone() }, vec![]),
        (LogFilter { mentions: vec![team.owner.to_string(), "Globex".into()], ..all.clone() }, vec![3, 2, 1]),
        (
            LogFilter { from: Some(BEGIN.plus_seconds(1)), until: Some(BEGIN.plus_seconds(3)), ..all.clone() },
            vec![3, 2],
        ),
        (LogFilter { actor: Some(owner), mentions: vec![invitation.to_string()], ..all.clone() }, vec![3]),
    ];
    let line = LineId::Workspace(team.id);
    for (filter, expected) in cases {
        let asked = filter.clone();
        let found = read(store, move |from| from.log(line, &asked)).await.unwrap();
        assert_eq!(found.iter().map(|entry| entry.revision).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

/// A secret of nothing in particular.
pub fn secret(hash: [u8; 32]) -> SecretRow {
    SecretRow {
        hash,
        kind: SecretKind::Invitation,
        line: [1; 16],
        object: [2; 16],
        generation: 1,
        expires_at: BEGIN.plus_days(7),
        bound_to: Some("here".into()),
    }
}

/// A mail of nothing in particular.
pub fn mail(to: AddressId, workspace: Option<WorkspaceId>) -> MailRow {
    MailRow {
        mail: MailId(fresh()),
        to,
        by: None,
        workspace,
        object: Some([2; 16]),
        message: r#"{"kind":"invitation"}"#.into(),
        nonce: Some([3; 32]),
        created_at: BEGIN,
    }
}
