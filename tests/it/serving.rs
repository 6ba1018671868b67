//! A node of the real binary, on a database that a test made.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around real processes")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bailiwick_testkit::Server;

/// How long a test waits for something that a node does on its own.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The lease of a node that nothing else is said of.
pub const LEASE: Duration = Duration::from_secs(2);

/// Runs the binary to its end: whether all was well, and what it said.
pub fn bailiwick(words: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(words).output().expect("the binary runs");
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

/// Makes a database of one's own, ready to be served.
pub fn migrated(server: &Server, name: &str) -> String {
    server.create_database(name).expect("a database");
    let (fine, said) = bailiwick(&["migrate", "--database", &server.url(name, "bailiwick_owner")]);
    assert!(fine, "{said}");
    server.url(name, "bailiwick")
}

/// A running node; it goes when this is dropped.
pub struct Node {
    child: Child,
    port: u16,
    data: PathBuf,
}

impl Node {
    /// Starts one, with the keys of another if one is given. When this comes back it has a lease.
    ///
    /// # Panics
    /// With what it said, if it ends instead.
    pub fn start(database: &str, name: &str, keys_of: Option<&Self>) -> Self {
        Self::with_lease(database, name, keys_of, LEASE).unwrap_or_else(|said| panic!("{name} does not start: {said}"))
    }

    /// The same with a lease of one's own; what it said if it ended instead.
    pub fn with_lease(database: &str, name: &str, keys_of: Option<&Self>, lease: Duration) -> Result<Self, String> {
        let data = std::env::temp_dir().join(format!("bailiwick-serving-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).expect("a directory");
        if let Some(other) = keys_of {
            std::fs::copy(other.data.join("keys.json"), data.join("keys.json")).expect("the keys are copied");
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost"])
            .args(["--lease", &lease.as_secs().to_string(), "--database", database, "--node", name, "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (out, mut error) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let heard = std::thread::spawn(move || {
            let mut all = String::new();
            let _ = error.read_to_string(&mut all);
            all
        });
        let mut node = Self { child, port: 0, data };
        match BufReader::new(out).lines().next() {
            Some(Ok(line)) => {
                let port = line.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
                node.port = port.unwrap_or_else(|| panic!("no port in {line:?}"));
                Ok(node)
            }
            _ => Err(heard.join().expect("what it said is text")),
        }
    }

    /// Its data directory.
    pub fn data(&self) -> &str {
        self.data.to_str().expect("a path in text")
    }

    /// The port that it serves on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a signal that ends it, and waits for the end.
    ///
    /// # Panics
    /// If it has not ended in time.
    pub fn end(&mut self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().is_ok_and(|s| s.success()), "it takes signals");
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("it can be waited for").is_none() {
            assert!(Instant::now() < until, "it does not end");
            std::thread::yield_now();
        }
    }

    /// A command of the operator's, by the node's private socket.
    pub fn operator(&self, words: &[&str]) -> String {
        let (fine, said) = bailiwick(&[words, &["--data", self.data()]].concat());
        assert!(fine, "{said}");
        said
    }

    /// A request with a host's key; status and body.
    pub fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .expect("a request");
        let mut answer = agent.run(request).unwrap_or_else(|e| panic!("{path}: {e}"));
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    }

    /// Whether a person may export analytics in a workspace: `yes`, or the reason of the no.
    pub fn decides(&self, key: &str, person: &str, workspace: &str) -> String {
        let question = format!(
            r#"{{"subject":{{"type":"person","id":"{person}"}},"action":{{"name":"analytics:export"}},
                "resource":{{"type":"workspace","id":"{workspace}"}}}}"#
        );
        let (status, body) = self.ask("POST", "/access/v1/evaluation", key, &question);
        assert_eq!(status, 200, "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        match body["decision"].as_bool() {
            Some(true) => "yes".into(),
            _ => body["context"]["reason"].as_str().unwrap_or_else(|| panic!("no reason in {body}")).into(),
        }
    }

    /// Waits until something holds of it.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "it does not come to that: {what}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
