//! The use cases of Bailiwick. This crate owns the clock, randomness, keys and mail; rules live in the core, SQL
//! in the store, HTTP to the left of neither.
//!
//! Every use case takes a [`Caller`]; whatever it shows or changes was decided for that caller first.

pub mod accept;
pub mod app;
pub mod bulk;
pub mod caller;
pub mod change;
pub mod clock;
pub mod config;
pub mod demo;
pub mod error;
pub mod host;
pub mod installation;
pub mod keys;
mod lines;
pub mod live;
pub mod look;
pub mod mail;
pub mod models;
pub mod nodes;
pub mod operate;
pub mod outbound;
pub mod outbox;
pub mod password;
mod plant;
pub mod random;
pub mod restored;
pub mod search;
pub mod secret;
pub mod signin;
pub mod time_passes;
pub mod transfer;
pub mod webhooks;

pub use app::App;
pub use caller::Caller;
pub use error::AppError;

/// Rows of the store that use cases give and take, so that who calls them names no store.
pub mod rows {
    pub use bailiwick_store::rows::{
        By, KeyRow, LogEntry, LogEvent, LogFilter, MailState, Membership, Origin, PersonCard, ProductRow, QueuedMail,
        SessionRow, SignedInBy, Verified,
    };
    pub use bailiwick_store::webhooks::{Delivery, DeliveryState, Progress, WebhookRow};
}
