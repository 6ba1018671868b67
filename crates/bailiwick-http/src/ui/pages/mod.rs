//! One page a file: its view, its function, its samples.

pub mod account;
pub mod audit;
pub mod confirm;
pub mod demo;
pub mod edit;
pub mod error;
pub mod home;
pub mod invitation;
pub mod invite;
pub mod member;
pub mod resources;
pub mod settings;
pub mod sign_in;
pub mod team;
pub mod templates;
pub mod workspaces;
