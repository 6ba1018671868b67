//! One connection: how it is made, what is seen on it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bailiwick_core::node::Place;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::{AsyncMessage, Client, Config, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Options;
use super::error::is_doubt;
use super::newest::Newest;
use super::tls;
use crate::error::StoreError;
use crate::tables::db::Out;

/// How long a host may take to be reached.
const REACH: Duration = Duration::from_secs(5);
/// How long what was sent may stay unanswered by the other machine before the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(5);
/// Where several hosts are named, the one that was used last has such a start before each of the others is tried, too.
const START: Duration = Duration::from_millis(300);

/// What a connection is for; the server ends what takes longer than such work can.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Changes and observations.
    Change,
    /// Reads, which may walk the whole log.
    Read,
    /// What nodes tell each other.
    Node,
    /// The tables themselves.
    Migrate,
}

impl Purpose {
    /// Bounds on a statement, on the wait for a lock, on idleness in a transaction; seconds, 0: none.
    fn bounds(self) -> [u32; 3] {
        match self {
            Self::Change => [30, 10, 60],
            Self::Read => [600, 10, 600],
            Self::Node => [5, 5, 5],
            Self::Migrate => [0, 60, 0],
        }
    }
}

/// Makes connections.
pub(super) struct Dialer {
    /// One for each host of the URL.
    hosts: Vec<Config>,
    /// Which of them was used last.
    last: AtomicUsize,
    newest: Arc<Newest>,
    tls: MakeRustlsConnect,
    handle: Handle,
}

/// A message of the server that nobody asked for.
pub(super) type Heard = Box<dyn FnMut(&str) + Send>;

impl Dialer {
    /// A dialer to a URL. Connections live on the runtime that this is called on.
    pub(super) fn new(url: &str, options: &Options) -> Out<Self> {
        // What the parser says may repeat the URL, and with it a password.
        let mut config =
            Config::from_str(url).map_err(|_| StoreError::Database("this is no URL of a PostgreSQL".into()))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(REACH);
        }
        if config.get_application_name().is_none() {
            config.application_name("bailiwick");
        }
        kept(&mut config);
        let handle =
            Handle::try_current().map_err(|_| StoreError::Database("a store needs a runtime to live on".into()))?;
        let tls = tls::connector(options.roots.as_deref())?;
        Ok(Self { hosts: each_host(&config), last: AtomicUsize::new(0), newest: Arc::default(), tls, handle })
    }

    /// The same, whose connections live on another runtime.
    pub(super) fn on(&self, handle: &Handle) -> Self {
        Self {
            hosts: self.hosts.clone(),
            last: self.last.load(Relaxed).into(),
            newest: Arc::clone(&self.newest),
            tls: self.tls.clone(),
            handle: handle.clone(),
        }
    }

    /// The runtime that connections live on.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A new connection to a server that takes writes.
    pub(super) async fn connect(&self, purpose: Purpose) -> Out<Conn> {
        self.listening(purpose, Box::new(|_| {})).await
    }

    /// The same; what others notify is told to `heard`.
    pub(super) async fn listening(&self, purpose: Purpose, heard: Heard) -> Out<Conn> {
        let heard = Arc::new(Mutex::new(heard));
        let first = self.last.load(Relaxed);
        // Whoever asks may be on another runtime, which ends before the connection does.
        let mut tries = JoinSet::new();
        for n in 0..self.hosts.len() {
            let host = (first + n) % self.hosts.len();
            let trying = self.dial(host, purpose, Arc::clone(&heard));
            let start = START * u32::try_from(n).unwrap_or(u32::MAX);
            let later = async move {
                tokio::time::sleep(start).await;
                (host, trying.await)
            };
            tries.spawn_on(later, &self.handle);
        }
        let mut why: Option<StoreError> = None;
        while let Some(tried) = tries.join_next().await {
            match tried.map_err(|_| StoreError::Closed)? {
                (host, Ok(conn)) => {
                    self.last.store(host, Relaxed);
                    return Ok(conn);
                }
                (_, Err(error)) => {
                    why = Some(why.map_or(error.clone(), |other| StoreError::Unavailable(format!("{other}; {error}"))));
                }
            }
        }
        Err(why.unwrap_or(StoreError::Closed))
    }

    /// A new connection to one of the hosts, if that takes writes and is on the newest history that is known.
    fn dial(
        &self,
        host: usize,
        purpose: Purpose,
        heard: Arc<Mutex<Heard>>,
    ) -> impl Future<Output = Out<Conn>> + Send + 'static {
        let (config, tls, newest) = (self.hosts[host].clone(), self.tls.clone(), Arc::clone(&self.newest));
        async move {
            let (client, mut connection) = config.connect(tls).await?;
            let doubt = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&doubt);
            let (alive, end) = watch::channel(());
            let driving = tokio::spawn(async move {
                let _alive = alive;
                loop {
                    match poll_fn(|context| connection.poll_message(context)).await {
                        // It comes before the answer to the commit, and this task hands on both.
                        Some(Ok(AsyncMessage::Notice(notice))) if is_doubt(&notice) => seen.store(true, Relaxed),
                        Some(Ok(AsyncMessage::Notification(note))) => {
                            heard.lock().unwrap_or_else(PoisonError::into_inner)(note.payload());
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => break,
                    }
                }
            });
            let place = tokio::time::timeout(SILENCE, prepare_session(&client, purpose))
                .await
                .map_err(|_| StoreError::Unavailable("the server does not answer".into()))??;
            newest.see(place);
            if newest.has_left(place) {
                return Err(StoreError::Unavailable("the server was left behind by a fail-over".into()));
            }
            Ok(Conn {
                client: Arc::new(client),
                place,
                newest,
                doubt,
                lost: false.into(),
                driving: driving.abort_handle(),
                end,
                statements: Arc::default(),
            })
        }
    }
}

