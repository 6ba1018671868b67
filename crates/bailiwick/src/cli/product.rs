//! `bailiwick product ...`: what workspaces, host ids and keys belong to.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::table::{table, word};
use super::tell::tell;
use super::{Data, Outcome, say, say_json};
use crate::operator::Ask;

/// Products.
#[derive(Debug, Subcommand)]
pub enum Product {
    /// Register a product. Its keys see its own workspaces and no other's.
    Create(Create),
    /// Show the products.
    List(List),
}

/// A product to register.
#[derive(Debug, Args)]
#[command(after_long_help = "Every installation begins with the product `default`.

Example:
  bailiwick product create shop --brand 'Tidewell Shop'
  bailiwick key create --product shop --name shop-backend --scopes check,read,manage,vouch")]
pub struct Create {
    #[command(flatten)]
    data: Data,
    /// Its name in commands: lower-case letters, digits, `-` and `_`.
    name: String,
    /// What pages and mails call it.
    #[arg(long)]
    brand: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Which products: all.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    data: Data,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// `bailiwick product ...`
pub async fn run(product: Product) -> Outcome {
    match product {
        Product::Create(Create { data, name, brand, json }) => {
            let made = tell(&data, &Ask::CreateProduct { name, brand }).await?.into_found()?;
            if json { say_json(&made) } else { say(word(&made["id"])) }
        }
        Product::List(List { data, json }) => {
            let found = tell(&data, &Ask::Products).await?.into_found()?;
            if json {
                return say_json(&found);
            }
            let row = |p: &Value| [word(&p["id"]), word(&p["name"]), word(&p["brand"]), word(&p["keys"])];
            let rows: Vec<_> = found.as_array().into_iter().flatten().map(row).collect();
            say(table(["product", "name", "brand", "keys"], &rows))
        }
    }
}
