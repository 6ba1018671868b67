//! The data directory: who can read it, the keys in it, the embedded database and the room that is left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bailiwick_store::StoreError;
use bailiwick_store::sqlite::Sqlite;

use super::Finding;
use crate::operator::is_running;

/// Less free room than this is a failure: a change could not be written any more, soon.
const LITTLE: u64 = 256 << 20;

/// Looks at a data directory, and at the database in it if that is where it is.
pub(super) async fn look(data: &Path, is_embedded: bool) -> Vec<Finding> {
    let at = data.display();
    if !data.is_dir() {
        return vec![if is_embedded {
            Finding::failed("data directory", format!("{at} is not there; name it with --data"))
        } else {
            Finding::warning(
                "data directory",
                format!("{at} is not there, so no keys were looked at; name it with --data"),
            )
        }];
    }
    let mut found = vec![private("data directory", data, "700"), keys(data)];
    if is_embedded {
        found.push(schema(data));
        found.extend(room(data));
        let runs = if is_running(data).await { "one runs here" } else { "none runs here" };
        found.push(Finding::fine("server", runs));
    }
    found
}

fn private(about: &'static str, path: &Path, mode: &str) -> Finding {
    let at = path.display();
    match path.metadata() {
        Ok(there) if there.permissions().mode() & 0o077 == 0 => {
            Finding::fine(about, format!("{at}, its owner's alone"))
        }
        Ok(_) => Finding::failed(about, format!("{at} can be read by others; run: chmod {mode} {at}")),
        Err(error) => Finding::failed(about, format!("{at}: {error}")),
    }
}

fn keys(data: &Path) -> Finding {
    let file = data.join("keys.json");
    if file.exists() {
        return private("keys", &file, "600");
    }
    let at = file.display();
    Finding::failed("keys", format!("{at} is not there: restore it from its backup, or copy it from another node"))
}

fn schema(data: &Path) -> Finding {
    match Sqlite::schema(data) {
        Ok((found, known)) if found == known => {
            Finding::fine("tables", format!("at migration {found}, as this program"))
        }
        Ok((found, known)) if found < known => {
            let says =
                format!("at migration {found}, this program at {known}; the server brings them up when it starts");
            Finding::warning("tables", says)
        }
        Ok((found, known)) => Finding::failed("tables", StoreError::Newer { found, known }.to_string()),
        Err(error) => Finding::failed("tables", format!("the database cannot be read: {error}")),
    }
}

fn room(data: &Path) -> Option<Finding> {
    let free = match rustix::fs::statvfs(data) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => return Some(Finding::warning("disk", format!("its free room cannot be seen: {error}"))),
    };
    Some(of_room(free, data.join("bailiwick.db").metadata().ok()?.len()))
}

fn of_room(free: u64, used: u64) -> Finding {
    let says = format!("{} MiB free, the database has {} MiB", free >> 20, used >> 20);
    if free < LITTLE {
        Finding::failed("disk", format!("{says}: changes will soon be refused; make room"))
    } else if free < used {
        Finding::warning("disk", format!("{says}: a copy of it does not fit; make room"))
    } else {
        Finding::fine("disk", says)
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn of_a_disk_too_little_room_is_said() {
        let gib = 1 << 30;
        for (free, used, state) in
            [(100 * gib, gib, State::Fine), (gib, 2 * gib, State::Warning), (LITTLE - 1, 0, State::Failed)]
        {
            assert_eq!(of_room(free, used).state, state, "{free} {used}");
        }
    }
}
