//! `bailiwick mail test`: one mail through the relay that the service would use.

use bailiwick_app::mail::{Rendered, Smtp};
use bailiwick_app::random::Random;
use bailiwick_core::ids::MailId;
use clap::{Args, Subcommand};

use super::serve::Relay;
use super::{No, Outcome, say};

/// Mail.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Send a mail to an address, and say what the relay answered.
    Test(Test),
}

/// Where to, and by which relay.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  bailiwick mail test you@example.com --config bailiwick.toml
  bailiwick mail test you@example.com --smtp mail.example.com:587 --mail-from team@example.com

Ends with 1 if the relay did not take the mail. That it took it does not mean that it arrived: look into the mailbox.")]
pub struct Test {
    /// The address.
    address: String,
    #[command(flatten)]
    relay: Relay,
}

pub async fn run(asked: Test) -> Outcome {
    let config = asked.relay.smtp()?;
    let place = format!("{}:{}", config.host, config.port);
    let smtp = Smtp::new(&config).map_err(|e| No::because(e.to_string()))?;
    let text = "This is a test. Invitations and sign-in links come the same way.";
    let rendered = Rendered {
        subject: format!("{} can send mail", config.from_name),
        text: format!("{text}\n"),
        html: format!("<!doctype html><p>{text}</p>"),
    };
    let id = MailId(Random::system().bits());
    match smtp.send(&asked.address, &id.to_string(), &rendered).await {
        Ok(()) => say(format_args!("{place} took the mail to {}; look whether it arrived", asked.address)),
        Err(error) => Err(No::because(format!("{place} did not take the mail: {error}"))),
    }
}
