//! `bailiwick move`: a whole installation from embedded SQLite to PostgreSQL, or back.

use std::fs;
use std::path::{Path, PathBuf};

use bailiwick_store::moving::{Moved, Progress, move_all};
use bailiwick_store::postgres::{Options, Postgres};
use bailiwick_store::{Sqlite, StoreError};
use clap::Args;

use super::Outcome;
use super::site::{DATABASE, KEYS, Site, chain_key};

/// Moves everything from one database into an empty one of the other kind, and verifies it there before it is kept. The
/// source stays as it was.
#[derive(Debug, Args)]
pub struct Move {
    /// A data directory, or a PostgreSQL database: `postgres://bailiwick@host/bailiwick`.
    #[arg(long)]
    from: String,
    /// The same: a data directory if the source is a PostgreSQL, a PostgreSQL that `bailiwick migrate` prepared if it is
    /// a directory.
    #[arg(long)]
    to: String,
    /// The installation's `keys.json`, that of any of its nodes, where the data directory has none yet; it gets a copy.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// A file with the root certificates that the database's server is trusted by, beside the public ones.
    #[arg(long, env = "BAILIWICK_DATABASE_ROOTS")]
    database_roots: Option<PathBuf>,
}

/// Moves it.
pub async fn run(asked: Move) -> Outcome {
    let options = Options { roots: asked.database_roots.clone(), ..Options::default() };
    let moved = match (is_url(&asked.from), is_url(&asked.to)) {
        (false, true) if asked.keys.is_some() => {
            return Err("--keys is for a move into a data directory; one that is moved has its keys".into());
        }
        (false, true) => to_postgres(Path::new(&asked.from), &asked.to, &options).await?,
        (true, false) => to_directory(&asked.from, Path::new(&asked.to), asked.keys.as_deref(), &options).await?,
        _ => return Err("one of --from and --to is a data directory, the other a postgres:// URL".into()),
    };
    println!(
        "moved: {} workspaces, {} persons; verified there: {} events of {} lines",
        moved.workspaces, moved.persons, moved.verified.events, moved.verified.lines
    );
    Ok(())
}

fn is_url(end: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| end.starts_with(scheme))
}

async fn to_postgres(from: &Path, to: &str, options: &Options) -> Outcome<Moved> {
    for name in [DATABASE, KEYS] {
        if !from.join(name).is_file() {
            return Err(format!("there is no {name} in {}", from.display()).into());
        }
    }
    let key = chain_key(&from.join(KEYS))?;
    let source = Sqlite::open(from, key.clone()).map_err(|e| sentence(&e))?;
    let target = Postgres::open(to, key, options).await.map_err(|e| sentence(&e))?;
    Ok(move_all((&source).into(), (&target).into(), progress()).await.map_err(|e| sentence(&e))?)
}

/// The database is filled and verified in a folder of its own inside the directory, and appears in its place at the end,
/// by one step of the file system: a server never finds a part of it, however the move ends.
async fn to_directory(from: &str, to: &Path, keys: Option<&Path>, options: &Options) -> Outcome<Moved> {
    if to.join(DATABASE).exists() {
        let to = to.display();
        return Err(format!("there is a database in {to}; use a directory without one, or put {DATABASE} away").into());
    }
    let own = to.join(KEYS);
    let keys = match keys {
        Some(_) if own.exists() => {
            return Err(format!("{} has keys already; leave --keys out to use them", to.display()).into());
        }
        Some(keys) => keys,
        None if own.exists() => &own,
        None => {
            let to = to.display();
            return Err(format!("there is no {KEYS} in {to}; name the installation's with --keys FILE").into());
        }
    };
    let key = chain_key(keys)?;
    let source = Postgres::open(from, key.clone(), options).await.map_err(|e| sentence(&e))?;
    let site = Site::new(to)?;
    let target = Sqlite::open(&site.folder, key).map_err(|e| sentence(&e))?;
    let moved = move_all((&source).into(), (&target).into(), progress()).await.map_err(|e| sentence(&e))?;
    // Closed, it is one file.
    drop(target);
    if keys != own {
        fs::copy(keys, site.folder.join(KEYS)).map_err(|e| format!("{}: {e}", keys.display()))?;
    }
    site.put_in_place()?;
    Ok(moved)
}

/// So many rows of one table are worth a line.
const MANY: u64 = 100_000;

/// Tells on the terminal how many rows of each table have gone over.
fn progress() -> impl FnMut(Progress) + Send + 'static {
    let mut before = None;
    move |at| {
        let now = match at {
            Progress::Rows(name, rows) => Some((name, rows)),
            Progress::Verifying => None,
        };
        if let Some((name, rows)) = before
            && (now.is_none_or(|(next, _)| next != name) || rows % MANY == 0)
        {
            eprintln!("{name}: {rows} rows");
        }
        if now.is_none() {
            eprintln!("verifying");
        }
        before = now;
    }
}

/// What the operator can do about it.
fn sentence(error: &StoreError) -> String {
    match error {
        StoreError::Owned(_) => format!("{error}: stop the server that runs on it first"),
        StoreError::NotEmpty(_) => format!("{error}. Make a new database and prepare it with `bailiwick migrate`"),
        StoreError::Nodes { .. } => format!(
            "{error}. Stop them first; `select node, applied from bailiwick.nodes` shows those that still run, and of one \
             that died `delete from bailiwick.nodes where node = ...` takes the row away"
        ),
        StoreError::Fenced { .. } => {
            format!(
                "{error}. Nothing was moved. Is {KEYS} that of the installation, and does `bailiwick audit verify` hold?"
            )
        }
        _ => error.to_string(),
    }
}
