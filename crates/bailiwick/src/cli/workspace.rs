//! `bailiwick workspace ...`: what only the operator does with a workspace.

use clap::{Args, Subcommand};

use super::table::word;
use super::tell::tell;
use super::{Data, Outcome, say, say_json};
use crate::operator::Ask;

/// Workspaces.
#[derive(Debug, Subcommand)]
pub enum Workspace {
    /// Make another active member the owner, where the model has a single one and lets it be transferred.
    TransferOwnership(Transfer),
}

/// Which workspace, and to whom.
#[derive(Debug, Args)]
#[command(after_long_help = "The owner until then gets the role that the model names. It is in the workspace's log.

Example:
  bailiwick workspace transfer-ownership acme --to olga@acme.example")]
pub struct Transfer {
    #[command(flatten)]
    data: Data,
    /// The workspace: the host's id, or `wsp_...`.
    workspace: String,
    /// To whom: an address, the host's id, `per_...` or `mem_...`.
    #[arg(long)]
    to: String,
    /// The product whose ids these are, by name or id.
    #[arg(long, default_value = "default")]
    product: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// `bailiwick workspace ...`
pub async fn run(workspace: Workspace) -> Outcome {
    let Workspace::TransferOwnership(Transfer { data, workspace, to, product, json }) = workspace;
    let done = tell(&data, &Ask::TransferOwnership { product, workspace, to: to.clone() }).await?.into_found()?;
    if json {
        return say_json(&done);
    }
    say(format_args!(
        "{to} owns {} now ({}, revision {})",
        word(&done["name"]),
        word(&done["workspace"]),
        done["revision"]
    ))
}
