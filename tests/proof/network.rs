//! A network of our own for the nodes: each is a host in a network namespace, linked to the one in which the databases
//! and the drivers are. Whatever crosses a link can be made to vanish. All of it is gone when the process is.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A namespace, for as long as its process lives: that waits for its input to end, as it does when we do.
struct Space(Child);

impl Space {
    fn new() -> io::Result<Self> {
        let mut shell = Command::new("unshare");
        shell.args(["--net", "sh", "-c", "echo in; read -r _"]);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut said = String::new();
        BufReader::new(shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut said)?;
        if said.trim() == "in" { Ok(Self(shell)) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The network.
pub struct Network {
    _hub: Space,
    hosts: Vec<Space>,
}

impl Network {
    /// A network with so many databases and nodes; this thread, and all that it starts from here on, is in its middle.
    ///
    /// # Errors
    /// Where namespaces are forbidden, or the programs for them are not there.
    pub fn new(databases: usize, nodes: usize) -> io::Result<Self> {
        let hub = Space::new()?;
        move_into_link_name_space(
            std::os::fd::AsFd::as_fd(&File::open(hub.path())?),
            Some(LinkNameSpaceType::Network),
        )?;
        ip("link set lo up")?;
        for database in 0..databases {
            ip(&format!("address add {}/32 dev lo", self::database(database)))?;
        }
        let mut hosts = Vec::new();
        for node in 0..nodes {
            let host = Space::new()?;
            ip(&format!("link add node{node} type veth peer name hub netns {}", host.0.id()))?;
            ip(&format!("address add {}/24 dev node{node}", middle(node)))?;
            ip(&format!("link set node{node} up"))?;
            hosts.push(host);
        }
        let this = Self { _hub: hub, hosts };
        for node in 0..nodes {
            this.at(node, "link set lo up")?;
            this.at(node, &format!("address add {}/24 dev hub", self::node(node)))?;
            this.at(node, "link set hub up")?;
            this.at(node, &format!("route add 10.9.0.0/24 via {}", middle(node)))?;
        }
        Ok(this)
    }

    /// What stands in front of a program that is to run on a node's host.
    pub fn within(&self, node: usize) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net={}", self.hosts[node].path())]
    }

    /// From here on nothing passes between a node and a database, or it does again.
    pub fn cut(&self, node: usize, database: usize, cut: bool) {
        let what = if cut { "add" } else { "del" };
        self.at(node, &format!("route {what} blackhole {}", self::database(database))).expect("a route");
        self.silence(node, database, cut);
    }

    /// From here on what a node says reaches a database, and no answer comes back; or it does again.
    pub fn silence(&self, node: usize, database: usize, silent: bool) {
        let what = if silent { "add" } else { "del" };
        ip(&format!("rule {what} from {} to {} blackhole", self::database(database), self::node(node)))
            .expect("a rule");
    }

    fn at(&self, node: usize, words: &str) -> io::Result<()> {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.hosts[node].path())).arg("ip").args(words.split(' '));
        done(command)
    }
}

/// The address of a database.
pub fn database(database: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, u8::try_from(database + 1).expect("few databases"))
}

/// The address of a node's host.
pub fn node(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, u8::try_from(node + 1).expect("few nodes"), 2)
}

/// The address of the middle, as a node sees it.
pub fn middle(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, u8::try_from(node + 1).expect("few nodes"), 1)
}

fn ip(words: &str) -> io::Result<()> {
    let mut command = Command::new("ip");
    command.args(words.split(' '));
    done(command)
}

fn done(mut command: Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
