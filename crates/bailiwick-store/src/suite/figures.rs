//! Figures, for whoever wants them; they check nothing that the rest of the suite leaves out.

use std::time::Instant;

use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::wire::AccessWire;

use super::{BEGIN, TENANT, Team, verify};
use crate::Store;

fn rename(to: &str) -> Command {
    Command::Rename { name: to.into() }
}

/// Prints how fast a store changes, loads and verifies.
#[expect(clippy::disallowed_methods, reason = "it is the clock that is asked here")]
pub async fn figures(store: &dyn Store) {
    let text = TENANT.replace("seats = 100\n", "seats = 5000\n");
    let team = Team::new(store, &text, Some("scale")).await;
    let begun = Instant::now();
    for n in 0..500 {
        team.act(store, Actor::Operator, rename(&format!("Acme {n}")), BEGIN).await.unwrap();
    }
    println!("one client: {:.0} changes a second", 500.0 / begun.elapsed().as_secs_f64());
    let mut teams = Vec::new();
    for _ in 0..50 {
        teams.push(Team::new(store, &text, Some("scale")).await);
    }
    for (what, own) in [("one workspace", false), ("fifty workspaces", true)] {
        let begun = Instant::now();
        for _ in 0..10 {
            let all = teams.iter().enumerate().map(|(n, other)| {
                let team = if own { other } else { &team };
                async move { team.act(store, Actor::Operator, rename(&format!("Acme {n}")), BEGIN).await.unwrap() }
            });
            together(all).await;
        }
        println!("fifty at once on {what}: {:.0} changes a second", 500.0 / begun.elapsed().as_secs_f64());
    }
    for _ in 0..999 {
        team.join(store, AccessWire::of_role("user")).await;
    }
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(team.state(store).await.members.len(), 1000);
    }
    println!("a load of 1,000 members: {:.2} ms", begun.elapsed().as_secs_f64() * 1000.0 / 20.0);
    let begun = Instant::now();
    let verified = verify(store, None).await;
    assert_eq!(verified.broken, None);
    println!("a verification of {} events: {:.2} ms", verified.events, begun.elapsed().as_secs_f64() * 1000.0);
}

/// Drives futures together on this task.
async fn together<T>(all: impl Iterator<Item = impl Future<Output = T>>) {
    let mut waiting: Vec<_> = all.map(|one| Some(Box::pin(one))).collect();
    std::future::poll_fn(move |context| {
        for slot in &mut waiting {
            if let Some(one) = slot
                && one.as_mut().poll(context).is_ready()
            {
                *slot = None;
            }
        }
        if waiting.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
