//! Three real nodes on one PostgreSQL with a synchronous standby, each on a host of its own, under load and under every
//! fault: no check on any node that begins after an acknowledgement is older than it.
//!
//! `NODES_CASES`, `NODES_SEED`, `NODES_PLANT` say how many, which, and with which mistake.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, NODES, Setting};
use crate::driver::{Driver, World};
use crate::network::Network;
use crate::process::{Node, PATIENCE, pass};
use crate::world::{Crew, mailbox, number};
use bailiwick_testkit::{Random, Server, left_out};

/// So many drivers at once.
const DRIVERS: u64 = 4;
/// The length of a lease, in seconds.
const LEASE: u64 = 2;
/// Nothing is broken for so long between two faults.
const CALM: Duration = Duration::from_secs(2);
/// A fault lasts between a part of a lease and more than a whole one, in milliseconds.
const FAULT: std::ops::Range<u64> = 500..4_000;
/// After a fail-over the old primary and a node run on for so long and longer: no lease lasts as long.
const APART: Duration = Duration::from_secs(LEASE + 1);
/// What a fault leaves behind is over after so long.
const AFTER: Duration = Duration::from_millis(500);
/// So many turns are lost with a primary whose standby did not follow.
const LOST: usize = 20;

/// Each of the tests has the machine to itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

type Fault = fn(&mut Cluster, &World, usize, Duration);

const FAULTS: &[(&str, Fault)] = &[
    ("kill -9", |cluster, world, node, lasts| cluster.ends(world, node, "-9", lasts)),
    ("SIGSTOP", |cluster, _, node, lasts| cluster.sleeps(node, lasts)),
    ("partition", |cluster, _, node, lasts| cluster.is_cut_off(node, lasts)),
    ("restart of PostgreSQL", |cluster, _, _, _| cluster.primary.restart().expect("it comes back")),
    ("fail-over", |cluster, _, node, lasts| cluster.fails_over(node, Duration::ZERO, lasts + APART)),
    ("answers swallowed", |cluster, _, node, lasts| cluster.hears_nothing(node, lasts)),
    ("SIGTERM", |cluster, world, node, lasts| cluster.ends(world, node, "-TERM", lasts / 4)),
];

#[test]
fn no_check_of_any_node_is_older_than_what_was_acknowledged_before_it() {
    if !Server::is_installed() {
        return left_out("no_check_of_any_node_is_older_than_what_was_acknowledged_before_it");
    }
    let (cases, seed, faults) = (number("NODES_CASES", 3_000), number("NODES_SEED", 1), number("NODES_FAULTS", 3));
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let network = Network::new(2, NODES).expect("network namespaces");
    let (_runtime, sink) = mailbox(Ipv4Addr::UNSPECIFIED.into());
    let plant = std::env::var("NODES_PLANT").ok();
    let setting = Setting { name: seed.to_string(), lease: LEASE, fsync: false, plant };
    let mut cluster = Cluster::start(network, sink.address().port(), &setting);
    let world = crate::world::world(&cluster.nodes, sink);
    let crew = Crew::start(&world, DRIVERS, seed);
    let mut random = Random::new(seed);
    let mut broken = 0;
    let goes_on = || !world.tally.is_wrong() && !crew.is_over();
    while goes_on() && (world.tally.cases() < cases || broken < faults) {
        let calm = Instant::now();
        while goes_on() && calm.elapsed() < CALM {
            pass(Duration::from_millis(10));
        }
        if !goes_on() || (world.tally.cases() >= cases && broken >= faults) {
            break;
        }
        world.tally.faulty.store(true, Relaxed);
        let lasts = Duration::from_millis(FAULT.start + random.below(FAULT.end - FAULT.start));
        // The first faults are one of each kind.
        let which = if broken < FAULTS.len() as u64 { broken } else { random.below(FAULTS.len() as u64) };
        let (name, fault) = FAULTS[usize::try_from(which).unwrap_or(0)];
        let begun = Instant::now();
        fault(&mut cluster, &world, random.one_of(NODES), lasts);
        cluster.nodes.iter().for_each(Node::until_ready);
        world.tally.broke(name);
        println!("{name}: over after {:.1?}, {} cases", begun.elapsed(), world.tally.cases());
        pass(AFTER);
        world.tally.faulty.store(false, Relaxed);
        broken += 1;
    }
    crew.end(&world);
    world.tally.verdict();
    println!("{}", world.tally.times());
    let spaces = u8::from(cluster.network.is_of_spaces());
    println!("{}, runs in network namespaces {spaces}, runs through proxies {}", world.tally.line("nodes"), 1 - spaces);
}

/// Behind an asynchronous standby the promise ends with a fail-over; that it did is noticed and told by every node.
#[test]
fn what_an_asynchronous_standby_lost_is_reported() {
    if !Server::is_installed() {
        return left_out("what_an_asynchronous_standby_lost_is_reported");
    }
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let network = Network::new(2, NODES).expect("network namespaces");
    let (_runtime, sink) = mailbox(Ipv4Addr::UNSPECIFIED.into());
    let setting = Setting { name: "lost".into(), lease: LEASE, fsync: false, plant: None };
    let mut cluster = Cluster::start(network, sink.address().port(), &setting);
    let world = crate::world::world(&cluster.nodes, sink);
    let mut driver = Driver::new(&world, "lost".into(), number("NODES_SEED", 1));
    let mut things = driver.set_up();
    cluster.loses_touch();
    for _ in 0..LOST {
        driver.turn(&mut things).expect("nothing is broken yet");
    }
    world.tally.faulty.store(true, Relaxed);
    cluster.fails_over(0, Duration::ZERO, Duration::ZERO);
    cluster.nodes.iter().for_each(Node::until_ready);
    // The node that was with the old primary may be sure of itself for the rest of its lease.
    let told = |node: &&Node| node.said().contains("not in the database any more");
    let until = Instant::now() + PATIENCE;
    while cluster.nodes.iter().filter(told).count() < NODES {
        assert!(Instant::now() < until, "not every node tells that acknowledged changes are lost");
        pass(Duration::from_millis(10));
    }
    // From here on the promise holds again.
    things.doubt();
    driver.settled(&things);
    world.tally.verdict();
    println!("nodes: cases 0, fail-over with loss 1, losses reported {NODES}");
}
