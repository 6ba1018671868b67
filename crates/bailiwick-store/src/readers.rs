//! Which programs understand what is in a database: a program is known by the newest migration that it has.

use std::fmt::Display;

use crate::error::StoreError;
use crate::tables::db::Out;

/// The newest migration that this program knows; it has the same number in both databases.
pub(crate) const KNOWN: u32 = {
    let all = crate::sqlite::MIGRATIONS;
    all[all.len() - 1].0
};

/// Whether this program may be at work on a database for those that know a migration.
pub(crate) fn may_work(oldest: u32) -> Out<()> {
    if oldest <= KNOWN { Ok(()) } else { Err(StoreError::Outdated { needs: oldest, known: KNOWN }) }
}

/// Whether this program understands a line that those understand who know a migration. If not, the line is fenced.
pub(crate) fn understands(line: impl Display, oldest: u32) -> Out<()> {
    if oldest <= KNOWN {
        return Ok(());
    }
    let why = format!("a newer release wrote there what needs migration {oldest}, and this program knows {KNOWN}");
    Err(StoreError::Fenced { line: line.to_string(), why })
}
