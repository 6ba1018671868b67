//! Which mistake is planted in this process, if any: `BAILIWICK_PLANT` names it, in a build with the feature `plant`,
//! which no release has.

pub(crate) use bailiwick_core::node::plant::{Plant, Planted};

/// The mistake of this process.
#[cfg(feature = "plant")]
pub(crate) fn planted() -> Planted {
    static MISTAKE: std::sync::OnceLock<Option<Plant>> = std::sync::OnceLock::new();
    let mistake = MISTAKE.get_or_init(|| {
        let name = std::env::var("BAILIWICK_PLANT").ok()?;
        let found = Plant::ALL.iter().find(|(known, _)| *known == name).map(|(_, mistake)| *mistake);
        tracing::error!(name, known = found.is_some(), "a mistake is planted in this process");
        found
    });
    Planted::one(*mistake)
}

/// The mistake of this process: none.
#[cfg(not(feature = "plant"))]
pub(crate) fn planted() -> Planted {
    Planted::default()
}
