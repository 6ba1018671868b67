//! What may change in a workspace: its state, the commands on it, the events that they become, the refusals.

pub mod apply;
pub mod command;
pub mod decide;
pub mod event;
pub mod express;
pub mod invariant;
pub mod preview;
pub mod refusal;
pub mod seats;
pub mod state;
pub mod transfer;
pub mod wire;
