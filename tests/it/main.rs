//! The whole product, from outside: the real binary on a real database, real mail, real HTTP.

mod backup;
mod binary;
mod browser;
mod command_line;
mod doctor;
mod host;
mod model;
mod moving;
mod nodes;
mod pages;
mod presets;
mod production;
mod readme;
mod scenarios;
mod serving;
mod settings;
mod silence;
mod upgrade;
mod webhooks;
mod world;
