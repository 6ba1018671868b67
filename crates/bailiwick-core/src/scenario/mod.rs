//! Scenario files: how a model behaves, told as people would tell it, and run through the core (X13).
//!
//! [`file::read`] reads one, [`run::run`] plays a scenario, [`cells::missed`] says which cells of the permission matrix no
//! scenario has asked about.

pub mod cells;
pub mod file;
pub mod run;
