//! `bailiwick init`: a file with every setting, made from the options of `serve` themselves, and a data directory with keys.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use bailiwick_app::keys::Keys;
use bailiwick_app::random::Random;
use clap::{Arg, Args, CommandFactory as _};

use super::settings::{is_list, key};
use super::{Bailiwick, Data, Outcome, say};

/// Where an installation begins.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  bailiwick init --public-url https://team.example.com --file /etc/bailiwick.toml --data /var/lib/bailiwick
  bailiwick config check --config /etc/bailiwick.toml
  bailiwick serve --config /etc/bailiwick.toml")]
pub struct Init {
    /// The public address, `https://team.example.com`.
    #[arg(long)]
    public_url: String,
    /// The file to write.
    #[arg(long, default_value = "bailiwick.toml")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

pub fn run(asked: &Init) -> Outcome {
    let (file, data) = (&asked.file, &asked.data.data);
    let keys = data.join("keys.json");
    // Both are looked at before either is written: nothing half done.
    for there in [file, &keys] {
        if there.exists() {
            return Err(format!("{} is there already; nothing was written", there.display()).into());
        }
    }
    // Wherever a command is given later, it finds the same directory.
    let whole = std::path::absolute(data).map_err(|e| format!("{}: {e}", data.display()))?;
    let whole = whole.to_str().ok_or("write the data directory in UTF-8")?;
    let text = template(&[("public_url", &asked.public_url), ("data", whole)])?;
    crate::server::directory(data)?;
    let failed = |e: std::io::Error| format!("{}: {e}", file.display());
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    to.write_all(text.as_bytes()).and_then(|()| to.sync_all()).map_err(failed)?;
    Keys::of_directory(data, &Random::system())?;
    let (file, keys) = (file.display(), keys.display());
    say(format_args!(
        "{file}: every setting, with what it does\n\
         {keys}: the keys of the log and of mailed links; keep a copy apart from the database\n\
         \n\
         Next: set the mail relay in {file}, then\n\
         \x20 bailiwick config check --config {file}\n\
         \x20 bailiwick mail test you@example.com --config {file}\n\
         \x20 bailiwick serve --config {file}\n\
         and in another terminal\n\
         \x20 bailiwick key create --config {file} --name my-product --scopes check,read,manage,vouch"
    ))
}

/// The settings with their help; those that are given are set, the others stand there with what is usual.
fn template(given: &[(&str, &str)]) -> Outcome<String> {
    let mut out = String::from(
        "# Settings of Bailiwick. An option of the command line or a variable of the environment goes before what stands\n\
         # here. Passwords do not belong here: that of the mail relay is BAILIWICK_SMTP_PASSWORD.\n",
    );
    let command = Bailiwick::command();
    let serve = command.find_subcommand("serve").ok_or("there is no command `serve`")?;
    for (arg, key) in serve.get_arguments().filter_map(|arg| Some((arg, key(arg)?))) {
        out.push('\n');
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
        for line in wrapped(&help) {
            let _ = writeln!(out, "# {line}");
        }
        let _ = writeln!(out, "# In the environment: BAILIWICK_{}", key.to_uppercase());
        match given.iter().find(|(name, _)| *name == key) {
            Some((_, value)) => {
                let _ = writeln!(out, "{key} = {}", quoted(value));
            }
            None => {
                let _ = writeln!(out, "#{key} = {}", usual(arg));
            }
        }
    }
    Ok(out)
}

fn usual(arg: &Arg) -> String {
    let values: Vec<String> = arg.get_default_values().iter().map(|v| quoted(&v.to_string_lossy())).collect();
    match (is_list(arg), values.first()) {
        (true, _) => format!("[{}]", values.join(", ")),
        (false, Some(value)) => value.clone(),
        (false, None) => "\"\"".into(),
    }
}

/// As TOML writes a text: JSON's quoting is a part of it.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 110;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
