//! A network of our own for the nodes: each is a host in a network namespace, linked to the one in which the databases
//! and the drivers are. Whatever crosses a link can be made to vanish. All of it is gone when the process is.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};

use bailiwick_testkit::Proxy;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The port of each database, on an address of its own.
const PORT: u16 = 5432;
/// The port of each node, on a host of its own.
const NODE_PORT: u16 = 8080;
/// Which address the middle has in a node's network, and which the node.
const MIDDLE: u8 = 1;
const HOST: u8 = 2;

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

/// The network between nodes and databases. Where the machine forbids namespaces, all are on the loopback address, and
/// each link is a proxy that holds back what passes.
pub struct Network {
    databases: Vec<SocketAddrV4>,
    links: Links,
}

enum Links {
    Spaces {
        _hub: Space,
        hosts: Vec<Space>,
    },
    /// By node and database.
    Proxies {
        links: Vec<Vec<Proxy>>,
        nodes: Vec<SocketAddrV4>,
    },
}

impl Network {
    /// A network with so many databases and nodes; this thread, and all that it starts from here on, is in its middle.
    ///
    /// # Errors
    /// If it can be built in neither way.
    pub fn new(databases: usize, nodes: usize) -> io::Result<Self> {
        let has_ip = Command::new("ip").arg("-Version").output().map(drop);
        match has_ip.and_then(|()| Space::new()) {
            Ok(hub) => Self::of_spaces(hub, databases, nodes),
            Err(why) => {
                println!("no network namespaces here ({why}); each link is a proxy");
                Self::of_proxies(databases, nodes)
            }
        }
    }

    fn of_spaces(hub: Space, databases: usize, nodes: usize) -> io::Result<Self> {
        move_into_link_name_space(File::open(hub.path())?.as_fd(), Some(LinkNameSpaceType::Network))?;
        ip("link set lo up")?;
        let databases: Vec<SocketAddrV4> =
            (1..).take(databases).map(|n| (Ipv4Addr::new(10, 9, 0, n), PORT)).map(at).collect();
        for database in &databases {
            ip(&format!("address add {}/32 dev lo", database.ip()))?;
        }
        let mut hosts = Vec::new();
        for node in 0..nodes {
            let host = Space::new()?;
            ip(&format!("link add node{node} type veth peer name hub netns {}", host.0.id()))?;
            ip(&format!("address add {}/24 dev node{node}", inside(node, MIDDLE)))?;
            ip(&format!("link set node{node} up"))?;
            on(&host, "link set lo up")?;
            on(&host, &format!("address add {}/24 dev hub", inside(node, HOST)))?;
            on(&host, "link set hub up")?;
            on(&host, &format!("route add 10.9.0.0/24 via {}", inside(node, MIDDLE)))?;
            hosts.push(host);
        }
        Ok(Self { databases, links: Links::Spaces { _hub: hub, hosts } })
    }

    fn of_proxies(databases: usize, nodes: usize) -> io::Result<Self> {
        let free = |_| TcpListener::bind(at((Ipv4Addr::LOCALHOST, 0)))?.local_addr().map(|free| free.port());
        let local = |port| at((Ipv4Addr::LOCALHOST, port));
        let databases = (0..databases).map(free).collect::<io::Result<Vec<u16>>>()?;
        let link = |_| databases.iter().map(|port| Proxy::to(*port)).collect();
        let links = (0..nodes).map(link).collect::<io::Result<_>>()?;
        let nodes = (0..nodes).map(|node| free(node).map(local)).collect::<io::Result<_>>()?;
        Ok(Self { databases: databases.into_iter().map(local).collect(), links: Links::Proxies { links, nodes } })
    }

    /// Whether it is of namespaces.
    pub fn is_of_spaces(&self) -> bool {
        matches!(self.links, Links::Spaces { .. })
    }

    /// Where a database listens.
    pub fn database(&self, database: usize) -> SocketAddrV4 {
        self.databases[database]
    }

    /// Where a node reaches a database.
    pub fn link(&self, node: usize, database: usize) -> SocketAddrV4 {
        match &self.links {
            Links::Spaces { .. } => self.databases[database],
            Links::Proxies { links, .. } => at((Ipv4Addr::LOCALHOST, links[node][database].port())),
        }
    }

    /// Where a node listens, and where it is reached.
    pub fn node(&self, node: usize) -> SocketAddrV4 {
        match &self.links {
            Links::Spaces { .. } => at((inside(node, HOST), NODE_PORT)),
            Links::Proxies { nodes, .. } => nodes[node],
        }
    }

    /// The address of the middle, as a node sees it.
    pub fn middle(&self, node: usize) -> Ipv4Addr {
        match &self.links {
            Links::Spaces { .. } => inside(node, MIDDLE),
            Links::Proxies { .. } => Ipv4Addr::LOCALHOST,
        }
    }

    /// What stands in front of a program that is to run on a node's host.
    pub fn within(&self, node: usize) -> Vec<String> {
        match &self.links {
            Links::Spaces { hosts, .. } => vec!["nsenter".to_owned(), format!("--net={}", hosts[node].path())],
            Links::Proxies { .. } => Vec::new(),
        }
    }

    /// From here on nothing passes between a node and a database, or it does again.
    pub fn cut(&self, node: usize, database: usize, cut: bool) {
        if let Links::Spaces { hosts, .. } = &self.links {
            let what = if cut { "add" } else { "del" };
            on(&hosts[node], &format!("route {what} blackhole {}", self.databases[database].ip())).expect("a route");
        }
        self.silence(node, database, cut);
    }

    /// From here on what a node says reaches a database, and no answer comes back; or it does again. A proxy holds back
    /// both ways.
    pub fn silence(&self, node: usize, database: usize, silent: bool) {
        match &self.links {
            Links::Spaces { .. } => {
                let what = if silent { "add" } else { "del" };
                let (from, to) = (self.databases[database].ip(), inside(node, HOST));
                ip(&format!("rule {what} from {from} to {to} blackhole")).expect("a rule");
            }
            Links::Proxies { links, .. } => links[node][database].hold(silent),
        }
    }
}

fn at((address, port): (Ipv4Addr, u16)) -> SocketAddrV4 {
    SocketAddrV4::new(address, port)
}

/// An address of the network between a node's host and the middle.
fn inside(node: usize, which: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, u8::try_from(node + 1).expect("few nodes"), which)
}

/// Does something on a host.
fn on(host: &Space, words: &str) -> io::Result<()> {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", host.path())).arg("ip").args(words.split(' '));
    done(command)
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
