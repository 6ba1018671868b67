//! The example product, `examples/host`, with the real service behind it: every process is a real one, and so is the mail.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around real processes")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use bailiwick_app::mail::sink::Sink;
use bailiwick_testkit::RoundRobin;
use serde_json::Value;

use crate::serving::PATIENCE;
use crate::world::{Browser, Folder, between};

/// A process that says on its first line where it listens.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("it says where it is").expect("in text");
        std::thread::spawn(move || lines.for_each(drop));
        let port = first.rsplit_once(':').and_then(|(_, port)| port.trim().parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no port in {first:?}")) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the example, which is nothing new after the first time, and says where it is.
fn example() -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let build = ["build", "--package", "example-host", "--message-format", "json", "--offline"];
    let out = Command::new(env!("CARGO")).args(build).current_dir(root).output().expect("cargo runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let made = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    made.filter_map(|made| made["executable"].as_str().map(str::to_owned)).next_back().expect("it is a program")
}

/// The product, the service behind it, and a relay that keeps what it gets.
struct Both {
    service: Process,
    /// Where the service is to the world.
    front: RoundRobin,
    /// Where the product is.
    host: RoundRobin,
    sink: Sink,
    _waiting: tokio::runtime::Runtime,
    _data: Folder,
    _host: Process,
}

impl Both {
    fn start() -> Self {
        let waiting = tokio::runtime::Runtime::new().expect("a runtime");
        let sink = waiting.block_on(Sink::start(0)).expect("a port");
        let fronts = (RoundRobin::new().expect("a port"), RoundRobin::new().expect("a port"));
        let (data, (front, own)) = (Folder::new(), fronts);
        let at = |front: &RoundRobin| format!("http://localhost:{}", front.port());
        let service = Process::start(
            Command::new(env!("CARGO_BIN_EXE_bailiwick"))
                .args(["serve", "--listen", "127.0.0.1:0", "--public-url", &at(&front), "--smtp-security", "none"])
                .args(["--return-to", &format!("{}/signed-in", at(&own))])
                .args(["--smtp", &sink.address().to_string(), "--data"])
                .arg(&data.0),
        );
        front.add(service.port);
        let key = ["key", "create", "--name", "host", "--scopes", "check,read,manage,vouch", "--json", "--data"];
        let made = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(key).arg(&data.0).output().expect("it runs");
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let host = Process::start(
            Command::new(example())
                .envs([("LISTEN", "127.0.0.1:0"), ("URL", &at(&own)), ("BAILIWICK_URL", &at(&front))])
                .env("BAILIWICK_KEY", made["secret"].as_str().expect("a secret")),
        );
        own.add(host.port);
        Self { service, front, host: own, sink, _waiting: waiting, _data: data, _host: host }
    }

    /// The newest link of a kind in the mail to an address, once it has arrived.
    fn mailed(&self, address: &str, kind: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let mails = self.sink.received();
            let mut texts = mails.iter().rev().filter(|m| m.to == [address]).filter_map(|m| Some(m.read()?.text));
            if let Some(text) = texts.find(|text| text.contains(kind)) {
                return format!("{kind}{}", between(&text, kind, "\n").trim());
            }
            assert!(Instant::now() < until, "no mail to {address} with {kind}");
            std::thread::yield_now();
        }
    }

    /// Somebody, with their browser at the product and at the service.
    fn somebody(&self) -> Somebody {
        Somebody { host: Browser::new(self.host.port()), team: Browser::new(self.front.port()) }
    }
}

/// A person's browser: what it keeps for either site.
struct Somebody {
    host: Browser,
    team: Browser,
}

/// A path on its site.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

impl Somebody {
    /// Presses "Sign in" in the product, being signed in at the service: there and back.
    fn comes_in(&mut self) {
        let there = self.host.get("/sign-in");
        let back = self.team.get(path(&there.location));
        assert!(back.status == 303 && back.location.contains("/signed-in?state="), "{}: {}", back.status, back.body);
        let home = self.host.get(path(&back.location));
        assert_eq!((home.status, home.location.as_str()), (303, "/"), "{}", home.body);
        // The code works once.
        assert_eq!(self.host.get(path(&back.location)).location, "/sign-in");
    }

    fn reports(&mut self) -> u16 {
        self.host.get("/c/acme/reports").status
    }
}

