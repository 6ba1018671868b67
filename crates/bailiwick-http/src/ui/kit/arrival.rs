//! Help for an invitation that did not arrive (E35).

use maud::{Markup, html};

use crate::ui::form::FormMeta;

/// The four remedies, with Resend at hand.
pub fn not_arrived(resend: Option<&FormMeta>) -> Markup {
    html! {
        details.help {
            summary { "Invitation not arrived?" }
            ul.dots {
                li { "Ask them to look in the spam folder." }
                li { "Check the address for a slip of the keys." }
                li { "Resend it: the new link works, the older one stops." }
                li { "Invite another address of theirs." }
            }
            @if let Some(form) = resend { (form.button("btn small", &html! { "Resend" })) }
        }
    }
}
