//! One node on embedded SQLite, and threads that change things and ask at once: no check that begins after an
//! acknowledgement is older than it.
//!
//! `STALE_CASES`, `STALE_SEED`, `STALE_PLANT` say how many, which, and with which mistake.

use std::sync::atomic::Ordering::Relaxed;

use crate::process::{Node, Start};
use crate::world::{Crew, here, mailbox, number};

/// So many drivers at once.
const DRIVERS: u64 = 4;

#[test]
fn no_check_of_one_node_is_older_than_what_was_acknowledged_before_it() {
    let (cases, seed) = (number("STALE_CASES", 3_000), number("STALE_SEED", 1));
    let (_runtime, sink) = mailbox(here(0).ip());
    let port = std::net::TcpListener::bind(here(0)).and_then(|l| l.local_addr()).expect("a port").port();
    let start = Start {
        name: format!("alone-{seed}"),
        within: vec![],
        address: here(port),
        words: vec!["--smtp".into(), sink.address().to_string()],
        plant: std::env::var("STALE_PLANT").ok(),
    };
    let node = Node::start(start, None);
    let world = crate::world::world(std::slice::from_ref(&node), sink);
    let crew = Crew::start(&world, DRIVERS, seed);
    let mut told = 0;
    while world.tally.cases() < cases && !world.tally.is_wrong() && !crew.is_over() {
        if world.tally.cases() * 10 / cases > told {
            told = world.tally.cases() * 10 / cases;
            println!("{} cases", world.tally.cases());
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    world.stop.store(true, Relaxed);
    crew.end(&world);
    world.tally.verdict();
    println!("{}", world.tally.times());
    println!("{}", world.tally.line("stale"));
}
