//! No kind of work waits behind another, no line behind another.

use std::sync::mpsc;
use std::time::Duration;

use bailiwick_core::ids::CommandId;
use bailiwick_core::node::Incarnation;
use bailiwick_core::team::command::{Actor, Command};

use super::Database;
use crate::cluster::Cluster;
use crate::postgres::Options;
use crate::rows::LineId;
use crate::suite::{BEGIN, TENANT, Team, fresh};
use crate::{Store, Verdict, read};

fn rename(to: &str) -> Command {
    Command::Rename { name: to.into() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_line_is_busy_others_reads_and_nodes_are_served() {
    let test = "while_one_line_is_busy_others_reads_and_nodes_are_served";
    let Some(database) = Database::new(test).await else { return };
    let options = Options { changes: 2, reads: 1, ..Options::default() };
    let store = database.open_by(&database.url(), &options).await;
    let (busy, other) = (Team::new(&store, TENANT, None).await, Team::new(&store, TENANT, None).await);
    let (let_go, held) = mpsc::channel::<()>();
    let (begun, is_held) = tokio::sync::oneshot::channel();
    let hold = store.change(
        vec![LineId::Workspace(busy.id)],
        CommandId(fresh()),
        Box::new(move |_| {
            let _ = begun.send(());
            let _ = held.recv();
            Ok(Verdict::Drop)
        }),
    );
    let waiting = async {
        is_held.await.unwrap();
        let mut renames: Vec<_> =
            (0..5).map(|n| Box::pin(busy.act(&store, Actor::Operator, rename(&format!("{n}")), BEGIN))).collect();
        // Once each has been asked for it waits for its turn.
        for rename in &mut renames {
            let asked = std::future::poll_fn(|context| std::task::Poll::Ready(rename.as_mut().poll(context)));
            assert!(asked.await.is_pending());
        }
        let soon = async {
            other.act(&store, Actor::Operator, rename("Globex"), BEGIN).await.unwrap();
            read(&store, |from| from.head()).await.unwrap();
            store.register(Incarnation(1), "one", 0).await.unwrap();
            assert!(store.renew(Incarnation(1), 1).await.unwrap().0);
        };
        tokio::time::timeout(Duration::from_secs(8), soon).await.unwrap();
        let_go.send(()).unwrap();
        for rename in renames {
            rename.await.unwrap();
        }
    };
    let (held, ()) = tokio::join!(hold, waiting);
    held.unwrap();
    assert_eq!(busy.state(&store).await.revision, 6);
}
