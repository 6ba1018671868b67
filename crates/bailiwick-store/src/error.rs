//! What can go wrong with a database.

/// An error of the store. None of them is ever a decision.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database did not do it; nothing was changed.
    #[error("the database refused: {0}")]
    Database(String),
    /// The database cannot be reached, or went away meanwhile; nothing was changed.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// What is stored does not fit: an unknown kind, an event that cannot be folded, tables that differ from the
    /// log. The line is fenced.
    #[error("what is stored of {line} does not fit: {why}")]
    Fenced {
        /// The line.
        line: String,
        /// Why.
        why: String,
    },
    /// A name that must be unique is taken.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Another command was committed under the name of this one; nothing was changed.
    #[error("another command of this name was committed before")]
    NameUsed,
    /// The data directory is another process's.
    #[error("another process owns {0}")]
    Owned(String),
    /// The database lacks tables that this program needs.
    #[error("the database is at migration {found}, this program needs {known}: run `bailiwick migrate` first")]
    Older {
        /// What the database says; 0: nothing of Bailiwick is in it.
        found: u32,
        /// What the program needs.
        known: u32,
    },
    /// The database is of a newer release than this program.
    #[error("the database is at migration {found}, this program knows {known}: use the newer release")]
    Newer {
        /// What the database says.
        found: u32,
        /// What the program knows.
        known: u32,
    },
    /// The target of a move has rows already.
    #[error("the target is not empty: there are rows in its table {0}")]
    NotEmpty(&'static str),
    /// Nodes are registered on a database that is to be moved.
    #[error("nodes are registered on {of}: {names}")]
    Nodes {
        /// On the source, or on the target.
        of: &'static str,
        /// What they are called.
        names: String,
    },
    /// A newer release has changed the database in a way that this program must not be at work beside.
    #[error(
        "the database is for programs that know migration {needs}, this one knows {known}: start the newer release"
    )]
    Outdated {
        /// What a program must know.
        needs: u32,
        /// What this one knows.
        known: u32,
    },
    /// Whether a change was committed is not known. SQLite's store is closed by it: the process must stop and look when
    /// it starts again. PostgreSQL's goes on, and the next change of the line is decided on what is there.
    #[error("the outcome of a commit is unknown: {0}")]
    Unknown(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// A closure panicked; its change was rolled back.
    #[error("a change broke off; nothing of it was kept")]
    Poisoned,
}
