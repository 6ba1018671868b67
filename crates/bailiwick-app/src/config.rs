//! What an installation is told.

use std::net::IpAddr;

use crate::outbound::Network;

/// The settings that use cases need.
#[derive(Debug, Clone)]
pub struct Config {
    /// The one public address, without a slash at its end; links in mails are built from it and nothing else (AB-043).
    pub public_url: String,
    /// Whether this is the demo: people can be signed in as by a button, mail is shown.
    pub demo: bool,
    /// Whom the pages name where the operator is needed.
    pub support: String,
    /// Networks of proxies whose forwarded addresses are believed (AB-167).
    pub proxies: Vec<IpAddr>,
    /// Networks that webhooks may reach beside the public one, there also by plain http and at any port.
    pub outbound: Vec<Network>,
    /// Limits on what is sent and tried.
    pub limits: Limits,
}

/// Limits; no floor, the operator can raise them (A16).
#[derive(Debug, Clone)]
pub struct Limits {
    /// People that one member may invite in ten minutes.
    pub invites_per_inviter: u32,
    /// People that one workspace may invite in a day.
    pub invites_per_workspace: u32,
    /// Mails that one address gets in a day, from all workspaces together (EC-28).
    pub mails_per_address: u32,
    /// Wrong passwords before a wait begins.
    pub free_failures: u32,
    /// Wrong passwords in a row after which password sign-in stops for the account.
    pub failures_in_a_row: u32,
    /// Sign-in tries of one source in five minutes.
    pub tries_per_source: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            invites_per_inviter: 60,
            invites_per_workspace: 200,
            mails_per_address: 5,
            free_failures: 5,
            failures_in_a_row: 50,
            tries_per_source: 30,
        }
    }
}

impl Config {
    /// An absolute link on this service.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}
