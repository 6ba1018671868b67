//! Mail: what is written, how names in it are made harmless, how it is sent and when it is tried again.
//!
//! ```text
//! Message           what there is to say            message.rs, link.rs, inert.rs
//! Templates         Message  -> Rendered            templates.rs, ../mail/<kind>/
//! Smtp              Rendered -> a relay             smtp.rs
//! next_attempt      when a refused mail goes again  schedule.rs
//! Sink              a relay for demo and tests      sink.rs
//! ```
//!
//! Nothing here reads a clock or makes a secret: links, moments and mail ids are arguments. A rendered mail holds
//! a link that signs somebody in, so neither [`Link`] nor [`Rendered`] prints it (AB-040).

mod inert;
mod link;
mod message;
mod schedule;
pub mod sink;
mod smtp;
mod templates;
#[cfg(test)]
mod tests;

pub use inert::{Inert, inert};
pub use link::{BadLink, Link};
pub use message::Message;
pub use schedule::next_attempt;
pub use smtp::{Login, Secret, Security, SendError, Smtp, SmtpConfig, SmtpConfigError};
pub use templates::{Rendered, TemplateError, Templates};
