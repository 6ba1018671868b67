//! A node: the real binary in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::{Connection, request};

/// How long a test waits for something that a node does on its own.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Lets so much time pass, whoever may wake this thread meanwhile.
pub fn pass(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// How a node is started.
#[derive(Debug, Clone)]
pub struct Start {
    pub name: String,
    /// A program and its words in front of the binary's own, such as one that enters a network.
    pub within: Vec<String>,
    /// Where it listens.
    pub address: SocketAddr,
    /// More words for `serve`.
    pub words: Vec<String>,
    /// A mistake to plant.
    pub plant: Option<String>,
}

/// A node that was started once, running or not.
pub struct Node {
    pub start: Start,
    pub data: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// Starts one, with the keys of another, if one is given, and waits until it is ready.
    pub fn start(start: Start, keys_of: Option<&Node>) -> Self {
        let data = std::env::temp_dir().join(format!("bailiwick-proof-{}-{}", std::process::id(), start.name));
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).expect("a directory");
        if let Some(other) = keys_of {
            std::fs::copy(other.data.join("keys.json"), data.join("keys.json")).expect("the keys are copied");
        }
        let mut node = Self { start, data, child: None };
        node.run();
        node.until_ready();
        node
    }

    /// Runs it, after it was killed or before.
    pub fn run(&mut self) {
        let binary = env!("CARGO_BIN_EXE_bailiwick").to_owned();
        // When the proof is killed, its nodes go, too.
        let mortal = ["setpriv", "--pdeathsig", "KILL"].map(str::to_owned);
        let line: Vec<String> = self.start.within.iter().cloned().chain(mortal).chain([binary]).collect();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).args(["serve", "--public-url", "http://localhost", "--smtp-security", "none"]);
        command
            .args(["--listen", &self.start.address.to_string()])
            .args(&self.start.words)
            .arg("--data")
            .arg(&self.data);
        if let Some(mistake) = &self.start.plant {
            command.env("BAILIWICK_PLANT", mistake);
        }
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().and_then(Result::ok);
        assert!(first.is_some(), "it ended at once: {}", self.said());
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Waits until it says that it is ready.
    pub fn until_ready(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.is_ready() {
            assert!(Instant::now() < until, "{} does not become ready: {}", self.start.name, self.said());
            std::thread::yield_now();
        }
    }

    pub fn is_ready(&self) -> bool {
        let ask = || {
            let mut to = Connection::to(self.start.address)?;
            to.patience(Duration::from_secs(2))?;
            to.send(&request("GET", "/readyz", &[], ""))?;
            to.answer()
        };
        ask().is_ok_and(|answer| answer.status == 200)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().is_ok_and(|s| s.success()), "it takes signals");
    }

    /// Sends a signal that ends it, and waits for the end.
    pub fn end(&mut self, signal: &str) {
        self.signal(signal);
        let mut child = self.child.take().expect("it runs");
        child.wait().expect("it ends");
    }
}

/// Asks on a node's private socket, as the operator's commands do.
pub fn operator(data: &std::path::Path, ask: &serde_json::Value) -> std::io::Result<Result<String, String>> {
    let mut stream = UnixStream::connect(data.join("operator.sock"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{ask}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let said: serde_json::Value = serde_json::from_str(&line)?;
    let no = said["refused"].as_str().or(said["failed"].as_str());
    match (said["said"].as_str(), no) {
        (Some(said), _) => Ok(Ok(said.to_owned())),
        (None, Some(no)) => Ok(Err(no.to_owned())),
        (None, None) => Ok(Ok(said.to_string())),
    }
}

/// A host's new key by a node's private socket: its id and its secret.
pub fn new_key(data: &std::path::Path, scopes: &[&str]) -> Option<(String, String)> {
    let new = serde_json::json!({"product": "default", "name": "proof", "scopes": scopes, "days": 1});
    let said = operator(data, &serde_json::json!({"create_key": new})).ok()?.ok()?;
    let said: serde_json::Value = serde_json::from_str(&said).ok()?;
    let text = |name: &str| said["found"][name].as_str().map(str::to_owned);
    Some((text("id")?, text("secret")?))
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.data);
        let _ = std::fs::remove_file(self.log());
    }
}