/// The same for each of its hosts alone.
fn each_host(all: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    if hosts.len() < 2 {
        return vec![all.clone()];
    }
    let one = |(n, host): (usize, &Host)| {
        let mut one = Config::new();
        match host {
            Host::Tcp(name) => one.host(name),
            Host::Unix(folder) => one.host_path(folder),
        };
        addresses.get(n).map(|address| one.hostaddr(*address));
        // One port is that of all of them.
        ports.get(n).or(ports.first()).map(|port| one.port(*port));
        all.get_user().map(|user| one.user(user));
        all.get_password().map(|password| one.password(password));
        all.get_dbname().map(|name| one.dbname(name));
        all.get_options().map(|options| one.options(options));
        all.get_application_name().map(|name| one.application_name(name));
        all.get_connect_timeout().map(|patience| one.connect_timeout(*patience));
        one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
        one.channel_binding(all.get_channel_binding());
        kept(&mut one);
        one
    };
    hosts.iter().enumerate().map(one).collect()
}

/// What holds for every connection, whatever the URL says.
fn kept(config: &mut Config) {
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    config.keepalives(true).keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(1));
    config.keepalives_retries(2).tcp_user_timeout(SILENCE);
}

/// Sets up a session; where it is.
async fn prepare_session(client: &Client, purpose: Purpose) -> Out<Place> {
    let [statement, lock, idle] = purpose.bounds();
    // A role's own settings must neither hide the warning that a commit did not wait, nor make commits that are none.
    let sql = format!(
        "set search_path = bailiwick; set statement_timeout = '{statement}s'; set lock_timeout = '{lock}s';
         set idle_in_transaction_session_timeout = '{idle}s'; set client_min_messages = warning;
         set default_transaction_isolation = 'read committed';
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local');
         select system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) from pg_control_system()"
    );
    let last = client.simple_query(&sql).await?.into_iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let place = last.and_then(|row| {
        let system = row.get(0)?.parse::<i64>().ok()?.cast_unsigned();
        let timeline = u32::from_str_radix(row.get(1)?, 16).ok()?;
        Some(Place { system, timeline })
    });
    place.ok_or_else(|| StoreError::Database("the server does not say which history it is on".into()))
}

/// A connection.
pub(super) struct Conn {
    pub(super) client: Arc<Client>,
    /// Where it is. A server that takes writes is on one timeline until it stops.
    pub(super) place: Place,
    newest: Arc<Newest>,
    doubt: Arc<AtomicBool>,
    lost: AtomicBool,
    driving: AbortHandle,
    /// Closed by whatever drives the connection, at its end.
    end: watch::Receiver<()>,
    statements: Arc<Mutex<HashMap<String, Statement>>>,
}

impl Conn {
    /// A statement, prepared once a connection.
    pub(super) async fn statement(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.known(sql) {
            return Ok(known);
        }
        let statement = self.client.prepare(sql).await?;
        let mut book = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        book.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// A statement that was prepared before.
    pub(super) fn known(&self, sql: &str) -> Option<Statement> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned()
    }

    /// Forgets what was in doubt before.
    pub(super) fn believe(&self) {
        self.doubt.store(false, Relaxed);
    }

    /// Whether the server said that a commit did not wait for the standby.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.load(Relaxed)
    }

    /// Whether it can still be used.
    pub(super) fn is_alive(&self) -> bool {
        !self.lost.load(Relaxed) && !self.client.is_closed() && !self.newest.has_left(self.place)
    }

    /// Waits until the connection has ended.
    pub(super) async fn ended(&self) {
        // Nothing is ever sent: what comes is that the sender is gone.
        let _ = self.end.clone().changed().await;
    }

    /// Something went wrong on it that was no refusal of a statement.
    pub(super) fn give_up(&self) {
        self.lost.store(true, Relaxed);
    }

    /// Ends it at once, whatever it is doing.
    pub(super) fn break_off(&self) {
        self.driving.abort();
    }
}
