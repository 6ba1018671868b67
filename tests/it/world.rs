//! A demo server of its own for each test, and browsers to use it with.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around a real process")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for something that the server does on its own, such as sending a mail.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running demo.
pub struct Demo {
    child: Child,
    pub port: u16,
    pub data: PathBuf,
}

impl Demo {
    /// Starts one in a folder of its own.
    pub fn start() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("bailiwick-it-{}-{n}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        Self::on(&data)
    }

    /// Starts one on a data directory.
    pub fn on(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("the demo says where it is").expect("in text");
        let port =
            first.rsplit_once("localhost:").and_then(|(_, rest)| rest.split('/').next()).and_then(|p| p.parse().ok());
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.unwrap_or_else(|| panic!("no port in {first:?}")), data: data.to_owned() }
    }

    /// Kills it where it stands (SIGKILL).
    pub fn kill(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().is_ok_and(|s| s.success()), "it can be killed");
    }

    /// Stops it the hard way, as a crash would, and starts it again on the same data.
    pub fn crash_and_restart(mut self) -> Self {
        let data = self.data.clone();
        // Dead already or not: until its end is waited for, the signal finds it.
        self.kill();
        self.child.wait().expect("it ends");
        self.data = PathBuf::new();
        Self::on(&data)
    }

    /// A browser that nobody used.
    pub fn browser(&self) -> Browser {
        Browser { port: self.port, host: "localhost".into(), cookies: BTreeMap::new() }
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

    fn mail(&self, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let mut browser = self.browser();
        loop {
            let page = browser.get("/demo").body;
            if let Some(mail) = page.split("<li").skip(1).find(|li| wanted(li)) {
                return mail.to_owned();
            }
            assert!(Instant::now() < until, "the mail did not arrive");
            std::thread::yield_now();
        }
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

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.data.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}

/// A browser without scripts: it keeps cookies, sends forms, and follows nothing by itself.
pub struct Browser {
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
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let url = format!("http://127.0.0.1:{}{path}", self.port);
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
