//! Secrets and signatures. A secret is made from random bytes in the database and a key outside it, like that of a mailed
//! link (decision 2): whoever reads the database can sign nothing.

use std::fmt;

use bailiwick_core::ids::WebhookId;
use bailiwick_store::webhooks::SecretSeed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::keys::KeyBytes;

/// What an endpoint's messages are signed with. It prints as a fixed word.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; 32]);

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

impl SigningSecret {
    /// The secret of a seed.
    pub(super) fn of_seed(webhook: WebhookId, seed: &SecretSeed, key: &KeyBytes) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key.0));
        context.update(b"whsec_");
        context.update(&webhook.bytes());
        context.update(seed.nonce.as_bytes());
        let mut secret = [0; 32];
        secret.copy_from_slice(context.sign().as_ref());
        Self(secret)
    }

    /// As the host is shown it, once.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// The signature of a message, as an entry of the header.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python's hmac, hashlib and base64 say of the same key, id, time and body.
    #[test]
    fn ab121_a_signature_is_what_another_program_makes_of_it() {
        let secret = SigningSecret([7; 32]);
        assert_eq!(secret.reveal(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        let signed = secret.sign("evt_01", 1_795_500_000, br#"{"type":"member.joined"}"#);
        assert_eq!(signed, "v1,qJOlotH9JibM/zgxyPimVF0Gr6SIHtAyKP+i7+womvw=");
    }

    #[test]
    fn ab123_a_secret_follows_from_seed_and_key_and_does_not_print() {
        let seed = |nonce: &str| SecretSeed { nonce: nonce.into(), until: None };
        let of = |id, nonce, key| SigningSecret::of_seed(WebhookId(id), &seed(nonce), &KeyBytes([key; 32]));
        assert_eq!(of(1, "a", 1), of(1, "a", 1));
        for other in [of(2, "a", 1), of(1, "b", 1), of(1, "a", 2)] {
            assert_ne!(other, of(1, "a", 1));
        }
        assert_eq!(format!("{:?}", of(1, "a", 1)), "[secret]");
    }
}
