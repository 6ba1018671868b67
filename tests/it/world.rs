//! A demo server of its own for each test, and browsers to use it with.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around a real process")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bailiwick_testkit::{Database, RoundRobin};

/// How long a test waits for something that the server does on its own, such as sending a mail.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a demo runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Embedded SQLite.
    Sqlite,
    /// One node on PostgreSQL.
    OneNode,
    /// Three nodes on PostgreSQL; each connection of a browser goes to the next of them.
    ThreeNodes,
}

/// Makes a test of a function that takes a demo, for each backend: `name::on_sqlite`, `on_one_node`, `on_three_nodes`.
#[macro_export]
macro_rules! on_every_backend {
    ($name:ident) => {
        mod $name {
            use $crate::world::{Backend, Demo};

            fn on(backend: Backend) {
                if let Some(mut demo) = Demo::start_on(backend, stringify!($name)) {
                    super::$name(&mut demo);
                }
            }

            #[test]
            fn on_sqlite() {
                on(Backend::Sqlite);
            }

            #[test]
            fn on_one_node() {
                on(Backend::OneNode);
            }

            #[test]
            fn on_three_nodes() {
                on(Backend::ThreeNodes);
            }
        }
    };
}

/// A running demo: one process, or several on one database.
pub struct Demo {
    nodes: Vec<Node>,
    /// Where browsers go.
    pub port: u16,
    /// The data directory, of several nodes the first one's.
    pub data: PathBuf,
    folders: Vec<Folder>,
    front: Option<RoundRobin>,
    database: Option<Database>,
}

/// A process of Bailiwick.
pub struct Node {
    child: Child,
    port: u16,
}

/// A folder that goes when the test has ended. It is not made by this.
pub struct Folder(pub PathBuf);

