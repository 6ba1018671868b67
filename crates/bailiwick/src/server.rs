//! Putting the parts together: store, app, routes, background work, an orderly end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use bailiwick_app::App;
use bailiwick_app::app::Parts;
use bailiwick_app::clock::Clock;
use bailiwick_app::config::Config;
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::sink::Sink;
use bailiwick_app::mail::{Smtp, SmtpConfig, Templates};
use bailiwick_app::nodes::Shared;
use bailiwick_app::random::Random;
use bailiwick_core::node::Terms;
use bailiwick_store::postgres::{Options, Postgres};
use bailiwick_store::rows::LineId;
use bailiwick_store::sqlite::Sqlite;
use bailiwick_store::{ChainKey, Store};
use tokio::net::TcpListener;

use crate::cli::{self, Outcome};

/// The models that ship with the binary.
pub const PRESETS: [(&str, &str); 5] = [
    ("tenant", include_str!("../../../models/tenant/model.toml")),
    ("properties", include_str!("../../../models/properties/model.toml")),
    ("chatbots", include_str!("../../../models/chatbots/model.toml")),
    ("profiles", include_str!("../../../models/profiles/model.toml")),
    ("agents", include_str!("../../../models/agents/model.toml")),
];

/// How long running requests have to end once the server was asked to stop; a client that does not read its answer
/// must not keep it from that.
const GRACE: Duration = Duration::from_secs(10);

/// How often what fell due is written down.
const TICK: Duration = Duration::from_secs(5);

/// Between two looks at whether this process has become a node.
const PAUSE: Duration = Duration::from_millis(20);

/// An installation that was opened.
pub struct Opened {
    /// The service.
    pub app: Arc<App>,
    /// This process among others, if the database is shared.
    pub nodes: Option<Arc<Shared>>,
}

/// Opens a data directory, which this process owns from then on, with the database in it.
pub async fn open(data: &Path, config: Config, mail_templates: Option<&Path>) -> Outcome<Opened> {
    let keys = prepare(data)?;
    let store = Sqlite::open(data, ChainKey::new(keys.chain_id, &keys.chain.0))?;
    let app = App::start(parts(Arc::new(store), keys, config, mail_templates)?).await?;
    Ok(Opened { app, nodes: None })
}

/// Opens a data directory and takes part in a database that several nodes share.
pub async fn open_shared(
    data: &Path,
    database: &str,
    shared: &cli::Shared,
    config: Config,
    mail_templates: Option<&Path>,
) -> Outcome<Opened> {
    let keys = prepare(data)?;
    let lease = Duration::from_secs(shared.lease);
    let options = Options { roots: shared.database_roots.clone(), lease, ..Options::default() };
    let store: Arc<dyn Store> =
        Arc::new(Postgres::open(database, ChainKey::new(keys.chain_id, &keys.chain.0), &options).await?);
    // A node with keys of its own would write a log that no other can verify.
    let verified = bailiwick_store::read(&*store, |from| from.verify(Some(LineId::Installation))).await?;
    let begun = bailiwick_store::read(&*store, |from| from.head()).await? > 0;
    if let Some(broken) = verified.broken.filter(|_| begun) {
        let keys = data.join("keys.json");
        return Err(
            format!("{broken}. If this is a new node, copy keys.json from another one to {}", keys.display()).into()
        );
    }
    let node = Shared::new(shared.node.clone(), Terms::of(lease));
    let app = App::start_shared(parts(store, keys, config, mail_templates)?, Arc::clone(&node)).await?;
    // What it writes at its start carries a time, so it has to be one of the nodes, and to know the time, before that.
    while app.sure().is_err() {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Opened { app, nodes: Some(node) })
}

fn prepare(data: &Path) -> Outcome<Keys> {
    logs();
    directory(data)?;
    Ok(Keys::of_directory(data, &Random::system())?)
}

fn parts(store: Arc<dyn Store>, keys: Keys, config: Config, mail_templates: Option<&Path>) -> Outcome<Parts> {
    let templates = Templates::with_overrides(mail_templates)?;
    Ok(Parts { store, clock: Arc::new(Clock::system()), keys, config, templates })
}

/// A data directory, made if it is not there, for its owner alone.
pub fn directory(data: &Path) -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(data).map_err(|e| format!("{}: {e}", data.display()))?;
    std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o700))
        .map_err(|e| format!("{}: {e}", data.display()).into())
}

fn logs() {
    // A second call in one process keeps the first one's settings.
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::INFO).try_init();
}

/// A server that is about to run.
pub struct Server {
    /// The service.
    pub app: Arc<App>,
    /// This process among others, if the database is shared.
    pub nodes: Option<Arc<Shared>>,
    /// The relay that mails leave by.
    pub smtp: SmtpConfig,
    /// Where the demo's mail arrives.
    pub mailbox: Option<Arc<Sink>>,
    /// The data directory.
    pub data: PathBuf,
    /// What to say on the terminal once it runs.
    pub announce: String,
}

impl Server {
    /// Serves until SIGTERM or Ctrl-C; then lets running requests end.
    pub async fn run(self, listener: TcpListener) -> Outcome {
        let smtp = Smtp::new(&self.smtp)?;
        let mails = tokio::spawn(send_mails(Arc::clone(&self.app), smtp));
        let webhooks = tokio::spawn(Arc::clone(&self.app).send_webhooks());
        let time = tokio::spawn(let_time_pass(Arc::clone(&self.app)));
        let (app, socket) = (Arc::clone(&self.app), crate::operator::bind(&self.data)?);
        let operator = tokio::spawn(async move {
            if let Err(error) = crate::operator::listen(app, socket).await {
                tracing::error!(%error, "the private socket is closed");
            }
        });
        let router = bailiwick_http::router(&self.app, self.mailbox);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        println!("{}", self.announce);
        axum_serve(listener, service).await?;
        if let Some(node) = self.nodes {
            node.leave().await;
        }
        for task in [mails, webhooks, time, operator] {
            task.abort();
        }
        Ok(())
    }
}

async fn axum_serve(
    listener: TcpListener,
    service: axum::extract::connect_info::IntoMakeServiceWithConnectInfo<axum::Router, SocketAddr>,
) -> Outcome {
    // Small answers leave at once, also when another one is still on its way.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection answers in larger pieces");
        }
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        // Whoever stops also drops the sender.
        let _ = stopped.await;
    };
    let late = async {
        asked_to_stop().await;
        drop(stop);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(stopped) => served?,
        () = late => tracing::warn!("some requests were still running, or not read; they are broken off"),
    }
    Ok(())
}

async fn asked_to_stop() {
    let term = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = term => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn send_mails(app: Arc<App>, smtp: Smtp) {
    loop {
        match app.deliver_due(&smtp).await {
            Ok(0) => app.mail_to_send().await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "mails could not be looked through");
                app.mail_to_send().await;
            }
        }
    }
}

async fn let_time_pass(app: Arc<App>) {
    loop {
        if let Err(error) = app.let_time_pass().await {
            tracing::error!(%error, "what fell due could not be written");
        }
        tokio::time::sleep(TICK).await;
    }
}
