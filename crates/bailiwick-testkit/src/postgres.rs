//! A PostgreSQL server of one's own.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use crate::programs;
use crate::watcher::Watcher;

/// How long starting, stopping, promoting may take.
const PATIENCE: &str = "60";

/// How a server is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether it waits for the disk. Without, it is faster and survives the end of its process, not that of the machine.
    pub fsync: bool,
    /// Where it listens, if not at a free port of the loopback address.
    pub at: Option<SocketAddrV4>,
    /// Settings beside the usual ones.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A server, with the roles `postgres` (which may everything), `bailiwick_owner` (which may create) and `bailiwick`.
/// Nobody needs a password. It goes when this is dropped or the process ends, also by force.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    at: SocketAddrV4,
    watcher: Watcher,
}

impl Server {
    /// Whether this machine has the programs.
    pub fn is_installed() -> bool {
        programs::folder().is_some()
    }

    /// Starts a new, empty one.
    ///
    /// # Errors
    /// If the programs are missing or one of them fails.
    pub fn start(options: &Options) -> io::Result<Self> {
        let mut server = Self::without_data(options.at)?;
        let usual = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        server.make("initdb", &usual)?;
        let mut settings = format!("fsync = {}\n", if options.fsync { "on" } else { "off" });
        settings.push_str(&server.own_settings());
        for (name, value) in &options.settings {
            let _ = writeln!(settings, "{name} = '{}'", value.replace('\'', "''"));
        }
        server.append("data/postgresql.auto.conf", &settings)?;
        if let Some(at) = options.at {
            server.append("data/pg_hba.conf", &format!("host all all {}/8 trust\n", at.ip()))?;
        }
        server.run()?;
        server.psql("postgres", "create role bailiwick_owner login createdb; create role bailiwick login")?;
        Ok(server)
    }

    /// Makes a standby that follows this one under a name, streaming.
    ///
    /// # Errors
    /// If one of the programs fails.
    pub fn standby(&self, name: &str, at: Option<SocketAddrV4>) -> io::Result<Self> {
        let mut standby = Self::without_data(at)?;
        let (host, port) = (self.folder.display(), self.port());
        let from = format!("host={host} port={port} user=postgres application_name={name}");
        let usual = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync", "-d", &from];
        standby.make("pg_basebackup", &usual)?;
        standby.append("data/postgresql.auto.conf", &standby.own_settings())?;
        standby.run()?;
        Ok(standby)
    }

