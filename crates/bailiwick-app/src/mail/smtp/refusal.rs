//! Why a mail was not sent, and whether to try again.

use lettre::transport::smtp::Error;

use crate::mail::inert::one_line;

/// Answers that are about us and not about the mail: a login is wanted, wrong, or too weak. The operator can put
/// that right, and then the mails that waited should go.
const ABOUT_US: [&str; 4] = ["530", "534", "535", "538"];
/// Words longer than this in a relay's answer can be a secret of a mail that it quotes.
const LONGEST_WORD: usize = 30;
/// How much of a relay's answer is kept, in characters.
const LONGEST_REASON: usize = 300;

/// A mail that was not taken, with a reason for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A later attempt can succeed: the relay was not there, or said so.
    #[error("not sent yet: {0}")]
    Temporary(String),
    /// No later attempt will succeed.
    #[error("not sent: {0}")]
    Permanent(String),
}

impl SendError {
    pub(super) fn of(error: &Error) -> Self {
        let reason = without_secrets(&error.to_string());
        let about_us = error.status().is_some_and(|code| ABOUT_US.contains(&code.to_string().as_str()));
        if error.is_permanent() && !about_us { Self::Permanent(reason) } else { Self::Temporary(reason) }
    }
}

/// Filters quote the link they dislike, and the reason goes to the log and the mail's row: the link must not (AB-040).
fn without_secrets(answer: &str) -> String {
    let hidden = |word: &str| word.contains("//") || word.contains('#') || word.chars().count() > LONGEST_WORD;
    let line = one_line(answer);
    let words: Vec<&str> = line.split(' ').map(|word| if hidden(word) { "[...]" } else { word }).collect();
    words.join(" ").chars().take(LONGEST_REASON).collect()
}
