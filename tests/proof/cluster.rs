//! A PostgreSQL with a standby and the nodes on it, each on a host of its own; and everything that can break of them.

use std::process::Command;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bailiwick_testkit::{Options, Server};

use crate::driver::World;
use crate::network::Network;
use crate::process::{Node, Start, pass};

/// So many nodes.
pub const NODES: usize = 3;
/// How a cluster is to be.
pub struct Setting {
    /// In the names of its nodes.
    pub name: String,
    /// The length of a lease, in seconds.
    pub lease: u64,
    /// Whether the databases wait for their disks.
    pub fsync: bool,
    /// A mistake to plant in the nodes.
    pub plant: Option<String>,
}

/// The cluster.
pub struct Cluster {
    pub network: Network,
    /// Which of the two addresses the primary is at.
    pub primary_at: usize,
    pub primary: Server,
    pub standby: Option<Server>,
    pub nodes: Vec<Node>,
}

impl Cluster {
    /// Starts one in this thread's network; mails go to a port of the middle.
    pub fn start(network: Network, mail_port: u16, setting: &Setting) -> Self {
        let options = Options { at: Some(network.database(0)), fsync: setting.fsync, ..Options::default() };
        let primary = Server::start(&options).expect("a server");
        primary.create_database("proof").expect("a database");
        let migrated = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(["migrate", "--database", &primary.url("proof", "bailiwick_owner")])
            .output();
        assert!(migrated.is_ok_and(|output| output.status.success()), "it is migrated");
        let standby = primary.standby("standby", Some(network.database(1))).expect("a standby");
        primary.set("synchronous_standby_names", "*").expect("it waits for its standby");
        let mut nodes: Vec<Node> = Vec::new();
        for node in 0..NODES {
            let url = format!("postgresql://bailiwick@{},{}/proof", network.link(node, 0), network.link(node, 1));
            let (lease, mail) = (setting.lease.to_string(), format!("{}:{mail_port}", network.middle(node)));
            let words = ["--database", &url, "--node", &node.to_string(), "--lease", &lease, "--smtp", &mail]
                .map(str::to_owned);
            let start = Start {
                name: format!("{}-{node}", setting.name),
                within: network.within(node),
                address: network.node(node).into(),
                words: words.into(),
                plant: setting.plant.clone(),
            };
            nodes.push(Node::start(start, nodes.first()));
        }
        Self { network, primary_at: 0, primary, standby: Some(standby), nodes }
    }

    /// Ends a node's process, and runs it again later.
    pub fn ends(&mut self, world: &World, node: usize, signal: &str, lasts: Duration) {
        world.nodes[node].up.store(false, Relaxed);
        self.nodes[node].end(signal);
        pass(lasts);
        self.nodes[node].run();
        world.nodes[node].up.store(true, Relaxed);
    }

    /// Stops a node's process where it stands, and lets it go on later.
    pub fn sleeps(&self, node: usize, lasts: Duration) {
        self.nodes[node].signal("-STOP");
        pass(lasts);
        self.nodes[node].signal("-CONT");
    }

    /// Nothing passes between a node and the primary for a while.
    pub fn is_cut_off(&self, node: usize, lasts: Duration) {
        self.network.cut(node, self.primary_at, true);
        pass(lasts);
        self.network.cut(node, self.primary_at, false);
    }

    /// What a node says reaches the primary for a while, and no answer comes back.
    pub fn hears_nothing(&self, node: usize, lasts: Duration) {
        self.network.silence(node, self.primary_at, true);
        pass(lasts);
        self.network.silence(node, self.primary_at, false);
    }

    /// The standby takes over, after so long. The old primary runs on behind a partition, in which one node is with it,
    /// if there is such a node, while the others go on for so long with the new one; then that is mended, and the old
    /// primary's place is taken by a new standby.
    pub fn fails_over(&mut self, with_old: usize, after: Duration, apart: Duration) {
        let (old_at, new_at) = (self.primary_at, 1 - self.primary_at);
        for node in 0..NODES {
            self.network.cut(node, if node == with_old { new_at } else { old_at }, true);
        }
        pass(after);
        let new = self.standby.take().expect("there is a standby");
        new.set("synchronous_standby_names", "").expect("it waits for nobody");
        new.promote().expect("it takes over");
        for node in (0..NODES).filter(|node| *node != with_old) {
            self.nodes[node].until_ready();
        }
        pass(apart);
        drop(std::mem::replace(&mut self.primary, new));
        for node in 0..NODES {
            self.network.cut(node, if node == with_old { new_at } else { old_at }, false);
        }
        self.primary_at = new_at;
        self.standby = Some(self.primary.standby("standby", Some(self.network.database(old_at))).expect("a standby"));
        self.primary.set("synchronous_standby_names", "*").expect("it waits for its standby");
    }

    /// The standby follows no more, and the primary does not wait for it: what is acknowledged from here on is lost when
    /// the standby takes over.
    pub fn loses_touch(&self) {
        self.primary.set("synchronous_standby_names", "").expect("it waits for nobody");
        self.standby.as_ref().expect("a standby").set("primary_conninfo", "").expect("it follows no more");
    }
}
