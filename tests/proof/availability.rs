//! What a lease's length costs and buys, and what an acknowledgement takes: measured on three real nodes. Nothing here is
//! asserted but that the answers were right; `cargo xtask prove availability` prints the figures.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, NODES, Setting};
use crate::driver::{Driver, Question, World};
use crate::http::{Connection, request};
use crate::kinds::Things;
use crate::network::Network;
use crate::process::{Node, pass};
use crate::world::{mailbox, number};
use bailiwick_testkit::{Server, left_out};
use tokio::runtime::Runtime;

/// The usual length of a lease, in seconds.
const USUAL: u64 = 5;
/// The lengths that are compared.
const LEASES: [u64; 4] = [2, USUAL, 10, 30];
/// PostgreSQL is away for so long when it is restarted.
const RESTART: Duration = Duration::from_secs(1);
/// So long until the standby takes over.
const FAIL_OVER: Duration = Duration::from_secs(15);
/// A node is cut off for so long.
const PARTITION: Duration = Duration::from_secs(20);
/// How often each node is asked.
const TICK: Duration = Duration::from_millis(5);
/// An answer that takes longer is none.
const NO_ANSWER: Duration = Duration::from_secs(1);
/// So many changes are timed.
const CHANGES: usize = 500;
/// What stalled readers asked for has come as far as it can after so long.
const SETTLED: Duration = Duration::from_secs(10);
/// So many clients read nothing of what they asked for.
const STALLED: usize = 1_000;

/// A cluster under measurement.
struct Bench {
    _runtime: Runtime,
    cluster: Cluster,
    world: Arc<World>,
    driver: Driver,
    things: Things,
}

impl Bench {
    fn start(name: &str, lease: u64, fsync: bool) -> Self {
        let network = Network::new(2, NODES).expect("network namespaces");
        let (runtime, sink) = mailbox(Ipv4Addr::UNSPECIFIED.into());
        let setting = Setting { name: name.to_owned(), lease, fsync, plant: None };
        let cluster = Cluster::start(network, sink.address().port(), &setting);
        let world = crate::world::world(&cluster.nodes, sink);
        let mut driver = Driver::new(&world, name.to_owned(), number("AVAILABILITY_SEED", 1));
        driver.doubles = false;
        let things = driver.set_up();
        Self { _runtime: runtime, cluster, world, driver, things }
    }

    /// How long each of so many changes took, in milliseconds, sorted.
    fn changes(&mut self, count: usize) -> Vec<f64> {
        let mut times: Vec<f64> = (0..count)
            .map(|_| self.driver.toggle(&mut self.things).expect("it is acknowledged").as_secs_f64() * 1e3)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        times
    }
}

fn part(sorted: &[f64], of_thousand: usize) -> f64 {
    sorted[(sorted.len() * of_thousand / 1000).min(sorted.len() - 1)]
}

fn said(what: &str, times: &[f64]) {
    let (p50, p99, all) = (part(times, 500), part(times, 990), times.len());
    println!("{what}: p50 {p50:.2} ms, p99 {p99:.2} ms of {all}, longest {:.2} ms", times[all - 1]);
}

#[test]
#[ignore = "it measures; `cargo xtask prove availability` runs it"]
fn a_what_an_acknowledgement_takes() {
    if !Server::is_installed() {
        return left_out("what_an_acknowledgement_takes");
    }
    let mut bench = Bench::start("ack", USUAL, true);
    let before = commits(&bench.cluster.primary);
    bench.changes(50);
    let calm = bench.changes(CHANGES);
    let after = commits(&bench.cluster.primary);
    said("a commit of PostgreSQL, before", &before);
    said("a commit of PostgreSQL, after", &after);
    said("acknowledged by three nodes", &calm);
    let two = 2.0 * part(&before, 990).max(part(&after, 990));
    println!("acknowledgement: p99 is {:.2} ms over two commits of p99", part(&calm, 990) - two);

    let stalled = stall(&bench.world);
    // What fits into what lies between is served, the rest waits for who does not read.
    pass(SETTLED);
    said("acknowledged with 1000 stalled readers", &bench.changes(CHANGES));
    drop(stalled);

    bench.cluster.nodes[2].end("-9");
    bench.world.nodes[2].up.store(false, Relaxed);
    let killed = bench.changes(20);
    said("acknowledged after a node was killed", &killed);
    println!("the second longest of these: {:.2} ms", killed[killed.len() - 2]);
    bench.world.tally.verdict();
    println!("availability: rows 1");
}

/// How long single commits of a row take in this very database, in milliseconds, sorted.
fn commits(server: &Server) -> Vec<f64> {
    server.psql("proof", "create table if not exists public.commits (n int)").expect("a table");
    let mut psql = std::process::Command::new("psql");
    psql.args(["-X", "-q", "-U", "postgres", "-p", &server.port().to_string(), "-d", "proof", "-h"])
        .arg(server.folder());
    let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql");
    let script = format!("\\timing on\n{}", "insert into public.commits values (1);\n".repeat(CHANGES));
    psql.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
    let output = psql.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let time = |line: &str| line.strip_prefix("Time: ")?.split(' ').next()?.parse().ok();
    let mut times: Vec<f64> = text.lines().filter_map(time).collect();
    times.sort_unstable_by(f64::total_cmp);
    assert_eq!(times.len(), CHANGES, "each commit was timed: {text}");
    times
}

