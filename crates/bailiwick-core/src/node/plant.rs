//! Mistakes that can be planted, so that the proofs can show that they would find them. Without the feature `plant`,
//! which no release has, there are none.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A change counts as published while checks on what was before are running.
    NoGraceWait,
    /// The lease is counted from the answer to the renewal, not from before the question.
    LeaseFromAnswer,
    /// A row is renewed without having applied the feed.
    RenewWithoutApply,
    /// A lease is renewed by reading alone.
    RenewByRead,
    /// A late renewal sets a row back.
    AppliedMayFall,
    /// A change is acknowledged when the other nodes have published it, and not yet here.
    AcknowledgedUnpublished,
    /// A node gives its word before what it speaks of is published.
    WordTooEarly,
    /// Entries of the feed that are missing are passed over.
    GapIgnored,
    /// A check does not look at the lease.
    WakeWithoutLook,
    /// The drift of clocks is not allowed for.
    DriftDropped,
    /// A row is struck off whatever its node has applied by then.
    StrikeUnconditional,
    /// A node registers anew under the row of its name.
    RowByName,
    /// A load is published although the feed has overtaken it.
    LoadBehind,
    /// A repeated command is answered without the wait.
    ReplayWithoutWait,
    /// A webhook leaves before the wait.
    WebhookBeforeWait,
    /// Positions are taken when a change begins, not when it commits.
    FeedBySequence,
}

impl Plant {
    /// All of them, by the name on the command line.
    pub const ALL: [(&'static str, Self); 16] = [
        ("no-grace-wait", Self::NoGraceWait),
        ("lease-from-answer", Self::LeaseFromAnswer),
        ("renew-without-apply", Self::RenewWithoutApply),
        ("renew-by-read", Self::RenewByRead),
        ("applied-may-fall", Self::AppliedMayFall),
        ("acknowledged-unpublished", Self::AcknowledgedUnpublished),
        ("word-too-early", Self::WordTooEarly),
        ("gap-ignored", Self::GapIgnored),
        ("wake-without-look", Self::WakeWithoutLook),
        ("drift-dropped", Self::DriftDropped),
        ("strike-unconditional", Self::StrikeUnconditional),
        ("row-by-name", Self::RowByName),
        ("load-behind", Self::LoadBehind),
        ("replay-without-wait", Self::ReplayWithoutWait),
        ("webhook-before-wait", Self::WebhookBeforeWait),
        ("feed-by-sequence", Self::FeedBySequence),
    ];
}

/// Which mistake is planted, if any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Planted {
    #[cfg(feature = "plant")]
    mistake: Option<Plant>,
}

impl Planted {
    /// One is.
    #[cfg(feature = "plant")]
    pub fn one(mistake: Option<Plant>) -> Self {
        Self { mistake }
    }

    /// Whether it is this one.
    #[cfg(feature = "plant")]
    pub fn is(self, mistake: Plant) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether it is this one: never.
    #[cfg(not(feature = "plant"))]
    pub fn is(self, _: Plant) -> bool {
        false
    }
}
