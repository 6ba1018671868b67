//! There and back again.

use std::sync::{Arc, Mutex};

use bailiwick_core::email::Email;
use bailiwick_core::ids::{CommandId, CredentialId, TextId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::wire::AccessWire;

use super::{Progress, move_all};
use crate::chain::ChainKey;
use crate::postgres::tests::Database;
use crate::rows::{LineId, PersonRow, Row};
use crate::suite::{
    BEGIN, HOST, PROPERTIES, TENANT, Team, fresh, mail, put, put_webhook, secret, verify, waiting, webhook,
};
use crate::{Sqlite, Store, StoreError, change, observe, read};

fn key() -> ChainKey {
    ChainKey::new(1, &[1; 32])
}

/// Something in every table, and in one of them more than a batch.
async fn furnish(store: &dyn Store) -> Team {
    let team = Team::known_as(store, PROPERTIES, Some("business"), Some("acme")).await;
    let resource = bailiwick_core::ids::ResourceId(fresh());
    let add = Command::AddResource { resource, kind: "property".into(), name: "A \u{1F600}".into(), external_id: None };
    team.act(store, HOST, add, BEGIN).await.unwrap();
    team.join(store, AccessWire::of_role("admin")).await;
    Team::new(store, TENANT, None).await;
    let (person, hash, product) = (bailiwick_core::ids::PersonId(fresh()), [9; 32], team.product);
    change::<_, StoreError, _>(store, vec![LineId::Person(person)], CommandId(fresh()), move |tx| {
        let address = tx.address(&Email::parse("ann@acme.test").unwrap())?;
        let name = TextId(fresh());
        tx.text(name, "Ann")?;
        tx.password_hash(CredentialId(fresh()), "$argon2id$v=19$stored")?;
        tx.person_external_id(product, "u-1", person)?;
        tx.put_secret(secret(hash))?;
        for _ in 0..1100 {
            tx.mail(mail(address, None))?;
        }
        let row = PersonRow { person, address, proven_at: Some(BEGIN), name, created_at: BEGIN, erased_at: None };
        tx.put(LineId::Person(person), &crate::suite::by(HOST), BEGIN, vec![Row::Person(row)])
    })
    .await
    .unwrap();
    let row = webhook(product);
    put_webhook(store, &row).await;
    let (workspace, hook) = (team.id, row.webhook);
    let feed = read(store, move |from| from.feed_of(product, 0, u64::MAX)).await.unwrap();
    observe(store, move |to| {
        to.deliver(hook, &waiting(&feed[0], 1))?;
        to.enter(workspace, person, BEGIN)?;
        to.add_try("ann", BEGIN, BEGIN).map(drop)
    })
    .await
    .unwrap();
    team
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_there_and_back_is_what_it_was() {
    let Some(database) = Database::new("what_is_moved_there_and_back_is_what_it_was").await else { return };
    let (first, server, last) =
        (Sqlite::in_memory(key()).unwrap(), database.open().await, Sqlite::in_memory(key()).unwrap());
    let team = furnish(&first).await;
    let before = verify(&first, None).await;
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let note = Arc::clone(&told);
    let moved = move_all((&first).into(), (&server).into(), move |at| note.lock().unwrap().push(at)).await.unwrap();
    assert_eq!(moved.verified, before);
    assert_eq!((moved.workspaces, moved.persons), (2, before.lines - 3), "and the installation");
    let told = told.lock().unwrap().clone();
    assert!(told.contains(&Progress::Rows("mails", 500)) && told.contains(&Progress::Rows("mails", 1100)));
    assert_eq!(told.last(), Some(&Progress::Verifying));
    move_all((&server).into(), (&last).into(), |_| {}).await.unwrap();
    for store in [&server as &dyn Store, &last] {
        assert_eq!(verify(store, None).await, before);
        assert_eq!(team.state(store).await, team.state(&first).await);
        let mails = read(store, |from| from.mails(None, 2000)).await.unwrap();
        assert_eq!(mails, read(&first, |from| from.mails(None, 2000)).await.unwrap());
        let hooks = async |store: &dyn Store| {
            let due =
                |row: crate::webhooks::WebhookRow| read(store, move |from| from.deliveries_due(row.webhook, BEGIN, 9));
            let at_work = read(store, |from| from.webhooks_due(BEGIN)).await.unwrap();
            let on_their_way = due(at_work[0].0.clone()).await.unwrap();
            assert_eq!(on_their_way.len(), 1);
            (at_work, on_their_way)
        };
        assert_eq!(hooks(store).await, hooks(&first).await);
        // Life goes on, from the position and the seal where it stood.
        team.act(store, HOST, Command::Rename { name: "Globex".into() }, BEGIN).await.unwrap();
        assert_eq!(verify(store, None).await.broken, None);
    }
}

/// Only what verifies under the target's key is kept, and only an empty target is filled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_moved_leaves_the_target_as_it_was() {
    let Some(database) = Database::new("what_cannot_be_moved_leaves_the_target_as_it_was").await else { return };
    let (here, there) = (Sqlite::in_memory(ChainKey::new(1, &[2; 32])).unwrap(), database.open().await);
    let team = Team::new(&here, TENANT, None).await;
    let other_key = move_all((&here).into(), (&there).into(), |_| {}).await;
    assert!(matches!(&other_key, Err(StoreError::Fenced { .. })), "{other_key:?}");
    assert_eq!(read(&there, |from| from.head()).await.unwrap(), 0);
    assert_eq!(read(&there, |from| from.products()).await.unwrap(), []);
    let id = team.id;
    assert!(read(&there, move |from| from.workspace(id)).await.unwrap().is_none());

    Team::new(&there, TENANT, None).await;
    for (from, to) in [((&here).into(), (&there).into()), ((&there).into(), (&here).into())] {
        let full = move_all(from, to, |_| {}).await;
        assert!(matches!(&full, Err(StoreError::NotEmpty("lines"))), "{full:?}");
    }
    assert_eq!(verify(&there, None).await.lines, 2);
    put(&here, LineId::Installation, vec![]).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_changes_in_the_source_until_the_target_is_committed() {
    let Some(database) = Database::new("nothing_changes_in_the_source_until_the_target_is_committed").await else {
        return;
    };
    let (server, there) = (database.open().await, Sqlite::in_memory(key()).unwrap());
    let team = Team::new(&server, TENANT, None).await;
    let (reached, verifying) = std::sync::mpsc::sync_channel(0);
    let (go, gone) = std::sync::mpsc::sync_channel::<()>(0);
    let changed: Arc<Mutex<bool>> = Arc::default();
    let look = Arc::clone(&changed);
    let moving = move_all((&server).into(), (&there).into(), move |at| {
        if at == Progress::Verifying {
            reached.send(()).unwrap();
            gone.recv().unwrap();
            assert!(!*look.lock().unwrap(), "a change was committed in the source before the move had ended");
        }
    });
    let changing = async {
        tokio::task::spawn_blocking(move || verifying.recv().unwrap()).await.unwrap();
        let change = async {
            team.act(&server, HOST, Command::Rename { name: "Globex".into() }, BEGIN).await.unwrap();
            *changed.lock().unwrap() = true;
        };
        let waits = async {
            // The server itself says that the change has come as far as the lock.
            let waiting = "select count(*) from pg_locks where not granted and relation = 'feed'::regclass";
            while database.sql(waiting) == "0" && !*changed.lock().unwrap() {
                tokio::task::yield_now().await;
            }
            tokio::task::spawn_blocking(move || go.send(()).unwrap()).await.unwrap();
        };
        tokio::join!(change, waits);
    };
    let (moved, ()) = tokio::join!(moving, changing);
    let moved = moved.unwrap();
    assert!(*changed.lock().unwrap(), "it goes on afterwards");
    assert_eq!(moved.verified, verify(&there, None).await);
    assert_ne!(verify(&server, None).await.changes, moved.verified.changes, "and is not in the copy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_nodes_are_registered_on_is_not_moved() {
    let Some(database) = Database::new("a_database_that_nodes_are_registered_on_is_not_moved").await else { return };
    let (server, here) = (database.open().await, Sqlite::in_memory(key()).unwrap());
    database.sql("insert into nodes (incarnation, node, applied) values (decode(repeat('00', 16), 'hex'), 'ann', 0)");
    let refused = move_all((&server).into(), (&here).into(), |_| {}).await;
    assert!(matches!(&refused, Err(StoreError::Nodes { of: "the source", names }) if names == "ann"), "{refused:?}");
    let refused = move_all((&here).into(), (&server).into(), |_| {}).await;
    assert!(matches!(&refused, Err(StoreError::Nodes { of: "the target", .. })), "{refused:?}");
}
