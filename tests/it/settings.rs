//! `bailiwick init`, `config check` and `mail test`: from nothing to a service that runs and sends mail.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bailiwick_app::mail::sink::{Refusal, Sink};
use serde_json::Value;

use crate::world::Folder;

/// The exit code, and both of what it said.
fn ended(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
    let out = command.args(arguments).envs(environment.iter().copied()).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().expect("it ended by itself"), text(&out.stdout), text(&out.stderr))
}

/// A folder in which `init` was given.
struct Begun {
    _folder: Folder,
    file: String,
    data: String,
}

impl Begun {
    fn new() -> Self {
        let folder = Folder::new();
        std::fs::create_dir_all(&folder.0).expect("a folder");
        let path = |name: &str| folder.0.join(name).to_str().expect("a path in text").to_owned();
        let (file, data) = (path("bailiwick.toml"), path("data"));
        let (code, said, wrong) =
            ended(&["init", "--public-url", "http://localhost", "--file", &file, "--data", &data], &[]);
        assert!(code == 0 && said.contains("bailiwick config check --config"), "{code} {said}{wrong}");
        Self { _folder: folder, file, data }
    }

    fn append(&self, text: &str) {
        let all = std::fs::read_to_string(&self.file).expect("the file") + text;
        std::fs::write(&self.file, all).expect("the file");
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn ab163_init_makes_keys_of_its_own_for_the_owners_eyes_and_writes_nothing_over() {
    let (begun, other) = (Begun::new(), Begun::new());
    let keys = |of: &Begun| std::fs::read_to_string(Path::new(&of.data).join("keys.json")).expect("keys");
    assert_ne!(keys(&begun), keys(&other), "no two installations share a key");
    assert_eq!(mode(Path::new(&begun.file)), 0o600);
    assert_eq!(mode(&Path::new(&begun.data).join("keys.json")), 0o600);
    assert_eq!(mode(Path::new(&begun.data)), 0o700);

    let before = (std::fs::read_to_string(&begun.file).expect("the file"), keys(&begun));
    let again = ["init", "--public-url", "https://other.example", "--file", &begun.file, "--data", &begun.data];
    let (code, _, wrong) = ended(&again, &[]);
    assert!(code == 3 && wrong.contains("is there already; nothing was written"), "{code} {wrong}");
    let beside = format!("{}.new", begun.file);
    let again = ["init", "--public-url", "https://other.example", "--file", &beside, "--data", &begun.data];
    let (code, _, wrong) = ended(&again, &[]);
    assert!(code == 3 && wrong.contains("keys.json is there already"), "{code} {wrong}");
    assert!(!Path::new(&beside).exists(), "nothing half done");
    assert_eq!(before, (std::fs::read_to_string(&begun.file).expect("the file"), keys(&begun)));
}

#[test]
fn what_init_wrote_is_served_and_found_by_every_command() {
    let begun = Begun::new();
    let mut serving = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["serve", "--config", &begun.file, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let first = BufReader::new(serving.stdout.take().expect("stdout is piped")).lines().next();
    let made = ended(&["key", "create", "--config", &begun.file, "--name", "mine"], &[]);
    let listed = ended(&["key", "list", "--json"], &[("BAILIWICK_CONFIG", &*begun.file)]);
    let _ = serving.kill();
    let _ = serving.wait();
    let first = first.expect("it says where it is").expect("in text");
    assert!(first.contains("serves http://localhost on 127.0.0.1:"), "{first}");
    assert!(made.0 == 0 && made.1.contains("bwk_"), "{made:?}");
    assert!(listed.0 == 0 && listed.1.contains("\"mine\""), "{listed:?}");
}

#[test]
fn a_setting_says_where_it_comes_from_and_the_nearest_goes_first() {
    let begun = Begun::new();
    begun.append("brand = \"Of the file\"\nsupport = \"Of the file\"\nmail_from = \"file@example.com\"\n");
    begun.append("return_to = [\"https://a.example/x\", \"https://b.example/y\"]\nlease = 7\n");
    begun.append("database = \"postgres://me:hidden@db.example.com/b\"\n");
    let arguments = ["config", "check", "--config", &begun.file, "--show-origin", "--json", "--brand", "Of the option"];
    let environment = [("BAILIWICK_BRAND", "Of the environment"), ("BAILIWICK_SUPPORT", "Of the environment")];
    let (code, said, wrong) = ended(&arguments, &environment);
    assert_eq!(code, 0, "{said}{wrong}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let line = |text: &str| {
        let all = std::fs::read_to_string(&begun.file).expect("the file");
        let at = all.lines().position(|line| line.starts_with(text)).expect("it is there") + 1;
        format!("{}:{at}", begun.file)
    };
    for (setting, value, origin) in [
        ("brand", "Of the option", "--brand".to_owned()),
        ("support", "Of the environment", "BAILIWICK_SUPPORT".to_owned()),
        ("mail_from", "file@example.com", line("mail_from")),
        ("return_to", "https://a.example/x, https://b.example/y", line("return_to")),
        ("lease", "7", line("lease")),
        ("database", "postgres://me:***@db.example.com/b", line("database")),
        ("listen", "127.0.0.1:8080", "default".to_owned()),
        ("smtp_user", "", "not set".to_owned()),
    ] {
        let all = said["settings"].as_array().expect("settings");
        let found = all.iter().find(|s| s["setting"] == setting).unwrap_or_else(|| panic!("no {setting}"));
        assert_eq!((found["value"].as_str(), found["origin"].as_str()), (Some(value), Some(&*origin)), "{setting}");
    }
}

#[test]
fn what_is_wrong_with_settings_is_told_all_at_once() {
    let begun = Begun::new();
    let (code, said, _) = ended(&["config", "check", "--config", &begun.file], &[]);
    assert_eq!((code, &*said), (0, "the settings are as they must be\n"));
    let wrong =
        ["--public-url", "http://team.example.com", "--smtp", "mail", "--model", "mine=/nonexistent/model.toml"];
    let (code, said, _) = ended(&[&["config", "check", "--config", &*begun.file][..], &wrong].concat(), &[]);
    assert_eq!(code, 1);
    for part in
        ["public_url: the public address begins with https://", "smtp: `mail`", "model: /nonexistent/model.toml"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    begun.append("lese = 3\nsmtp = [\"a\"]\n");
    let (code, _, wrong) = ended(&["serve", "--config", &begun.file], &[]);
    assert_eq!(code, 1);
    for part in ["there is no setting `lese`", "did you mean `lease`?", "`smtp` must be a text"] {
        assert!(wrong.contains(part), "{part} is not in {wrong}");
    }
    let (code, _, wrong) = ended(&["key", "list", "--config", "/nonexistent/bailiwick.toml"], &[]);
    assert!(code == 3 && wrong.contains("/nonexistent/bailiwick.toml: "), "{code} {wrong}");
}

#[test]
fn a_test_mail_says_what_the_relay_answered() {
    let waiting = tokio::runtime::Runtime::new().expect("a runtime");
    let sink = waiting.block_on(Sink::start(0)).expect("a port");
    let relay = sink.address().to_string();
    let test = |address: &str, relay: &str| {
        ended(&["mail", "test", address, "--smtp", relay, "--smtp-security", "none", "--brand", "Tidewell"], &[])
    };
    let (code, said, wrong) = test("you@example.com", &relay);
    assert!(code == 0 && said.contains("took the mail to you@example.com"), "{code} {said}{wrong}");
    let received = sink.received();
    assert_eq!(received.len(), 1);
    let mail = String::from_utf8_lossy(&received[0].data);
    assert!(mail.contains("Subject: Tidewell can send mail"), "{mail}");
    sink.refuse_next(1, &Refusal::with(550, "5.1.1 No such mailbox"));
    let (code, _, wrong) = test("gone@example.com", &relay);
    assert!(
        code == 1 && wrong.contains("did not take the mail") && wrong.contains("No such mailbox"),
        "{code} {wrong}"
    );
    let (code, _, wrong) = test("not an address", &relay);
    assert!(code == 1 && wrong.contains("not a mail address"), "{code} {wrong}");
    let (code, _, wrong) = test("you@example.com", "127.0.0.1:1");
    assert!(code == 1 && wrong.contains("127.0.0.1:1 did not take the mail"), "{code} {wrong}");
    assert_eq!(test("you@example.com", "nowhere").0, 3);
}
