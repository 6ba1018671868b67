//! `bailiwick key ...`: what hosts call the API with.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::table::{table, word};
use super::tell::tell;
use super::{Data, Outcome, say, say_json};
use crate::operator::Ask;

/// Keys of hosts.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key; its secret is shown once.
    Create(Create),
    /// Make a key that takes another one's place, which goes on working for a while.
    Rotate(Rotate),
    /// Revoke a key; it opens nothing from then on, on any node.
    Revoke(Revoke),
    /// Show the keys that were not revoked. Secrets are not among what is kept.
    List(List),
}

/// A key to make.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  bailiwick key create --name my-product --scopes check,read,manage,vouch
  bailiwick key create --name nightly-report --scopes read --days 30 --product shop
  bailiwick key create --name ci --json | jq -r .secret")]
pub struct Create {
    #[command(flatten)]
    data: Data,
    /// What it is called.
    #[arg(long)]
    name: String,
    /// What it may do: check, read, manage, vouch, webhooks.
    #[arg(long, value_delimiter = ',', default_value = "check")]
    scopes: Vec<String>,
    /// How many days it lasts, 1 to 366.
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// The product whose workspaces it sees, by name or id.
    #[arg(long, default_value = "default")]
    product: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// A key to take another one's place.
#[derive(Debug, Args)]
#[command(after_long_help = "The new key has the product, the name and the scopes of the other one.

Examples:
  bailiwick key rotate key_01hzy3v7w8e9k2m4n6p8q0r2s4
  bailiwick key rotate key_01hzy3v7w8e9k2m4n6p8q0r2s4 --overlap 0    # it leaked: revoked at once")]
pub struct Rotate {
    #[command(flatten)]
    data: Data,
    /// The id of the other one, `key_...`.
    key: String,
    /// How many hours the other one still works, at most until its own end; 0: it is revoked at once.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    overlap: u32,
    /// How many days the new one lasts, 1 to 366.
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// A key to revoke.
#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    data: Data,
    /// Its id, `key_...`.
    key: String,
}

/// Which keys.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    data: Data,
    /// Only those of this product, by name or id.
    #[arg(long)]
    product: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// `bailiwick key ...`
pub async fn run(key: Key) -> Outcome {
    match key {
        Key::Create(Create { data, name, scopes, days, product, json }) => {
            let made = tell(&data, &Ask::CreateKey { product, name, scopes, days }).await?.into_found()?;
            if json { say_json(&made) } else { say(secret(&made)) }
        }
        Key::Rotate(Rotate { data, key, overlap, days, json }) => {
            let made = tell(&data, &Ask::RotateKey { key: key.clone(), days, overlap }).await?.into_found()?;
            if json {
                return say_json(&made);
            }
            say(secret(&made))?;
            match overlap {
                0 => say(format_args!("{key} is revoked.")),
                hours => say(format_args!("{key} works for {hours} hours more, or until its own end.")),
            }
        }
        Key::Revoke(Revoke { data, key }) => {
            tell(&data, &Ask::RevokeKey { key: key.clone() }).await?.into_found()?;
            say(format_args!("{key} is revoked"))
        }
        Key::List(List { data, product, json }) => {
            let found = tell(&data, &Ask::Keys { product }).await?.into_found()?;
            if json { say_json(&found) } else { say(listed(&found)) }
        }
    }
}

fn secret(made: &Value) -> String {
    let (id, secret) = (word(&made["id"]), word(&made["secret"]));
    format!("{id}\n{secret}\nThe second line is the secret; it is shown this once.")
}

fn listed(found: &Value) -> String {
    let row = |key: &Value| {
        let end = word(&key["expires_at"]);
        let end = if key["ended"] == true { format!("{end} (ended)") } else { end };
        [word(&key["id"]), word(&key["product"]), word(&key["name"]), word(&key["scopes"]), end]
    };
    let rows: Vec<_> = found.as_array().into_iter().flatten().map(row).collect();
    table(["key", "product", "name", "scopes", "works until"], &rows)
}
