//! Webhooks: a product's events, sent to addresses of its host by the Standard Webhooks rules.
//!
//! ```text
//! manage    endpoints, their secrets and their log, for hosts     manage.rs
//! message   FeedEvent -> the JSON that is sent                    message.rs
//! sign      seed -> secret -> signature                           sign.rs
//! schedule  when what failed is tried again                       schedule.rs
//! send      taking turns, claiming, trying                        send.rs
//! ```
//!
//! A change writes nothing for webhooks: each endpoint has a place in the feed, and what lies behind it is taken up to
//! what is in force everywhere ([decision 16](../../../../docs/decisions/0016-webhooks.md)).

mod manage;
mod message;
mod schedule;
mod send;
mod sign;

pub(crate) use manage::of_revoked;
pub use manage::{EditWebhook, NewWebhook};
pub use message::{kind_of, type_of, written_out};
pub use send::Turn;
pub use sign::SigningSecret;