    fn without_data(at: Option<SocketAddrV4>) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let missing = || io::Error::new(io::ErrorKind::NotFound, "no initdb on this machine");
        let programs = programs::folder().ok_or_else(missing)?;
        let free = || TcpListener::bind("127.0.0.1:0")?.local_addr().map(|free| free.port());
        let at = at.map_or_else(|| free().map(|port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)), Ok)?;
        let port = at.port();
        let name = format!("bailiwick-pg-{}-{}-{port}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(name);
        let watcher = Watcher::new(&programs, &folder)?;
        Ok(Self { programs, folder, at, watcher })
    }

    /// Fills the folder's data by one of the programs.
    fn make(&mut self, program: &str, words: &[&str]) -> io::Result<()> {
        let (program, data) = (self.programs.join(program), self.data());
        let mut all = vec![path(&program)?];
        all.extend(words);
        all.extend(["-D", path(&data)?]);
        if self.watcher.make(&all)? {
            return Ok(());
        }
        let said = std::fs::read_to_string(self.folder.join("said")).unwrap_or_default();
        Err(io::Error::other(format!("{}: {}", program.display(), said.trim())))
    }

    /// What every one needs to be alone on its machine.
    fn own_settings(&self) -> String {
        format!(
            "listen_addresses = '{}'\nport = {}\nunix_socket_directories = '{}'\nmax_connections = 400\n\
             shared_buffers = 64MB\nlogging_collector = off\nautovacuum_naptime = 5s\n\
             wal_retrieve_retry_interval = 200ms\n",
            self.at.ip(),
            self.at.port(),
            self.folder.display()
        )
    }

    /// Runs what is in the folder, and waits until it answers.
    fn run(&mut self) -> io::Result<()> {
        self.watcher.run()?;
        for _ in 0..600 {
            let mut ready = self.program("pg_isready");
            ready.args(["-q", "-h", path(&self.folder)?, "-p", &self.port().to_string()]);
            if ready.status()?.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(io::Error::other(format!("it does not answer; its log: {}", self.log())))
    }

    /// Ends it at once, as if its process had been killed; what it wrote stays.
    ///
    /// # Errors
    /// If the server cannot be ended.
    pub fn stop_immediate(&mut self) -> io::Result<()> {
        self.watcher.stop()
    }

    /// Starts it again, after [`Server::stop_immediate`] or in place of it.
    ///
    /// # Errors
    /// If the server does not come back.
    pub fn restart(&mut self) -> io::Result<()> {
        self.stop_immediate()?;
        self.run()
    }

    /// Makes a standby a primary, on a timeline of its own.
    ///
    /// # Errors
    /// If it is none, or does not become one.
    pub fn promote(&self) -> io::Result<()> {
        let mut promote = self.program("pg_ctl");
        said(promote.args(["promote", "--wait", "--timeout", PATIENCE, "-D"]).arg(self.data())).map(drop)
    }

    /// Changes a setting that needs no restart.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn set(&self, name: &str, value: &str) -> io::Result<()> {
        let value = value.replace('\'', "''");
        self.psql("postgres", &format!("alter system set {name} = '{value}'"))?;
        self.psql("postgres", "select pg_reload_conf()").map(drop)
    }

    /// Makes an empty database that `bailiwick_owner` owns.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn create_database(&self, name: &str) -> io::Result<()> {
        self.psql("postgres", &format!("create database {name} owner bailiwick_owner")).map(drop)
    }

    /// Makes a database that is as another one, which nobody must be using.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn copy_database(&self, name: &str, of: &str) -> io::Result<()> {
        self.psql("postgres", &format!("create database {name} template {of} owner bailiwick_owner")).map(drop)
    }

    /// Takes a database away, and whoever uses it off it.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn drop_database(&self, name: &str) -> io::Result<()> {
        self.psql("postgres", &format!("drop database if exists {name} with (force)")).map(drop)
    }

    /// Does SQL as `postgres`; gives what it answered, columns apart by `|`.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-p", &self.port().to_string()]);
        psql.arg("-h").arg(&self.folder).args(["-d", database, "-c", sql]);
        Ok(String::from_utf8_lossy(&said(&mut psql)?.stdout).trim().to_owned())
    }

    /// The URL of a database for a role, over TCP.
    pub fn url(&self, database: &str, role: &str) -> String {
        format!("postgresql://{role}@{}/{database}", self.at)
    }

    /// The same through another port, that of a proxy.
    pub fn url_by(&self, port: u16, database: &str, role: &str) -> String {
        format!("postgresql://{role}@127.0.0.1:{port}/{database}")
    }

    /// The same over the Unix socket.
    pub fn socket_url(&self, database: &str, role: &str) -> String {
        format!("host={} port={} user={role} dbname={database}", self.folder.display(), self.port())
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.at.port()
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddrV4 {
        self.at
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file into its folder that only the server may read.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&self, name: &str, text: &str) -> io::Result<()> {
        let mut cat = programs::command("sh");
        cat.args(["-c", r#"umask 077; cat >>"$1""#, "sh"]).arg(self.folder.join(name)).stdin(Stdio::piped());
        let mut cat = cat.spawn()?;
        if let Some(mut input) = cat.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        if cat.wait()?.success() { Ok(()) } else { Err(io::Error::other(format!("{name} cannot be written"))) }
    }

    /// The end of what it logged.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        programs::command(self.programs.join(name))
    }
}

fn path(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::Error::other("the temporary folder has a name that is no text"))
}

/// Runs a program to its end; what it said is in the error.
fn said(command: &mut Command) -> io::Result<Output> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{}: {}", command.get_program().display(), said.trim())))
}