/// A database that `bailiwick migrate` prepared; `None`, said aloud, where no server is installed.
pub fn prepared(test: &str) -> Option<Database> {
    Database::prepared(test, |owner| {
        let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(["migrate", "--database", owner]).output();
        let out = out.expect("the binary runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    })
}

impl Folder {
    /// A name that nothing has.
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("bailiwick-it-{}-{}", std::process::id(), next()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// With the keys of another data directory.
    pub fn with_keys_of(other: &Path) -> Self {
        let folder = Self::new();
        std::fs::create_dir_all(&folder.0).expect("a folder");
        std::fs::copy(other.join("keys.json"), folder.0.join("keys.json")).expect("the keys are copied");
        folder
    }

    pub fn text(&self) -> &str {
        self.0.to_str().expect("a path in text")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Node {
    /// `bailiwick demo` or `bailiwick serve` on a data directory, and on a database if one is named; ready to answer.
    /// `public` is the port that browsers are told.
    pub fn start(command: &str, data: &Path, database: Option<&str>, public: Option<u16>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args([command, "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(database.iter().flat_map(|url| ["--database", url]))
            .args(public.iter().flat_map(|port| ["--public-url".to_owned(), format!("http://localhost:{port}")]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("it says where it is").expect("in text");
        // What it says last is where it listens.
        let port = first.rsplit_once(':').map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect());
        let port = port.and_then(|digits: String| digits.parse().ok());
        std::thread::spawn(move || lines.for_each(drop));
        let node = Self { child, port: port.unwrap_or_else(|| panic!("no port in {first:?}")) };
        until("it is ready", || (node.call("GET", "/readyz", "", "").0 == 200).then_some(()));
        node
    }

    /// One request of a host.
    pub fn call(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, String) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .expect("a request");
        let mut answer = agent().run(request).unwrap_or_else(|e| panic!("{path}: {e}"));
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().is_ok_and(|s| s.success()), "it takes signals");
    }

    /// Stops it as an operator does.
    pub fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().expect("it ends").success(), "it ends well");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    /// Starts one on SQLite.
    pub fn start() -> Self {
        let folder = Folder::new();
        let node = Node::start("demo", &folder.0, None, None);
        Self {
            port: node.port,
            data: folder.0.clone(),
            nodes: vec![node],
            folders: vec![folder],
            front: None,
            database: None,
        }
    }

    /// Starts one for a test; `None`, said aloud, where what it is to run on is not installed.
    pub fn start_on(backend: Backend, test: &str) -> Option<Self> {
        if backend == Backend::Sqlite {
            return Some(Self::start());
        }
        let (database, folder) = (prepared(test)?, Folder::new());
        let front = (backend == Backend::ThreeNodes).then(|| RoundRobin::new().expect("a port"));
        let public = front.as_ref().map(RoundRobin::port);
        let first = Node::start("demo", &folder.0, Some(&database.url()), public);
        let mut demo = Self {
            port: public.unwrap_or(first.port),
            data: folder.0.clone(),
            nodes: vec![first],
            folders: vec![folder],
            front,
            database: Some(database),
        };
        if backend == Backend::ThreeNodes {
            for _ in 0..2 {
                let folder = Folder::with_keys_of(&demo.data);
                demo.nodes.push(demo.node_on(&folder.0));
                demo.folders.push(folder);
            }
        }
        if let Some(front) = &demo.front {
            demo.nodes.iter().for_each(|node| front.add(node.port));
        }
        Some(demo)
    }

    fn node_on(&self, data: &Path) -> Node {
        let url = self.database.as_ref().map(Database::url);
        Node::start("demo", data, url.as_deref(), self.front.as_ref().map(RoundRobin::port))
    }

    /// Kills its first process where it stands (SIGKILL).
    pub fn kill(&self) {
        self.nodes[0].signal("-9");
    }

    /// Stops the first process the hard way, as a crash would, and starts it again on the same data.
    pub fn crash_and_restart(&mut self) {
        // Dead already or not: until its end is waited for, the signal finds it.
        self.kill();
        self.nodes[0].child.wait().expect("it ends");
        self.nodes[0] = self.node_on(&self.data);
        match &self.front {
            Some(front) => front.add(self.nodes[0].port),
            None => self.port = self.nodes[0].port,
        }
    }

    /// Stops its one process as an operator does; the data is left.
    pub fn stop(mut self) -> Folder {
        self.nodes.remove(0).stop();
        self.folders.remove(0)
    }

    /// Its first process.
    pub fn node(&self) -> &Node {
        &self.nodes[0]
    }

    /// All its processes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A browser that nobody used.
    pub fn browser(&self) -> Browser {
        Browser::new(self.port)
    }

    /// A browser in which somebody of the demo is signed in.
    pub fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.get("/demo").body;
        let at = page.find(&format!("<b>{name}</b>")).unwrap_or_else(|| panic!("{name} is not in the demo"));
        let rest = &page[at..];
        let action = between(rest, "/demo/sign-in/", "\"").to_owned();
        let answer = browser.post(&format!("/demo/sign-in/{action}"), &[]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// The newest mail to an address in which a text stands, once it has arrived.
    pub fn mail_with(&self, address: &str, text: &str) -> String {
        self.mail(|li| li.contains(address) && li.contains(text))
    }

    /// Whichever node sent it: each shows its own.
    fn mail(&self, wanted: impl Fn(&str) -> bool) -> String {
        until("the mail arrives", || {
            let pages = self.nodes.iter().map(|node| self.browser().through(node).get("/demo").body);
            pages.filter_map(|page| page.split("<li").skip(1).find(|li| wanted(li)).map(str::to_owned)).next()
        })
    }

    /// The path of the invitation link in the newest mail to an address.
    pub fn link_to(&self, address: &str) -> String {
        link_in(&self.mail_with(address, "/invitations/"))
    }

    /// The same, once it is another than the one before.
    pub fn newer_link_to(&self, address: &str, before: &str) -> String {
        link_in(&self.mail(|li| li.contains(address) && li.contains("/invitations/") && !li.contains(before)))
    }
}

fn link_in(mail: &str) -> String {
    format!("/invitations/{}", between(mail, "/invitations/", "\"").trim())
}

/// What becomes so by itself.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "it does not come to that: {what}");
        std::thread::yield_now();
    }
}

/// A client that does what it is told and no more, and connects anew each time.
fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false);
    config.timeout_global(Some(PATIENCE)).build().into()
}

/// A browser without scripts: it keeps cookies, sends forms, and follows nothing by itself.
#[derive(Clone)]
pub struct Browser {
    /// Where it connects.
    at: u16,
    /// The port in addresses.
    port: u16,
    host: String,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Browser {
    /// One that nobody used, for an address on this port.
    pub fn new(port: u16) -> Self {
        Self { at: port, port, host: "localhost".into(), cookies: BTreeMap::new() }
    }

    /// The same browser, whose way leads to this node.
    pub fn through(&self, node: &Node) -> Self {
        Self { at: node.port, ..self.clone() }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send(path, None, None)
    }

    /// Gets a page and follows where it leads.
    pub fn open(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path);
        for _ in 0..5 {
            if answer.status != 303 && answer.status != 307 {
                break;
            }
            answer = self.get(&answer.location.clone());
        }
        answer
    }

    pub fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let own = format!("http://{}:{}", self.host, self.port);
        self.send(path, Some(form), Some(&own))
    }

    /// Sends a form as a browser does: every field that stands in it, with what is filled in or chosen here instead.
    /// A name in `fill` replaces all fields of that name.
    pub fn submit(&mut self, page: &str, action: &str, fill: &[(&str, &str)]) -> Answer {
        let mut fields: Vec<(String, String)> = fields_of(page, action);
        fields.retain(|(name, _)| !fill.iter().any(|(n, _)| n == name));
        fields.extend(fill.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let form: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(action, &form)
    }

    /// As a form on another site would post.
    pub fn post_from_elsewhere(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(path, Some(form), Some("https://elsewhere.example"))
    }

    /// As an old browser posts, that does not say where a form came from.
    pub fn post_from_unknown(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(path, Some(form), None)
    }

    fn send(&mut self, path: &str, form: Option<&[(&str, &str)]>, origin: Option<&str>) -> Answer {
        let agent = agent();
        let url = format!("http://127.0.0.1:{}{path}", self.at);
        let host = format!("{}:{}", self.host, self.port);
        let cookies = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        let mut answer = match form {
            None => agent.get(&url).header("host", &host).header("cookie", &cookies).call(),
            Some(form) => {
                let body = form.iter().map(|(n, v)| format!("{}={}", coded(n), coded(v))).collect::<Vec<_>>().join("&");
                let mut request = agent.post(&url).header("host", &host).header("cookie", &cookies);
                if let Some(origin) = origin {
                    request = request.header("origin", origin);
                }
                request.header("content-type", "application/x-www-form-urlencoded").send(body)
            }
        }
        .unwrap_or_else(|e| panic!("{path}: {e}"));
        for set in answer.headers().get_all("set-cookie") {
            let (name, rest) = set.to_str().expect("cookies are text").split_once('=').expect("cookies have names");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let headers =
            answer.headers().iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect();
        Answer {
            headers,
            status: answer.status().as_u16(),
            location,
            body: answer.body_mut().read_to_string().unwrap_or_default(),
        }
    }

    /// The address of the workspace that the person is in.
    pub fn workspace(&mut self) -> String {
        let answer = self.get("/");
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.location
    }
}

/// What stands between two texts, after the first.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let from = text.find(before).unwrap_or_else(|| panic!("{before:?} is not in {text}")) + before.len();
    let rest = &text[from..];
    rest.find(after).map_or(rest, |end| &rest[..end])
}

/// The row of a person in the team's table.
pub fn row<'a>(page: &'a str, who: &str) -> &'a str {
    page.split("<tr").skip(1).find(|tr| tr.contains(who)).unwrap_or_else(|| panic!("{who} is not in the table"))
}

fn coded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What a browser would send of a form as it stands.
fn fields_of(page: &str, action: &str) -> Vec<(String, String)> {
    let head = format!("action=\"{action}\"");
    let form = page.split("<form").find(|f| f.split('>').next().is_some_and(|tag| tag.contains(&head)));
    let form = form
        .unwrap_or_else(|| panic!("no form posts to {action} in {page}"))
        .split("</form>")
        .next()
        .unwrap_or_default();
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let (inside, text) = tag.split_once('>').unwrap_or((tag, ""));
        let of = |name: &str| attribute(inside, name);
        let Some(name) = of("name").filter(|_| !has(inside, "disabled")) else { continue };
        if inside.starts_with("input") {
            let box_like = matches!(of("type").as_deref(), Some("checkbox" | "radio"));
            if !box_like || has(inside, "checked") {
                fields.push((name, of("value").unwrap_or_default()));
            }
        } else if inside.starts_with("textarea") {
            fields.push((name, text.to_owned()));
        } else if inside.starts_with("select") {
            let from = form.find(inside).map_or("", |at| &form[at..]);
            let options: Vec<&str> =
                from.split("</select>").next().unwrap_or_default().split("<option").skip(1).collect();
            let chosen =
                options.iter().find(|o| has(o.split('>').next().unwrap_or_default(), "selected")).or(options.first());
            fields.push((name, chosen.and_then(|o| attribute(o, "value")).unwrap_or_default()));
        }
    }
    fields
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let head = format!(" {name}=\"");
    let from = tag.find(&head)? + head.len();
    Some(
        tag[from..]
            .split('"')
            .next()
            .unwrap_or_default()
            .replace("&amp;", "&")
            .replace("&lt;", "<")
            .replace("&quot;", "\""),
    )
}

fn has(tag: &str, flag: &str) -> bool {
    tag.split_whitespace().any(|word| word == flag)
}
