//! What PostgreSQL says when it does not do something.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::error::StoreError;

/// Names that must be unique, by their constraint or index.
const TAKEN: &[(&str, &str)] = &[
    ("workspaces_external", "the workspace's external id"),
    ("members_sole", "the single owner's place"),
    ("members_workspace_id_person_id_scope_key", "the person's place in the workspace"),
    ("members_workspace_id_address_id_scope_key", "the address's place in the workspace"),
    ("invitations_open", "the address's place in the workspace"),
    ("person_external_ids_pkey", "the person's external id"),
    ("persons_address", "the address"),
    ("products_name_key", "the product's name"),
    ("resources_id", "the resource's id"),
    ("secrets_pkey", "the secret"),
    ("mails_pkey", "the mail's id"),
    ("changes_command", "the command's id"),
];

/// What a server says that is going, coming, full or a standby: no connection, an end by the administrator, a crash,
/// a start, no more connections, nothing but reading.
const AWAY: &[&str] = &["08", "57P", "53300", "25006"];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(said) = error.as_db_error() else { return Self::Unavailable(with_causes(&error)) };
        if *said.code() == SqlState::UNIQUE_VIOLATION
            && let Some((_, what)) = TAKEN.iter().find(|(of, _)| said.constraint() == Some(of))
        {
            return Self::Taken(what);
        }
        // The detail stays away: it has values of the row in it.
        let told = format!("{} ({})", said.message(), said.code().code());
        if AWAY.iter().any(|class| said.code().code().starts_with(class)) {
            return Self::Unavailable(told);
        }
        Self::Database(told)
    }
}

/// The driver says the kind of trouble, its causes say what it was.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

/// Whether the server refused a statement, and the connection goes on: what followed in the transaction is not done.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.as_db_error().is_some_and(|said| said.parsed_severity() == Some(Severity::Error))
}

/// Whether a notice says that a commit did not wait for the standby. The words may be in any language, the place in
/// the server's source is not.
pub(super) fn is_doubt(notice: &DbError) -> bool {
    notice.routine() == Some("SyncRepWaitForLSN") || notice.message().contains("synchronous replication")
}
