//! Commands to a running server, through its private socket; without one, on the data directory itself.

use bailiwick_app::config::{Config, Limits};
use clap::{Args, Subcommand};

use super::{Data, Outcome};
use crate::operator::{Answer, Ask, ask_socket, do_it};
use crate::server::open;

/// Keys of hosts.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key; its secret is shown once.
    Create(CreateKey),
    /// Revoke a key; it opens nothing from then on.
    Revoke(RevokeKey),
}

/// A key to make.
#[derive(Debug, Args)]
pub struct CreateKey {
    #[command(flatten)]
    data: Data,
    /// What it is called.
    #[arg(long)]
    name: String,
    /// What it may do: check, read, manage, vouch.
    #[arg(long, value_delimiter = ',', default_value = "check")]
    scopes: Vec<String>,
    /// How many days it lasts.
    #[arg(long, default_value_t = 90)]
    days: u32,
}

/// A key to revoke.
#[derive(Debug, Args)]
pub struct RevokeKey {
    #[command(flatten)]
    data: Data,
    /// Its id, `key_...`.
    key: String,
}

/// The log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Walk the chain of every line, fold it, and compare it with the tables.
    Verify(Data),
}

/// `bailiwick key ...`
pub async fn key(key: Key) -> Outcome {
    let (data, ask) = match key {
        Key::Create(new) => (new.data, Ask::CreateKey { name: new.name, scopes: new.scopes, days: new.days }),
        Key::Revoke(old) => (old.data, Ask::RevokeKey { key: old.key }),
    };
    say(tell(&data, &ask).await?)
}

/// `bailiwick audit ...`
pub async fn audit(audit: Audit) -> Outcome {
    match audit {
        Audit::Verify(data) => say(tell(&data, &Ask::Verify).await?),
    }
}

fn say(answer: Answer) -> Outcome {
    answer.into_words().map(|words| println!("{words}"))
}

/// Asks, and says on the terminal how far it has come.
pub(super) async fn tell(data: &Data, ask: &Ask) -> Outcome<Answer> {
    if let Some(answer) = ask_socket(&data.data, ask, |line| eprintln!("{line}")).await? {
        return Ok(answer);
    }
    if !data.data.exists() {
        return Err(format!("{} does not exist", data.data.display()).into());
    }
    let config = Config {
        public_url: "http://localhost".into(),
        demo: false,
        support: String::new(),
        proxies: Vec::new(),
        limits: Limits::default(),
    };
    if data.data.join("keys.json").exists() && !data.data.join("bailiwick.db").exists() {
        let directory = data.data.display();
        return Err(format!("no node runs on {directory}, and its database is elsewhere; start the node first").into());
    }
    let opened = open(&data.data, config, None).await?;
    Ok(do_it(&opened.app, ask, &|line| eprintln!("{line}")).await)
}
