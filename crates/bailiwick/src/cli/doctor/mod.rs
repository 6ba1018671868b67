//! `bailiwick doctor`: whether everything that the service rests on is as it must be. It only looks.

mod directory;
mod shared;

use std::fmt;
use std::path::PathBuf;

use clap::Args;

use super::{Data, No, Outcome};

/// What to look at.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The PostgreSQL database, as the role that `bailiwick serve` signs in with. Without it: the database in the data
    /// directory.
    #[arg(long, env = "BAILIWICK_DATABASE")]
    database: Option<String>,
    /// A file with the root certificates that the database's server is trusted by, beside the public ones.
    #[arg(long, env = "BAILIWICK_DATABASE_ROOTS")]
    database_roots: Option<PathBuf>,
    /// One database server without a standby is intended: if it is lost, so is what was not backed up.
    #[arg(long)]
    single: bool,
    #[command(flatten)]
    data: Data,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    Warning,
    Failed,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    state: State,
    /// What it is about.
    about: &'static str,
    /// How it is, and what to do.
    says: String,
}

impl Finding {
    fn fine(about: &'static str, says: impl Into<String>) -> Self {
        Self { state: State::Fine, about, says: says.into() }
    }

    fn warning(about: &'static str, says: impl Into<String>) -> Self {
        Self { state: State::Warning, about, says: says.into() }
    }

    fn failed(about: &'static str, says: impl Into<String>) -> Self {
        Self { state: State::Failed, about, says: says.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Fine => "ok",
            State::Warning => "warning",
            State::Failed => "failed",
        };
        write!(out, "{state:<8} {}: {}", self.about, self.says)
    }
}

/// Looks, and says what was found; an error if something failed.
pub async fn run(asked: Doctor) -> Outcome {
    let mut findings = Vec::new();
    if let Some(database) = &asked.database {
        findings.extend(shared::look(database, asked.database_roots, asked.single).await);
    }
    findings.extend(directory::look(&asked.data.data, asked.database.is_none()).await);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.iter().filter(|finding| finding.state == State::Failed).count() {
        0 => Ok(()),
        failed => Err(No::because(format!("{failed} of {} looks failed", findings.len()))),
    }
}
