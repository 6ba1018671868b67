//! Secrets as people and programs carry them: `bwi_` and letters. Only a hash of one is ever stored.
//!
//! A token carries the id of its line in front of its secret part, so that the tables of secrets can be spread by
//! line, and a short checksum at its end, so that scanners recognise a leaked one.

use std::fmt;

use bailiwick_core::ids::{decode32, encode32};
use bailiwick_store::rows::SecretKind;
use ring::{digest, hmac};

use crate::keys::KeyBytes;

/// A token in clear. It prints as a fixed word; [`Token::reveal`] is for the one place that it is meant for.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

const LINE: usize = 26;
const SECRET: usize = 52;
const CHECK: usize = 6;

fn prefix(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Invitation => "bwi_",
        SecretKind::Session => "bws_",
        SecretKind::SignInLink => "bwl_",
        SecretKind::HostKey => "bwk_",
        SecretKind::HostCode => "bwc_",
    }
}

impl Token {
    /// The token of these secret bytes, on this line.
    pub fn new(kind: SecretKind, line: u128, secret: [u8; 32]) -> Self {
        let (high, low) = secret.split_at(16);
        let part = |half: &[u8]| encode32(u128::from_be_bytes(half.try_into().unwrap_or_default()));
        let body = format!("{}{}{}{}", prefix(kind), encode32(line), part(high), part(low));
        let check = checksum(&body);
        Self(body + &check)
    }

    /// The token of a mailed link: made from a nonce that the database holds and a key that it does not, the same
    /// at each try of sending.
    pub fn of_nonce(kind: SecretKind, line: u128, object: [u8; 16], nonce: &[u8; 32], key: &KeyBytes) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key.0));
        context.update(prefix(kind).as_bytes());
        context.update(&line.to_be_bytes());
        context.update(&object);
        context.update(nonce);
        let mut secret = [0; 32];
        secret.copy_from_slice(context.sign().as_ref());
        Self::new(kind, line, secret)
    }

    /// Reads a token of a kind; `None` if its form or checksum is wrong.
    pub fn parse(kind: SecretKind, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(prefix(kind))?;
        if rest.len() != LINE + SECRET + CHECK || !rest.is_ascii() {
            return None;
        }
        let (body, check) = text.split_at(text.len() - CHECK);
        (checksum(body) == check).then(|| Self(text.to_owned()))
    }

    /// The id of the line that it speaks of. It says where to look, and gives nothing by itself.
    pub fn line(&self) -> Option<u128> {
        self.0.get(4..4 + LINE).and_then(decode32)
    }

    /// What is stored of it. One way, and safe to look up by: the secret has 256 bits.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }

    /// The clear text, for the mail, cookie or answer that it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn checksum(body: &str) -> String {
    let hash = sha256(body.as_bytes());
    let bits = u128::from_be_bytes(hash[..16].try_into().unwrap_or_default());
    encode32(bits)[LINE - CHECK..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab168_secrets_are_256_bits_and_say_nothing_in_logs() {
        let token = Token::new(SecretKind::Session, 7, [9; 32]);
        assert_eq!(format!("{token:?}"), "[secret]");
        assert_eq!(Token::parse(SecretKind::Session, token.reveal()), Some(token.clone()));
        assert_eq!(token.line(), Some(7));
        assert_ne!(token.hash(), Token::new(SecretKind::Session, 7, [8; 32]).hash());
        assert_ne!(token.hash(), Token::new(SecretKind::Session, 8, [9; 32]).hash());
    }

    #[test]
    fn ab035_an_altered_token_is_none() {
        let token = Token::new(SecretKind::Invitation, 7, [9; 32]).reveal().to_owned();
        let mut altered = token.clone().into_bytes();
        altered[10] = if altered[10] == b'0' { b'1' } else { b'0' };
        for bad in [
            String::from_utf8(altered).unwrap(),
            token.replace("bwi_", "bws_"),
            format!("{token} "),
            token.to_uppercase(),
            token[1..].to_owned(),
            String::new(),
        ] {
            assert_eq!(Token::parse(SecretKind::Invitation, &bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mailed_link_is_the_same_at_each_try_and_another_for_each_nonce() {
        let make = |nonce| Token::of_nonce(SecretKind::Invitation, 7, [1; 16], &[nonce; 32], &KeyBytes([3; 32]));
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}