/// Clients that ask for more than fits into what lies between, and read none of it.
fn stall(world: &World) -> Vec<TcpStream> {
    let auth = format!("Bearer {}", world.key);
    let large = request("GET", "/openapi.json", &[], "").repeat(40);
    let mut list = request("GET", "/v1/workspaces?limit=200", &[("authorization", &auth)], "");
    list = list.repeat(40);
    let clients = (0..STALLED).map(|n| {
        let mut stream = TcpStream::connect(world.nodes[n % NODES].address).expect("it connects");
        stream.write_all(if n % 2 == 0 { &large } else { &list }).expect("it asks");
        stream
    });
    clients.collect()
}

#[test]
#[ignore = "it measures; `cargo xtask prove availability` runs it"]
fn b_what_the_length_of_a_lease_costs_and_buys() {
    if !Server::is_installed() {
        return left_out("what_the_length_of_a_lease_costs_and_buys");
    }
    println!(
        "| lease | what happens | checks asked | refused | of them at the node concerned | longest acknowledgement |"
    );
    println!("|---|---|---|---|---|---|");
    let mut rows = 0;
    for lease in LEASES {
        let mut bench = Bench::start(&format!("lease{lease}"), lease, false);
        let again = Duration::from_secs(2);
        let first = bench.under_load(lease, "PostgreSQL restarts in 1 s", |cluster| {
            cluster.primary.stop_immediate().expect("it ends");
            pass(RESTART);
            cluster.primary.restart().expect("it comes back");
            pass(again);
        });
        // The default lease outlasts such a restart.
        assert!(first == 0 || lease < USUAL, "{first} checks were refused while PostgreSQL restarted");
        bench.under_load(lease, "a node is cut off for 20 s", |cluster| {
            cluster.is_cut_off(0, PARTITION);
            pass(again);
        });
        bench.under_load(lease, "the standby takes over after 15 s", |cluster| {
            cluster.primary.stop_immediate().expect("it ends");
            cluster.fails_over(NODES, FAIL_OVER, Duration::ZERO);
            pass(again);
        });
        bench.world.tally.verdict();
        rows += 3;
    }
    println!("availability: rows {rows}");
}

impl Bench {
    /// Breaks something while checks are asked of every node, and one change after the other is made; a row of the table.
    /// How many checks were refused.
    fn under_load(&mut self, lease: u64, what: &str, fault: impl FnOnce(&mut Cluster)) -> u64 {
        self.world.tally.faulty.store(true, Relaxed);
        let stop = AtomicBool::new(false);
        let question = self.driver.always(&self.things);
        let (driver, things, world, cluster) = (&mut self.driver, &mut self.things, &self.world, &mut self.cluster);
        let (asked, longest) = std::thread::scope(|scope| {
            let checkers: Vec<_> = (0..NODES)
                .map(|node| {
                    let (question, stop) = (&question, &stop);
                    scope.spawn(move || check(world, node, question, stop))
                })
                .collect();
            let changer = scope.spawn(|| {
                let mut longest = Duration::ZERO;
                while !stop.load(Relaxed) {
                    longest = longest.max(driver.toggle(things).unwrap_or(Duration::MAX));
                }
                longest
            });
            fault(cluster);
            cluster.nodes.iter().for_each(Node::until_ready);
            stop.store(true, Relaxed);
            let asked: Vec<[u64; 2]> = checkers.into_iter().map(|checker| checker.join().expect("it asks")).collect();
            (asked, changer.join().expect("it changes"))
        });
        self.world.tally.faulty.store(false, Relaxed);
        let [all, refused] = [0, 1].map(|which| asked.iter().map(|asked| asked[which]).sum::<u64>());
        println!("| {lease} s | {what} | {all} | {refused} | {} | {:.1} s |", asked[0][1], longest.as_secs_f64());
        refused
    }
}

/// Asks a node at every tick: how often it was asked, and how often it did not say yes, which is the right answer.
fn check(world: &World, node: usize, question: &Question, stop: &AtomicBool) -> [u64; 2] {
    let (mut asked, mut refused) = (0, 0);
    let mut connection: Option<Connection> = None;
    while !stop.load(Relaxed) {
        let begun = Instant::now();
        let mut ask = || {
            let mut to = connection.take().map_or_else(|| Connection::to(world.nodes[node].address), Ok)?;
            to.patience(NO_ANSWER)?;
            to.send(&question.bytes)?;
            let answer = to.answer()?;
            connection = Some(to);
            std::io::Result::Ok(answer)
        };
        asked += 1;
        refused += u64::from(!ask().is_ok_and(|answer| answer.body.contains("\"decision\":true")));
        pass(TICK.saturating_sub(begun.elapsed()));
    }
    [asked, refused]
}
