//! Every SQL statement that both databases can share, as a constant. `$n` is the nth argument, whatever order they
//! are used in. [`ALL`] is what a test prepares on a migrated database, so that no statement is wrong unseen.

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}

pub(crate) mod installation;
pub(crate) mod log;
pub(crate) mod observed;
pub(crate) mod people;
pub(crate) mod workspace;

/// Every statement, with its name.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [installation::ALL, log::ALL, observed::ALL, people::ALL, workspace::ALL].into_iter().flatten()
}
