//! The one place that asks the system for randomness.

use bailiwick_core::time::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

/// The system's generator.
#[derive(Debug, Clone)]
pub struct Random(SystemRandom);

impl Random {
    /// The system's generator.
    pub fn system() -> Self {
        Self(SystemRandom::new())
    }

    /// Thirty-two bytes that nobody can guess.
    pub fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes).expect("a system without randomness cannot make secrets, so nothing goes on");
        bytes
    }

    /// Sixteen bytes.
    pub fn bits(&self) -> u128 {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes).expect("a system without randomness cannot make ids, so nothing goes on");
        u128::from_be_bytes(bytes)
    }

    /// An id: 48 bits of the time in milliseconds, then randomness, in the layout of UUID version 7, so that rows
    /// written one after another lie side by side in the database. Ids are no secret and give nothing (AB-168).
    pub fn id(&self, now: Timestamp) -> u128 {
        let millis = u128::from(u64::try_from(now.0 / 1000).unwrap_or(0)) & 0xffff_ffff_ffff;
        let random = self.bits();
        let low = random & ((1 << 62) - 1);
        let middle = (random >> 64) & 0xfff;
        millis << 80 | 7 << 76 | middle << 64 | 2 << 62 | low
    }
}
