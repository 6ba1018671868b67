//! The programs of PostgreSQL, and the user that they run as: they refuse to run as root.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the programs are: the newest version that Debian has put below its folder, else on the path.
pub fn folder() -> Option<PathBuf> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.filter(|path| path.join("bin/initdb").is_file()).max_by_key(|path| version(path));
    newest.map(|path| path.join("bin")).or_else(|| {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    })
}

/// The user that programs are run as, where this process may not run them itself.
pub fn user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() != b"0" {
        return None;
    }
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(if known.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" })
}

/// A command that runs as that user.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let Some(user) = user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", group(user).as_str(), "--clear-groups"]).arg(program);
    // What it inherits may be a folder that it must not enter.
    command.current_dir("/").env("HOME", "/nonexistent");
    command
}

/// The user's own group, by number.
fn group(user: &str) -> String {
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = known.lines().find(|line| line.split(':').next() == Some(user));
    line.and_then(|line| line.split(':').nth(3)).unwrap_or("65534").to_owned()
}
