//! `bailiwick demo`: everything on one machine, nothing else to install.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick_app::App;
use bailiwick_app::caller::Scope;
use bailiwick_app::config::{Config, Limits};
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_app::mail::sink::Sink;
use bailiwick_app::mail::{Security, SmtpConfig};
use bailiwick_core::team::command::Actor;
use bailiwick_store::rows::By;
use clap::Args;

use super::{Outcome, Shared};
use crate::server::{Opened, Server, open, open_shared};

/// Where webhooks of the demo may go beside the public internet: to whoever tries it out.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

/// Made-up teams to try everything with.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where to listen; a loopback address.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the demo's data is kept; stopping and starting keeps what was changed.
    #[arg(long, default_value = "bailiwick-demo")]
    data: PathBuf,
    /// A PostgreSQL database that `bailiwick migrate` prepared, instead of SQLite in the data directory. Several demos may
    /// share it, each with a data directory of its own and a copy of the first one's `keys.json`; what mail a demo sends is
    /// shown by that one alone.
    #[arg(long)]
    database: Option<String>,
    /// What browsers reach it by, `http://localhost:PORT`, where a balancer stands before several.
    #[arg(long)]
    public_url: Option<String>,
}

/// Runs the demo until it is stopped.
pub async fn run(demo: Demo) -> Outcome {
    if !demo.listen.ip().is_loopback() {
        return Err(
            format!("the demo signs in anybody, so it listens on loopback only, not on {}", demo.listen.ip()).into()
        );
    }
    let listener = tokio::net::TcpListener::bind(demo.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", demo.listen))?;
    let port = listener.local_addr()?.port();
    let public_url = demo.public_url.unwrap_or_else(|| format!("http://localhost:{port}"));
    if !public_url.starts_with("http://localhost:") {
        return Err("the demo signs in anybody, so its public address is http://localhost:PORT".into());
    }
    let config = Config {
        public_url,
        demo: true,
        support: "the operator of this demo".into(),
        proxies: Vec::new(),
        outbound: LOOPBACK.iter().filter_map(|network| network.parse().ok()).collect(),
        limits: Limits { tries_per_source: 1000, invites_per_inviter: 1000, ..Limits::default() },
    };
    let Opened { app, nodes } = match demo.database {
        None => open(&demo.data, config, None).await?,
        Some(database) => open_shared(&demo.data, &database, &Shared::named("demo"), config, None).await?,
    };
    let by = By { actor: Actor::Operator, origin: None };
    app.ensure(&by, "Tidewell", &crate::server::PRESETS).await?;
    app.seed_demo().await?;
    let key = host_key(&app, &by, &demo.data).await?;
    let sink = Arc::new(Sink::start(0).await?);
    let smtp = SmtpConfig {
        host: sink.address().ip().to_string(),
        port: sink.address().port(),
        security: Security::None,
        login: None,
        from_name: "Tidewell".into(),
        from_address: "team@tidewell.example".into(),
        hello_name: "localhost".into(),
        extra_root: None,
    };
    let own = format!("http://localhost:{port}");
    let among = if app.config.public_url == own { String::new() } else { format!(" (this one: {own}/demo)") };
    let announce = format!(
        "Bailiwick demo: {}/demo{among}\n\
         \x20 sign in as anybody, read the mail that was sent; stop with Ctrl-C, start again and all is as it was\n\
         \x20 a host's key for curl: {}",
        app.config.public_url,
        key.display()
    );
    Server { app, nodes, smtp, mailbox: Some(sink), data: demo.data, announce }.run(listener).await
}

/// The key of the demo's host, in a file for its owner's eyes; made on the first start.
async fn host_key(app: &App, by: &By, data: &Path) -> Outcome<PathBuf> {
    let path = data.join("host-key");
    if !path.exists() {
        let key = app.create_key(by, DEFAULT_PRODUCT, "demo", &Scope::ALL, 365).await?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{}", key.token.reveal())?;
    }
    Ok(path)
}
