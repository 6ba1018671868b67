//! `bailiwick config check`: whether the service could run with these settings, and where each comes from.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, Subcommand};
use serde_json::{Value, json};

use super::serve::Serve;
use super::settings::{Settings, key};
use super::table::{table, word};
use super::{Bailiwick, No, Outcome, say, say_json};

/// Settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say what would keep the service from running. Takes every option of `serve`; changes nothing, connects to nothing.
    Check(Box<Check>),
}

/// Settings as `serve` would have them.
#[derive(Debug, Args)]
#[command(
    after_long_help = "An option goes before a variable of the environment, that before the file, that before what is usual.

Examples:
  bailiwick config check --config bailiwick.toml
  bailiwick config check --config bailiwick.toml --show-origin
  BAILIWICK_LEASE=2 bailiwick config check --config bailiwick.toml --show-origin"
)]
pub struct Check {
    #[command(flatten)]
    serve: Serve,
    /// List each setting with its value and where that comes from.
    #[arg(long)]
    show_origin: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(asked: &Check, matches: &ArgMatches, settings: Option<&Settings>) -> Outcome {
    let problems = asked.serve.problems();
    let given = matches.subcommand_matches("config").and_then(|m| m.subcommand_matches("check"));
    let origins = given.map(|given| origins(given, settings)).unwrap_or_default();
    if asked.json {
        say_json(&json!({"problems": problems, "settings": origins}))?;
    } else {
        if asked.show_origin {
            let row = |s: &Value| [word(&s["setting"]), word(&s["value"]), word(&s["origin"])];
            say(table(["setting", "value", "from"], &origins.iter().map(row).collect::<Vec<_>>()))?;
        }
        if problems.is_empty() {
            say("the settings are as they must be")?;
        } else {
            say(problems.join("\n"))?;
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(No::quietly()) }
}

fn origins(given: &ArgMatches, settings: Option<&Settings>) -> Vec<Value> {
    let command = Bailiwick::command();
    let serve = command.find_subcommand("serve").into_iter().flat_map(|serve| serve.get_arguments());
    let one = |arg: &clap::Arg| {
        let (key, id) = (key(arg)?, arg.get_id().as_str());
        let raw = given.get_raw(id).into_iter().flatten().map(|v| v.to_string_lossy().into_owned());
        let value = raw.map(|v| without_password(&v)).collect::<Vec<_>>().join(", ");
        let origin = match given.value_source(id) {
            Some(ValueSource::CommandLine) => format!("--{}", arg.get_long().unwrap_or_default()),
            Some(ValueSource::EnvVariable) => {
                arg.get_env().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default()
            }
            Some(_) => settings.and_then(|s| s.place(&key)).unwrap_or_else(|| "default".into()),
            None => "not set".into(),
        };
        Some(json!({"setting": key, "value": value, "origin": origin}))
    };
    let mut all: Vec<Value> = serve.filter_map(one).collect();
    let password = std::env::var_os("BAILIWICK_SMTP_PASSWORD").is_some();
    let origin = if password { "BAILIWICK_SMTP_PASSWORD" } else { "not set" };
    all.push(json!({"setting": "(smtp password)", "value": if password { "***" } else { "" }, "origin": origin}));
    all
}

/// `postgres://bailiwick:***@host/db`: what is shown can be pasted into a question to somebody.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    match rest.split_once('@') {
        Some((login, host)) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}")
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn ab107_a_password_in_an_address_is_not_shown() {
        assert_eq!(without_password("postgres://me:s3:cret@db/x"), "postgres://me:***@db/x");
        for plain in ["postgres://me@db/x", "https://team.example.com", "127.0.0.1:8080"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
