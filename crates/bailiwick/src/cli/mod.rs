//! The command line.

mod demo;
mod doctor;
mod migrate;
mod model;
mod move_all;
mod serve;
mod table;
mod tell;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use serve::Shared;

/// What went wrong, in a sentence for the terminal.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An answer that is no: refused, denied, not as it must be. It ends with 1; what could not be done or answered, with 3.
#[derive(Debug)]
pub struct No(String);

impl No {
    /// With a sentence.
    pub fn because(why: impl Into<String>) -> Box<dyn std::error::Error + Send + Sync> {
        Box::new(Self(why.into()))
    }

    /// After everything was said.
    pub fn quietly() -> Box<dyn std::error::Error + Send + Sync> {
        Self::because("")
    }
}

impl std::fmt::Display for No {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for No {}

/// Team settings as a service: workspaces, members, invitations, roles, seats, and "may this person do that?".
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version)]
pub struct Bailiwick {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: made-up teams, a page to sign in as anybody, a mailbox. Loopback only.
    Demo(demo::Demo),
    /// Run the service.
    Serve(Box<serve::Serve>),
    /// Prepare a PostgreSQL database, or bring it to this release, as the role that owns it.
    Migrate(migrate::Migrate),
    /// Move a whole installation from a data directory to PostgreSQL, or back.
    Move(move_all::Move),
    /// Look whether everything is as it must be, and say what to do where it is not. Changes nothing.
    Doctor(doctor::Doctor),
    /// Make a key for a host, or revoke one. Reaches the running server through its private socket.
    #[command(subcommand)]
    Key(tell::Key),
    /// Access models: check one, see what another version would change, apply it, take it back.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// The log: verify its chain, and that the tables equal it.
    #[command(subcommand)]
    Audit(tell::Audit),
}

/// Says lines on the terminal. That nobody reads on, such as `head`, is no fault.
pub fn say(words: impl std::fmt::Display) -> Outcome {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{words}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says it as JSON.
pub fn say_json(value: &impl serde::Serialize) -> Outcome {
    say(serde_json::to_string_pretty(value)?)
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// The data directory: database, keys, private socket.
    #[arg(long, env = "BAILIWICK_DATA", default_value = "bailiwick-data")]
    pub data: PathBuf,
}

/// Runs what was asked.
pub async fn run(asked: Bailiwick) -> Outcome {
    match asked.command {
        Command::Demo(demo) => demo::run(demo).await,
        Command::Serve(serve) => serve::run(*serve).await,
        Command::Migrate(migrate) => migrate::run(migrate).await,
        Command::Move(ends) => move_all::run(ends).await,
        Command::Doctor(asked) => doctor::run(asked).await,
        Command::Key(key) => tell::key(key).await,
        Command::Model(command) => model::run(command).await,
        Command::Audit(audit) => tell::audit(audit).await,
    }
}
