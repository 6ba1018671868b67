//! What an operator says about the relay.

use std::fmt;
use std::path::PathBuf;

/// A password. It prints as a fixed word.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a password in.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(hidden)")
    }
}

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all; for a relay on the same machine.
    None,
    /// Begins in clear and must turn to TLS before anything is said (usually port 587).
    StartTls,
    /// TLS from the first byte (usually port 465).
    Tls,
}

/// Who we are to the relay.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The relay, and what our mails say about themselves.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// The relay's name; its certificate must carry it.
    pub host: String,
    /// The relay's port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are to the relay, if it asks.
    pub login: Option<Login>,
    /// The name that mails come from.
    pub from_name: String,
    /// The address that mails come from.
    pub from_address: String,
    /// The name by which we greet the relay.
    pub hello_name: String,
    /// A PEM file with roots that are trusted beside the public ones: for a relay with a certificate of one's own.
    pub extra_root: Option<PathBuf>,
}

/// Why mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum SmtpConfigError {
    /// The sender is no mail address.
    #[error("the sender's address is not a mail address")]
    FromAddress,
    /// A name that goes into a command or a header holds what would end it.
    #[error("the sender's name, the relay's name or the greeting is empty or holds blanks or control characters")]
    Name,
    /// A password and no TLS.
    #[error("a password needs `starttls` or `tls`: without them it would cross the network readable")]
    PasswordInClear,
    /// The file of extra roots cannot be read.
    #[error("the root certificates in `{}` cannot be read: {source}", path.display())]
    RootUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of extra roots holds something else.
    #[error("`{}` holds no certificates in PEM form", .0.display())]
    RootWrong(PathBuf),
    /// TLS cannot be prepared.
    #[error("TLS cannot be prepared: {0}")]
    Tls(String),
}

impl SmtpConfig {
    pub(super) fn check(&self) -> Result<(), SmtpConfigError> {
        let one_word = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        if !one_word(&self.host) || !one_word(&self.hello_name) || self.from_name.chars().any(char::is_control) {
            return Err(SmtpConfigError::Name);
        }
        if self.security == Security::None && self.login.is_some() {
            return Err(SmtpConfigError::PasswordInClear);
        }
        Ok(())
    }
}
