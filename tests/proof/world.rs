//! What both proofs have in common: a world of nodes, drivers that run until there are enough cases, and the end, at
//! which everything is looked over.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use bailiwick_app::mail::sink::Sink;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::driver::{Driver, Place, World};
use crate::kinds::Things;
use crate::process::{Node, new_key, operator};
use crate::seats;
use crate::tally::Tally;

/// A number from the environment.
pub fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// A mailbox on an address; it lives as long as the runtime.
pub fn mailbox(on: IpAddr) -> (Runtime, Sink) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let sink = runtime.block_on(Sink::start_at(SocketAddr::new(on, 0))).expect("a mailbox");
    (runtime, sink)
}

/// The address of this machine that only it reaches.
pub fn here(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A world of running nodes.
pub fn world(nodes: &[Node], mailbox: Sink) -> Arc<World> {
    let (_, key) = new_key(&nodes[0].data, &["check", "read", "manage", "vouch"]).expect("a key");
    let place = |node: &Node| Place { address: node.start.address, data: node.data.clone(), up: true.into() };
    let nodes = nodes.iter().map(place).collect();
    Arc::new(World { nodes, key, mailbox, tally: Tally::default(), stop: AtomicBool::new(false) })
}

/// Drivers at work.
pub struct Crew(Vec<JoinHandle<(Driver, Things)>>);

impl Crew {
    /// So many drivers, and one more, set up and let loose; they race for the seats of one team, too.
    pub fn start(world: &Arc<World>, drivers: u64, seed: u64) -> Self {
        let mut ready: Vec<(Driver, Things)> = Vec::new();
        for n in 0..=drivers {
            let mut driver = Driver::new(world, format!("{seed}-{n}"), seed.wrapping_mul(1000).wrapping_add(n));
            let things = driver.set_up();
            ready.push((driver, things));
        }
        let shared = Arc::new(seats::Shared::new(&mut ready[0].0));
        // What ends by itself takes its time, so one driver does nothing else.
        let mut waits = true;
        let run = |(mut driver, mut things): (Driver, Things)| {
            let (shared, waits) = (Arc::clone(&shared), std::mem::take(&mut waits));
            std::thread::spawn(move || {
                while !driver.world.stop.load(Relaxed) {
                    // What was not acknowledged is known again after the next turn.
                    let _ = if waits { driver.a_while(&things) } else { driver.turn(&mut things) };
                    let _ = shared.turn(&mut driver);
                }
                (driver, things)
            })
        };
        Self(ready.into_iter().map(run).collect())
    }

    /// Whether one of them ended, which none should.
    pub fn is_over(&self) -> bool {
        self.0.iter().any(JoinHandle::is_finished)
    }

    /// Ends the drivers, and looks everything over.
    pub fn end(self, world: &Arc<World>) {
        world.stop.store(true, Relaxed);
        let all: Vec<_> = self.0.into_iter().map(|driver| driver.join().expect("a driver ends in order")).collect();
        world.stop.store(false, Relaxed);
        for (mut driver, things) in all {
            driver.settled(&things);
            driver.one_owner();
        }
        for node in &world.nodes {
            match operator(&node.data, &json!("verify")) {
                Ok(Ok(said)) => println!("{said}"),
                other => world.tally.wrong(format!("the log does not verify: {other:?}")),
            }
        }
    }
}
