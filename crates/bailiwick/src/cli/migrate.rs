//! `bailiwick migrate`: the tables of a PostgreSQL database.

use std::path::PathBuf;

use bailiwick_store::postgres::{Options, Postgres};
use clap::Args;

use super::Outcome;

/// What to prepare.
#[derive(Debug, Args)]
pub struct Migrate {
    /// The database, as the role that shall own its tables: `postgres://owner@host/bailiwick`.
    #[arg(long, env = "BAILIWICK_MIGRATE_DATABASE")]
    database: String,
    /// The role that `bailiwick serve` signs in with. It may neither change tables nor the log.
    #[arg(long, default_value = "bailiwick")]
    role: String,
    /// A file with the root certificates that the server is trusted by, beside the public ones.
    #[arg(long, env = "BAILIWICK_DATABASE_ROOTS")]
    database_roots: Option<PathBuf>,
}

/// Brings the tables to this release.
pub async fn run(asked: Migrate) -> Outcome {
    let options = Options { roots: asked.database_roots, ..Options::default() };
    Postgres::migrate(&asked.database, &asked.role, &options).await?;
    println!("The database is ready; serve it with --database as the role {}.", asked.role);
    Ok(())
}
