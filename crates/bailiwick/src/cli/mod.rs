//! The command line.

mod ask;
mod audit;
mod backup;
mod completions;
mod config;
mod demo;
mod doctor;
mod init;
mod key;
mod mail;
mod migrate;
mod model;
mod move_all;
mod product;
mod serve;
mod settings;
mod site;
mod table;
mod tell;
mod workspace;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

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

const HELP: &str = "Begin:
  bailiwick demo                      made-up teams to try everything with
  bailiwick key create --name mine    a key for your product's API calls
  bailiwick model check models/mine   an access model of your own

Commands about an installation reach the running server through the private socket in its data directory (--data); without
one they open the directory themselves.

Ends with 0 if it was done or the answer is yes, 1 if the answer is no or it was refused, 2 if the command line is wrong, 3 if
it could not be done.";

/// Team settings as a service: workspaces, members, invitations, roles, seats, and "may this person do that?".
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, after_long_help = HELP)]
pub struct Bailiwick {
    /// A file with settings; an option or a variable of the environment goes before it. `bailiwick init` writes one.
    #[arg(long, global = true, env = "BAILIWICK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: made-up teams, a page to sign in as anybody, a mailbox. Loopback only.
    Demo(demo::Demo),
    /// Begin an installation: a file with every setting, a data directory with new keys. Writes nothing over.
    Init(init::Init),
    /// The settings: whether the service could run with them, and where each comes from.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Mail: send one, to see that it arrives.
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Run the service.
    Serve(Box<serve::Serve>),
    /// Prepare a PostgreSQL database, or bring it to this release, as the role that owns it.
    Migrate(migrate::Migrate),
    /// Move a whole installation from a data directory to PostgreSQL, or back.
    Move(move_all::Move),
    /// Copy a data directory, also while the service runs on it.
    Backup(backup::Backup),
    /// Put a backup into a directory without a database.
    Restore(backup::Restore),
    /// Look whether everything is as it must be, and say what to do where it is not. Changes nothing.
    Doctor(doctor::Doctor),
    /// Keys of hosts: make, replace, revoke, list.
    #[command(subcommand)]
    Key(key::Key),
    /// Products: register, list.
    #[command(subcommand)]
    Product(product::Product),
    /// Workspaces: transfer ownership.
    #[command(subcommand)]
    Workspace(workspace::Workspace),
    /// May they do that? Yes ends with 0, no with 1.
    #[command(after_long_help = ask::CHECK)]
    Check(ask::Question),
    /// May they do that, and why?
    #[command(after_long_help = ask::EXPLAIN)]
    Explain(ask::Question),
    /// Access models: check one, see what another version would change, apply it, take it back.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// The log: verify its chain, and that the tables equal it; export it.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// A script that completes commands and options in a shell.
    Completions(completions::Completions),
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
pub async fn run() -> Outcome {
    let command = Bailiwick::command();
    let settings = settings::named(&command)?;
    let matches = settings.as_ref().map_or_else(|| command.clone(), |s| s.beneath(command.clone())).get_matches();
    let asked = Bailiwick::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match asked.command {
        Command::Demo(demo) => demo::run(demo).await,
        Command::Serve(serve) => serve::run(*serve).await,
        Command::Migrate(migrate) => migrate::run(migrate).await,
        Command::Move(ends) => move_all::run(ends).await,
        Command::Backup(asked) => backup::backup(asked).await,
        Command::Restore(asked) => backup::restore(asked).await,
        Command::Doctor(asked) => doctor::run(asked).await,
        Command::Key(key) => key::run(key).await,
        Command::Product(product) => product::run(product).await,
        Command::Workspace(workspace) => workspace::run(workspace).await,
        Command::Check(question) => ask::check(question).await,
        Command::Explain(question) => ask::explain(question).await,
        Command::Model(command) => model::run(command).await,
        Command::Audit(audit) => audit::run(audit).await,
        Command::Init(asked) => init::run(&asked),
        Command::Config(config::ConfigCommand::Check(asked)) => config::run(&asked, &matches, settings.as_ref()),
        Command::Mail(mail::Mail::Test(asked)) => mail::run(asked).await,
        Command::Completions(asked) => completions::run(&asked),
    }
}
