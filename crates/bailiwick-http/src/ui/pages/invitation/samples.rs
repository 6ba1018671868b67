//! Every state of an invitation.

use super::{Ending, InvitationState, InvitationView, Obstacle, Offer};
use crate::ui::{
    form::Problems,
    kit::Link,
    samples::{form, outside, when, wrong},
};

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, InvitationView)> {
    let view = |state| InvitationView { shell: outside("Invitation to Halden Outdoor"), state };
    let sign_up = |name: &str, problems| InvitationState::SignUp {
        offer: offer(),
        form: form("/invitations/x"),
        link: Some(form("/invitations/x/link")),
        sign_in: "/sign-in".to_owned(),
        name: name.to_owned(),
        problems,
    };
    let for_you = |how| InvitationState::ClosedForYou {
        how,
        workspace: "Halden Outdoor".to_owned(),
        on: Link::new("Your workspaces", "/"),
    };
    let not_now = |obstacle| InvitationState::NotNow {
        obstacle,
        inviter: "Priya Raman".to_owned(),
        workspace: "Halden Outdoor".to_owned(),
        role: "Viewer".to_owned(),
        retry: form("/invitations/x"),
    };
    let workspace = || "Halden Outdoor".to_owned();
    vec![
        ("sign-up", view(sign_up("", Problems::default()))),
        ("sign-up-short", view(sign_up("Keira Boateng", wrong("password", "This has 7 characters; 12 are needed.")))),
        (
            "sign-in",
            view(InvitationState::SignIn {
                offer: offer(),
                form: form("/invitations/x"),
                link: form("/invitations/x/link"),
                problems: Problems::default(),
            }),
        ),
        (
            "at-once",
            view(InvitationState::AtOnce {
                offer: offer(),
                form: form("/invitations/x"),
                problems: Problems::default(),
            }),
        ),
        (
            "other-account",
            view(InvitationState::OtherAccount {
                masked: "k…g@example.com".to_owned(),
                me: "tomas.okafor@example.com".to_owned(),
                switch: form("/sign-out"),
            }),
        ),
        (
            "declining",
            view(InvitationState::Declining {
                offer: offer(),
                form: form("/invitations/x/decline"),
                keep: "/invitations/x".to_owned(),
            }),
        ),
        ("declined", view(InvitationState::Declined { workspace: workspace() })),
        ("expired", view(InvitationState::Expired { inviter: "Priya Raman".to_owned(), workspace: workspace() })),
        (
            "closed",
            InvitationView {
                shell: outside("Invitation"),
                state: InvitationState::Closed { sign_in: "/sign-in".to_owned() },
            },
        ),
        ("closed-accepted", view(for_you(Ending::Accepted))),
        ("closed-cancelled", view(for_you(Ending::Cancelled))),
        ("closed-declined", view(for_you(Ending::Declined))),
        ("no-seat", view(not_now(Obstacle::NoSeat))),
        ("role-not-in-plan", view(not_now(Obstacle::RoleNotInPlan))),
        ("sender-lost-right", view(not_now(Obstacle::SenderLostRight))),
    ]
}

fn offer() -> Offer {
    Offer {
        inviter: "Priya Raman".to_owned(),
        workspace: "Halden Outdoor".to_owned(),
        role: "User".to_owned(),
        with: "with the template Standard agent".to_owned(),
        gives: vec!["View, create and edit conversations".to_owned(), "View and update CRM records".to_owned()],
        email: "keira.boateng@example.com".to_owned(),
        until: when("Thursday 26 November"),
        decline: "/invitations/x/decline".to_owned(),
    }
}
