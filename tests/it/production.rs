//! The road to production, `docs/operate/production.md`: its commands, word for word, from an empty database on.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bailiwick_app::mail::sink::Sink;
use bailiwick_testkit::{Options, Server, left_out};

use crate::world::Folder;

/// The blocks of the page in order, each with its language.
fn blocks() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate/production.md");
    let page = std::fs::read_to_string(path).expect("there is a page");
    let parts: Vec<&str> = page.split("```").collect();
    let block = |part: &&str| part.split_once('\n').map(|(language, text)| (language.to_owned(), text.to_owned()));
    parts.iter().skip(1).step_by(2).filter_map(block).collect()
}

/// The service, until the test has ended.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts what the unit starts; when this comes back, it serves.
fn start(unit: &str) -> Service {
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("the unit starts something");
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a program"));
    let mut child = command.args(words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let first = BufReader::new(child.stdout.take().expect("a pipe")).lines().next();
    let service = Service(child);
    assert!(first.is_some_and(|line| line.is_ok_and(|line| line.contains("serves https://team.example.com"))));
    service
}

#[test]
fn every_command_of_the_page_about_production_works_in_its_order() {
    if !Server::is_installed() {
        return left_out("every_command_of_the_page_about_production_works_in_its_order");
    }
    let server = Server::start(&Options { fsync: true, ..Options::default() }).expect("a server");
    let waiting = tokio::runtime::Runtime::new().expect("a runtime");
    let sink = waiting.block_on(Sink::start(0)).expect("a port");
    let folder = Folder::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    for directory in ["etc", "data"] {
        let path = folder.0.join(directory);
        std::fs::create_dir_all(&path).expect("a folder");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("for the owner alone");
    }
    // Other places than the page's, and a relay without TLS and sign-in; nothing else differs.
    let (etc, data) = (format!("{}/etc", folder.text()), format!("{}/data", folder.text()));
    let here = |text: &str| {
        text.replace("db.example.com", &format!("127.0.0.1:{}", server.port()))
            .replace("mail.example.com:587", &sink.address().to_string())
            .replace("smtp_user = \"team\"", "smtp_security = \"none\"")
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
            .replace("/usr/local/bin/bailiwick", env!("CARGO_BIN_EXE_bailiwick"))
            .replace("/etc/bailiwick", &etc)
            .replace("/var/lib/bailiwick", &data)
    };
    let programs = Path::new(env!("CARGO_BIN_EXE_bailiwick")).parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let (mut said, mut service, mut run) = (String::new(), None, 0);
    for (language, text) in blocks() {
        let text = here(&text);
        match language.as_str() {
            "sql" => {
                for statement in text.split_inclusive(';').filter(|s| !s.trim().is_empty()) {
                    server.psql("postgres", statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
                }
            }
            "sh" => {
                let mut bash = Command::new("bash");
                bash.args(["-euo", "pipefail", "-c", &text]).env("PATH", &path);
                // As the page says: named once there is one.
                if Path::new(&format!("{etc}/bailiwick.toml")).exists() {
                    bash.env("BAILIWICK_CONFIG", format!("{etc}/bailiwick.toml"));
                }
                let out = bash.output().expect("bash runs");
                said.push_str(&String::from_utf8_lossy(&out.stdout));
                assert!(out.status.success(), "{text}\n{said}{}", String::from_utf8_lossy(&out.stderr));
                run += 1;
            }
            "ini" => service = Some(start(&text)),
            "text" => {}
            other => panic!("nobody runs a block of {other:?}"),
        }
    }
    assert!(run == 6 && service.is_some(), "{run} blocks: {said}");
    assert!(said.contains("the settings are as they must be") && said.contains("\"items\":[]"), "{said}");
    assert!(!said.contains("failed "), "{said}");
    assert_eq!(sink.received().len(), 1, "the test mail");
}
