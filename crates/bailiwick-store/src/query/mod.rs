//! Every SQL statement, as a constant: one text for both databases, or where that cannot be two next to each other.
//! `$n` is the nth argument, whatever order they are used in. [`all`] is what a test prepares on a migrated database,
//! so that no statement is wrong unseen.

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}

/// An engine's dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement that must be said to each engine in its own way; the same arguments, the same columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Pair {
    /// What one of them is told.
    pub(crate) fn of(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

macro_rules! pairs {
    ($($(#[$doc:meta])* $name:ident = $sqlite:expr, $postgres:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::query::Pair =
            $crate::query::Pair { sqlite: $sqlite, postgres: $postgres };)*
        #[cfg(test)]
        pub(crate) const PAIRS: &[(&str, $crate::query::Pair)] = &[$((stringify!($name), $name),)*];
    };
}

pub(crate) mod installation;
pub(crate) mod log;
pub(crate) mod observed;
pub(crate) mod people;
pub(crate) mod postgres;
pub(crate) mod webhooks;
pub(crate) mod workspace;

/// Every statement that an engine is told, with its name.
#[cfg(test)]
pub(crate) fn all(dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
    let shared =
        [installation::ALL, log::ALL, observed::ALL, people::ALL, webhooks::ALL, workspace::ALL].into_iter().flatten();
    let pairs = [log::PAIRS, observed::PAIRS].into_iter().flatten();
    let own = if dialect == Dialect::Postgres { postgres::ALL } else { &[] };
    shared.copied().chain(pairs.map(move |(name, pair)| (*name, pair.of(dialect)))).chain(own.iter().copied())
}
