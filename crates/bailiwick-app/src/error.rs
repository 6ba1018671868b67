//! Everything that a use case can end in besides success.

use bailiwick_core::team::apply::Misfit;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_store::StoreError;

/// Why a use case did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppError {
    /// The rules of the team say no.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Sign-in says no.
    #[error("{0}")]
    SignIn(#[from] SignInRefusal),
    /// Nobody is signed in, or the credential is not one.
    #[error("sign in first")]
    NotSignedIn,
    /// The host's key does not have this scope.
    #[error("this key does not have the scope `{0}`")]
    Scope(&'static str),
    /// The session was begun by a host, for its product alone; an account is changed by who signed in here.
    #[error("a product signed you in; sign in here to change your account")]
    Vouched,
    /// A value of the request is not one.
    #[error("{sentence}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        sentence: String,
    },
    /// An endpoint says no.
    #[error("{0}")]
    Webhook(#[from] WebhookRefusal),
    /// Too often; try again after so many seconds.
    #[error("too often; wait {0} seconds")]
    TooOften(u32),
    /// Too much at once; try again soon.
    #[error("the server is busy")]
    Busy,
    /// This process is not sure to be up to date, or that what it did is in force everywhere.
    #[error("this node is not sure to be up to date; ask again")]
    Unsure,
    /// What was asked for by its revision is not there yet; the workspace is at this one.
    #[error("the workspace is at revision {0}, and a newer one was asked for")]
    NotYet(u64),
    /// The revision that the page before was of is not the newest any more.
    #[error("the workspace was changed since the page before this one")]
    Passed,
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used before")]
    Repeated,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl AppError {
    /// Whether it says that nothing is known for sure, rather than yes or no: a decision is then a no of its own kind.
    pub fn is_doubt(&self) -> bool {
        use StoreError::{Fenced, Unavailable};
        matches!(self, Self::Unsure | Self::NotYet(_) | Self::Store(Fenced { .. } | Unavailable(_)))
    }
}

impl AppError {
    /// The same of what comes after a commit: that the database is away no longer says that nothing was changed.
    pub(crate) fn once_committed(self) -> Self {
        match self {
            Self::Store(StoreError::Unavailable(why)) => {
                tracing::warn!(why, "the database went away after a commit");
                Self::Unsure
            }
            other => other,
        }
    }
}

impl From<Misfit> for AppError {
    fn from(misfit: Misfit) -> Self {
        Self::Store(StoreError::Fenced { line: "a workspace".into(), why: misfit.0 })
    }
}

/// Why something was not done with an endpoint of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// There is none, or it is another product's.
    #[error("There is no such webhook.")]
    NoSuchWebhook,
    /// There is none, or it ended too long ago.
    #[error("There is no such delivery.")]
    NoSuchDelivery,
    /// The product has as many as it can have.
    #[error("A product has at most 20 webhooks.")]
    TooMany,
    /// Nothing is sent to it.
    #[error("This webhook is disabled.")]
    Disabled,
}

impl WebhookRefusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSuchWebhook => "no-such-webhook",
            Self::NoSuchDelivery => "no-such-delivery",
            Self::TooMany => "too-many-webhooks",
            Self::Disabled => "webhook-disabled",
        }
    }
}

/// Why somebody was not signed in, or could not set a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Address and password do not belong together; the same for every reason (AB-067).
    #[error("This address and password do not belong together.")]
    WrongPassword,
    /// The link is unknown, used, too old or of another browser.
    #[error("This link does not work any more.")]
    DeadLink,
    /// The link was asked for in another browser.
    #[error("This link works in the browser that asked for it.")]
    OtherBrowser,
    /// The password is shorter than the rule says.
    #[error("A password has at least 15 characters.")]
    PasswordTooShort,
    /// The password is longer than is taken.
    #[error("A password has at most 256 characters.")]
    PasswordTooLong,
    /// The password is one that everybody tries.
    #[error("This password is too easy to guess.")]
    PasswordCommon,
    /// There is an account for this address: sign in.
    #[error("There is an account for this address.")]
    AccountExists,
    /// A name is needed.
    #[error("Tell us your name, in one line of at most 64 characters.")]
    NameNeeded,
}

impl SignInRefusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong-password",
            Self::DeadLink => "dead-link",
            Self::OtherBrowser => "other-browser",
            Self::PasswordTooShort => "password-too-short",
            Self::PasswordTooLong => "password-too-long",
            Self::PasswordCommon => "password-common",
            Self::AccountExists => "account-exists",
            Self::NameNeeded => "name-needed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_commit_nobody_is_told_that_nothing_was_changed() {
        let away = AppError::from(StoreError::Unavailable("no answer".into()));
        assert!(matches!(away.once_committed(), AppError::Unsure));
        assert!(matches!(AppError::Busy.once_committed(), AppError::Busy));
    }

    #[test]
    fn a_fenced_line_is_doubt_and_a_broken_database_or_a_refusal_is_not() {
        let fenced = StoreError::Fenced { line: "a workspace".into(), why: "an unknown kind".into() };
        let away = StoreError::Unavailable("no answer".into());
        assert!(AppError::from(away).is_doubt());
        assert!(AppError::from(fenced).is_doubt() && AppError::Unsure.is_doubt() && AppError::NotYet(7).is_doubt());
        assert!(!AppError::from(StoreError::Database("no".into())).is_doubt());
        assert!(!AppError::from(Refusal::NoSuchWorkspace).is_doubt());
    }
}
