//! What the tests need on the machine beside Rust, how to see whether it is there, and how it gets there.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::cargo;

/// Something that has to be on the machine.
struct Need {
    what: &'static str,
    found: Found,
    from: From,
}

/// How one sees that it is there.
enum Found {
    /// One of these programs is on the path.
    Program(&'static [&'static str]),
    /// `cargo` knows this command.
    CargoCommand(&'static str),
    /// A folder below the first one has the second in it (Debian puts each PostgreSQL in a folder of its version), or
    /// the third is on the path.
    Below(&'static str, &'static str, &'static str),
}

/// Where it comes from.
enum From {
    /// Debian packages, through apt-get.
    Debian(&'static [&'static str]),
    /// A component of the toolchain, through rustup.
    Rustup(&'static str),
}

const NEEDS: &[Need] = &[
    Need {
        what: "a C compiler, for the SQLite that is built in",
        found: Found::Program(&["cc", "gcc", "clang"]),
        from: From::Debian(&["gcc", "libc6-dev"]),
    },
    Need { what: "rustfmt", found: Found::CargoCommand("fmt"), from: From::Rustup("rustfmt") },
    Need { what: "clippy", found: Found::CargoCommand("clippy"), from: From::Rustup("clippy") },
    Need {
        what: "a PostgreSQL server",
        found: Found::Below("/usr/lib/postgresql", "bin/initdb", "initdb"),
        from: From::Debian(&["postgresql"]),
    },
    Need {
        what: "ip, for the hosts that nodes run on in tests",
        found: Found::Program(&["ip"]),
        from: From::Debian(&["iproute2"]),
    },
    Need {
        what: "Chromium",
        found: Found::Program(&["chromium"]),
        from: From::Debian(&["chromium", "fonts-dejavu-core"]),
    },
    Need { what: "chromedriver", found: Found::Program(&["chromedriver"]), from: From::Debian(&["chromium-driver"]) },
];

/// Tells what is missing, and with `setup` installs it. What is still missing afterwards fails the steps that need it.
pub fn look(setup: bool) {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !need.found.is_here()).collect();
    if missing.is_empty() {
        return;
    }
    for need in &missing {
        println!("missing: {}", need.what);
    }
    let commands = command(&missing);
    if setup {
        install(&commands);
        for need in missing.iter().filter(|need| !need.found.is_here()) {
            println!("still missing: {}", need.what);
        }
    } else {
        println!("`{}` (as root) installs it, and so does `cargo xtask test --setup`", commands.join(" && "));
    }
}

impl Found {
    fn is_here(&self) -> bool {
        match self {
            Found::Program(names) => names.iter().any(|name| is_on_path(name)),
            Found::CargoCommand(name) => {
                let mut command = cargo(&[name, "--version"]);
                command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
            }
            Found::Below(folder, file, program) => {
                let below = fs::read_dir(folder)
                    .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join(file).is_file()));
                below || is_on_path(program)
            }
        }
    }
}

fn is_on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| Path::new(&folder).join(name).is_file())
}

/// The commands that install these, in order.
fn command(needs: &[&Need]) -> Vec<String> {
    let mut packages = Vec::new();
    let mut components = Vec::new();
    for need in needs {
        match need.from {
            From::Debian(names) => packages.extend_from_slice(names),
            From::Rustup(name) => components.push(name),
        }
    }
    let mut commands = Vec::new();
    if !packages.is_empty() {
        commands.push("apt-get update".to_owned());
        commands.push(format!("apt-get install --yes --no-install-recommends {}", packages.join(" ")));
    }
    if !components.is_empty() {
        commands.push(format!("rustup component add {}", components.join(" ")));
    }
    commands
}

fn install(commands: &[String]) {
    for line in commands {
        let mut words = line.split(' ');
        let Some(program) = words.next() else { continue };
        if !is_on_path(program) {
            println!("`{line}` would install it, but there is no {program} on this machine");
            continue;
        }
        if program == "apt-get" && !is_root() {
            println!("`{line}` would install it, but only root may");
            continue;
        }
        println!("installing: {line}");
        let status = Command::new(program).args(words).env("DEBIAN_FRONTEND", "noninteractive").status();
        if !status.is_ok_and(|status| status.success()) {
            println!("`{line}` failed");
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_command_for_all_packages_and_one_for_all_components() {
        let all: Vec<&Need> = NEEDS.iter().collect();
        assert_eq!(
            command(&all),
            [
                "apt-get update",
                "apt-get install --yes --no-install-recommends gcc libc6-dev postgresql iproute2 chromium fonts-dejavu-core chromium-driver",
                "rustup component add rustfmt clippy"
            ]
        );
        assert!(command(&[]).is_empty());
    }

    #[test]
    fn what_is_there_is_found_and_what_is_not_is_not() {
        assert!(Found::Program(&["no-such-program", "sh"]).is_here());
        assert!(!Found::Program(&["no-such-program"]).is_here());
        assert!(!Found::Below("/no/such/folder", "bin/initdb", "no-such-program").is_here());
    }
}
