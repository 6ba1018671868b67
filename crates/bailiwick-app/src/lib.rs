//! What Bailiwick does beyond its pure rules: the use cases, and what they need of the world outside.

pub mod mail;
