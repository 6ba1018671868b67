//! `bailiwick backup` and `bailiwick restore`: a data directory as a whole, at one moment.

use std::fs;
use std::path::{Path, PathBuf};

use bailiwick_app::rows::By;
use bailiwick_core::team::command::Actor;
use bailiwick_store::rows::Verified;
use bailiwick_store::{Sqlite, read};
use clap::Args;

use super::site::{DATABASE, KEYS, Site, chain_key};
use super::tell::alone;
use super::{Data, No, Outcome, say};
use crate::server;

/// What to copy, and where to.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The copy is verified before this ends. It holds the keys, too: whoever has it has everything.
A PostgreSQL database is backed up by its own tools.

Examples:
  bailiwick backup /srv/backup/2026-11-24
  bailiwick restore /srv/backup/2026-11-24 --data /var/lib/bailiwick"
)]
pub struct Backup {
    /// A new directory.
    to: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// What to put back, and where to.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Every session ends, every link and code is dead, and mails that waited are not sent: since the
backup some were used or ended, and nobody knows any more which. Invitations stay and can be sent again. Keys of hosts that
were revoked since the backup work again: look at `bailiwick key list`."
)]
pub struct Restore {
    /// The directory that `bailiwick backup` wrote.
    from: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// Copies a data directory, also while the service runs on it.
pub async fn backup(asked: Backup) -> Outcome {
    let (from, to) = (&asked.data.data, &asked.to);
    for name in [DATABASE, KEYS] {
        if !from.join(name).is_file() {
            return Err(format!("there is no {name} in {}", from.display()).into());
        }
    }
    if fs::read_dir(to).is_ok_and(|mut inside| inside.next().is_some()) || to.is_file() {
        return Err(No::because(format!("{} is there already; name a new directory", to.display())));
    }
    let key = chain_key(&from.join(KEYS))?;
    let site = Site::new(to)?;
    Sqlite::copy(from, &site.folder.join(DATABASE))?;
    fs::copy(from.join(KEYS), site.folder.join(KEYS)).map_err(|e| format!("{KEYS}: {e}"))?;
    let copy = Sqlite::open(&site.folder, key)?;
    let verified = whole(read(&copy, |from| from.verify(None)).await?, to)?;
    // Closed, it is one file.
    drop(copy);
    site.put_in_place()?;
    say(format!(
        "backed up to {}; verified there: {} events of {} lines",
        to.display(),
        verified.events,
        verified.lines
    ))
}

/// Puts a backup into a directory that has no database.
pub async fn restore(asked: Restore) -> Outcome {
    let (from, to) = (&asked.from, &asked.data.data);
    for name in [DATABASE, KEYS] {
        if !from.join(name).is_file() {
            return Err(format!("there is no {name} in {}", from.display()).into());
        }
    }
    if let Some(there) = [DATABASE, KEYS].into_iter().find(|name| to.join(name).exists()) {
        let sentence = format!("there is a {there} in {}; use a directory without one, or put it away", to.display());
        return Err(No::because(sentence));
    }
    let site = Site::new(to)?;
    for name in [DATABASE, KEYS] {
        fs::copy(from.join(name), site.folder.join(name)).map_err(|e| format!("{name}: {e}"))?;
    }
    let opened = server::open(&site.folder, alone(), None).await?;
    whole(opened.app.verify().await?, from)?;
    let voided = opened.app.void_what_opens(&By { actor: Actor::Operator, origin: None }).await?;
    let verified = whole(opened.app.verify().await?, to)?;
    drop(opened);
    site.put_in_place()?;
    say(format!(
        "restored to {}; verified there: {} events of {} lines\nended {} sessions; {} links and {} waiting mails are void",
        to.display(),
        verified.events,
        verified.lines,
        voided.sessions,
        voided.links,
        voided.mails
    ))
}

/// Refuses what does not verify.
fn whole(verified: Verified, of: &Path) -> Outcome<Verified> {
    match verified.broken {
        Some(broken) => Err(No::because(format!("{} does not verify: {broken:?}", of.display()))),
        None => Ok(verified),
    }
}