#[test]
fn x01_x02_a_product_shows_a_page_to_who_may_see_it_and_to_nobody_when_it_cannot_ask() {
    let mut both = Both::start();
    let (mut olga, mut vic, mut eve) = (both.somebody(), both.somebody(), both.somebody());

    // A new customer. The mailbox is proven by signing in.
    let form = [("customer", "acme"), ("name", "Olga Reyes"), ("email", "olga@acme.example")];
    assert_eq!(olga.host.post("/customers", &form).location, "/sign-in");
    assert_eq!(eve.host.post("/customers", &form).status, 409, "the name is taken");
    olga.team.post("/sign-in/link", &[("email", "olga@acme.example")]);
    let link = both.mailed("olga@acme.example", "/sign-in/link/");
    assert_eq!(olga.team.post(&link, &[]).status, 303);
    assert_eq!(olga.host.get("/c/acme/reports").location, "/sign-in", "nobody yet");
    olga.comes_in();
    let page = olga.host.get("/c/acme/reports");
    assert!(page.status == 200 && page.body.contains("For Olga Reyes"), "{}", page.body);

    // The team page, by the product's link; there a colleague is invited.
    let team = olga.host.get("/c/acme/team");
    let team = path(&team.location).to_owned();
    assert!(olga.team.get(&team).body.contains("olga@acme.example"));
    let invite = [("emails", "vic@acme.example"), ("role", "user"), ("permission", "analytics:view")];
    assert_eq!(olga.team.post(&format!("{team}/invite"), &invite).status, 303);
    vic.team.open(&both.mailed("vic@acme.example", "/invitations/"));
    assert_eq!(vic.team.post("/invitation/sign-up", &[("name", "Vic Lund")]).status, 303);
    vic.comes_in();
    assert_eq!(vic.reports(), 200);

    // Somebody else's way back signs nobody in, nor does a code alone.
    let there = vic.host.get("/sign-in");
    let stolen = vic.team.get(path(&there.location)).location;
    assert_eq!(eve.host.get(path(&stolen)).location, "/sign-in");
    assert_eq!(eve.host.get("/c/acme/reports").location, "/sign-in");

    // Taken away on the team page: the very next request is refused, in the session that is open.
    let page = olga.team.get(&team).body;
    let row = page.split("/team/mem_").skip(1).map(|rest| rest.split(['"', '/', '?']).next().unwrap_or_default());
    let rows: std::collections::BTreeSet<&str> = row.collect();
    let vics = rows.into_iter().find(|id| olga.team.get(&format!("{team}/mem_{id}")).body.contains("Vic Lund"));
    let edit = format!("{team}/mem_{}/edit", vics.expect("Vic has a row"));
    let less = [("role", "user"), ("permission", "settings:view")];
    assert_eq!(olga.team.post(&edit, &less).status, 303);
    assert_eq!(vic.reports(), 403);
    assert_eq!(olga.reports(), 200);

    // Given back; then Vic signs out at the service, and is nobody in the product.
    assert_eq!(olga.team.post(&edit, &[("role", "user"), ("permission", "analytics:view")]).status, 303);
    assert_eq!(vic.reports(), 200);
    assert_eq!(vic.team.post("/sign-out", &[]).status, 303);
    assert_eq!(vic.host.get("/c/acme/reports").location, "/sign-in");

    // The service is away: nobody sees anything.
    both.service.child.kill().expect("it is there");
    both.service.child.wait().expect("it ends");
    assert_eq!(olga.reports(), 503);
}

#[test]
fn the_example_speaks_with_the_service_in_fewer_than_sixty_lines_of_one_file() {
    let source = |file| {
        let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
    };
    let (client, product) = (source("examples/host/src/bailiwick.rs"), source("examples/host/src/main.rs"));
    let lines = client.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines < 60, "{lines} lines");
    // Nothing of it stands elsewhere: the others name neither a route nor the client.
    for word in ["/v1/", "access/v1", ".agent", "Bearer"] {
        assert!(!product.contains(word), "main.rs has {word}");
    }
    // What the README shows stands in it to the letter.
    let readme = source("README.md");
    let shown = between(&readme, "```rust,ignore\n", "```");
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain(&client).contains(&plain(shown)), "{shown}");
}
