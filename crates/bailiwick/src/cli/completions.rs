//! `bailiwick completions`: so that a shell completes commands and options.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Bailiwick, Outcome, say};

/// For which shell.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  bailiwick completions bash > /etc/bash_completion.d/bailiwick
  bailiwick completions zsh > \"${fpath[1]}/_bailiwick\"
  bailiwick completions fish > ~/.config/fish/completions/bailiwick.fish")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

pub fn run(asked: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Bailiwick::command(), "bailiwick", &mut script);
    say(String::from_utf8(script)?.trim_end())
}
