//! The command line.

mod demo;
mod doctor;
mod migrate;
mod model;
mod move_all;
mod serve;
mod tell;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use serve::Shared;

/// What went wrong, in a sentence for the terminal.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

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
