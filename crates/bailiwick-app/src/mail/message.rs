//! What there is to say by mail: one variant per kind, holding exactly what its templates name.

use serde::Serialize;

use super::{Inert, Link};

/// A mail before it has words. The fields are the names that its templates know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Message {
    /// To the invited person: who invites, to which workspace, as what (C05, E35).
    Invitation {
        /// The product's name, as its operator wrote it.
        brand: String,
        /// The workspace's name.
        workspace: Inert,
        /// Who sent the invitation.
        inviter: Inert,
        /// The role that waits.
        role: Inert,
        /// Lines of what the person will be able to do; may be empty.
        offers: Vec<Inert>,
        /// The page on which to accept.
        link: Link,
        /// Until when, in words.
        expires: String,
    },
    /// To a person who asked to sign in by mail.
    SignInLink {
        /// The product's name, as its operator wrote it.
        brand: String,
        /// The page on which to sign in.
        link: Link,
        /// How long the link works.
        minutes: u32,
    },
    /// To the owner: somebody could not join because no seat was free (E34).
    AcceptRefusedNoSeat {
        /// The product's name, as its operator wrote it.
        brand: String,
        /// The workspace's name.
        workspace: Inert,
        /// Who wanted to join.
        invitee: Inert,
        /// The page on which seats and members are managed.
        link: Link,
    },
}

impl Message {
    /// The folder of this kind's templates.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::SignInLink { .. } => "sign-in-link",
            Self::AcceptRefusedNoSeat { .. } => "accept-refused-no-seat",
        }
    }

    /// The page that the mail leads to.
    pub fn link(&self) -> &Link {
        match self {
            Self::Invitation { link, .. } | Self::SignInLink { link, .. } | Self::AcceptRefusedNoSeat { link, .. } => {
                link
            }
        }
    }

    /// An example of every kind and every optional part: all templates are rendered with them at start-up.
    pub fn samples() -> Vec<Self> {
        vec![
            sample_invitation(&["See every conversation", "Answer as the team"]),
            sample_invitation(&[]),
            Self::SignInLink { brand: "Acme Chat".to_owned(), link: Link::sample(), minutes: 10 },
            Self::AcceptRefusedNoSeat {
                brand: "Acme Chat".to_owned(),
                workspace: Inert::name("Support & Sales"),
                invitee: Inert::name("Mia Moss"),
                link: Link::sample(),
            },
        ]
    }
}

fn sample_invitation(offers: &[&str]) -> Message {
    Message::Invitation {
        brand: "Acme Chat".to_owned(),
        workspace: Inert::name("Support & Sales"),
        inviter: Inert::name("Olga Ortega"),
        role: Inert::name("Support agent"),
        offers: offers.iter().map(|line| Inert::line(line)).collect(),
        link: Link::sample(),
        expires: "Friday, 14 March 2031, 16:00 UTC".to_owned(),
    }
}
