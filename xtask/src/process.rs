//! Calling other programs: `cargo` as a shell would call it, and a run whose lines are shown and read at once.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a finished program's output may stay open: a server that a test forgot holds it for ever.
const GRACE: Duration = Duration::from_millis(500);

/// `cargo` with these words, as if called from a shell. What `cargo run` has set for this very program is taken away again:
/// some build scripts watch it, and would be built anew each time one changes between `cargo test` and `cargo xtask test`.
pub fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
    command.args(words);
    command
}

fn is_of_this_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|begin| name.starts_with(begin))
}

/// Which output of a program is read; the other goes to the terminal untouched.
#[derive(Clone, Copy, PartialEq)]
pub enum Listen {
    /// Standard output.
    Out,
    /// Standard output and standard error, in the order they were written.
    Both,
}

/// Runs a program to its end, shows its lines as they come and hands each to `each`.
pub fn watch(mut command: Command, listen: Listen, mut each: impl FnMut(&str)) -> io::Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    if listen == Listen::Both {
        command.stderr(writer.try_clone()?);
    }
    let mut child = command.stdout(writer).spawn()?;
    drop(command); // and with it our ends of the pipe, so that reading ends when the program does

    let lines = lines_of(reader);
    loop {
        match lines.recv_timeout(GRACE) {
            Ok(line) => {
                let line = String::from_utf8_lossy(&line);
                print!("{line}"); // and not `write!`: tests of this function then keep it to themselves
                io::stdout().flush()?;
                each(line.trim_end());
            }
            Err(RecvTimeoutError::Disconnected) => return child.wait(),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
            }
        }
    }
}

fn lines_of(reader: io::PipeReader) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        loop {
            let mut line = Vec::new();
            match reader.read_until(b'\n', &mut line) {
                Ok(1..) if sender.send(line).is_ok() => {}
                _ => return,
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn heard(script: &str, listen: Listen) -> (bool, Vec<String>) {
        let mut lines = Vec::new();
        let status = watch(shell(script), listen, |line| lines.push(line.to_owned())).expect("sh runs");
        (status.success(), lines)
    }

    #[test]
    fn lines_and_status_come_back() {
        assert_eq!(heard("echo one; printf two", Listen::Out), (true, vec!["one".into(), "two".into()]));
        assert_eq!(heard("echo one; echo two >&2; exit 3", Listen::Both), (false, vec!["one".into(), "two".into()]));
    }

    #[test]
    fn a_program_left_behind_does_not_hold_the_run() {
        assert_eq!(heard("sleep 5 & echo one", Listen::Out), (true, vec!["one".into()]));
    }

    #[test]
    fn what_cargo_run_sets_is_not_handed_on() {
        assert!(is_of_this_package("CARGO_MANIFEST_DIR") && is_of_this_package("CARGO_PKG_NAME"));
        assert!(!is_of_this_package("CARGO_TARGET_DIR") && !is_of_this_package("CARGO_INCREMENTAL"));
    }
}
