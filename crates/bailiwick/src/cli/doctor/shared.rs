//! A database that nodes share: the server, the role, the tables, the clocks, the nodes.

use std::path::PathBuf;

use bailiwick_app::clock::{since_boot, wall};
use bailiwick_core::node::wall::{Astray, BOUND, Look as Sight, Wall};
use bailiwick_core::time::Timestamp;
use bailiwick_store::StoreError;
use bailiwick_store::postgres::Options;
use bailiwick_store::postgres::facts::{Look, Node, Role, Server};

use super::Finding;

/// Looks at all of it, as far as it can be seen.
pub(super) async fn look(database: &str, roots: Option<PathBuf>, single: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(error) = go_through(&mut found, database, roots, single).await {
        let says = format!("{error}; see that the server runs, that the URL is right and that the role may sign in");
        found.push(Finding::failed("database", says));
    }
    found
}

async fn go_through(
    found: &mut Vec<Finding>,
    database: &str,
    roots: Option<PathBuf>,
    single: bool,
) -> Result<(), StoreError> {
    let look = Look::at(database, &Options { roots, ..Options::default() }).await?;
    let server = look.server().await?;
    found.push(connection(&server));
    found.extend(durability(&server));
    found.push(standby(&server, single));
    let asked = since_boot();
    let said = look.clock().await?;
    found.push(clock(Sight { asked, answered: since_boot(), said }, wall()));
    match look.schema().await {
        Ok((at, known)) if at == known => {
            found.push(Finding::fine("tables", format!("at migration {at}, as this program")));
        }
        Ok((at, known)) => {
            let says =
                format!("at migration {at}, this program at {known}, which can go on; use the newer release soon");
            found.push(Finding::warning("tables", says));
        }
        Err(error) => {
            // Without its tables there is nothing more to see.
            found.push(Finding::failed("tables", error.to_string() + advice(&error)));
            return Ok(());
        }
    }
    found.push(role(&look.role().await?));
    let (head, rows) = look.nodes().await?;
    found.extend(nodes(head, &rows));
    Ok(())
}

/// What to do about tables that cannot be used, where the error does not say it itself.
fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Database(_) => "; run `bailiwick migrate --role` with the name of this role",
        _ => "",
    }
}

fn connection(server: &Server) -> Finding {
    let to = format!("PostgreSQL {}", server.version);
    match &server.tls {
        Some(version) => Finding::fine("connection", format!("{to}, {version}")),
        None if server.is_here => Finding::fine("connection", format!("{to} on this machine, without TLS")),
        None => {
            let says = format!("{to}, without TLS: passwords and data can be read on the way; use sslmode=require");
            Finding::warning("connection", says)
        }
    }
}

fn durability(server: &Server) -> Vec<Finding> {
    let of = |name: &str| server.settings.get(name).map_or("unknown", String::as_str);
    let on = |about: &'static str, without: &str| match of(about) {
        "on" => Finding::fine(about, "on"),
        other => Finding::failed(about, format!("{other}: {without}; set it to on")),
    };
    let commit = match of("synchronous_commit") {
        waits @ ("on" | "remote_apply") => Finding::fine("synchronous_commit", waits),
        less => {
            let says = format!(
                "{less}: nodes wait for the disk whatever this says, and for the standby's only with on; set it to on"
            );
            Finding::warning("synchronous_commit", says)
        }
    };
    vec![
        on("fsync", "what was saved is lost when the server's machine stops"),
        on("full_page_writes", "a crash in the middle of a write can destroy a page"),
        commit,
    ]
}

fn standby(server: &Server, single: bool) -> Finding {
    const ABOUT: &str = "standby";
    let of = |name: &str| server.settings.get(name).map_or("", String::as_str);
    let names = of("synchronous_standby_names");
    let advice = "set up one, and synchronous_standby_names";
    match (names, single) {
        ("", true) => Finding::warning(ABOUT, "none, as intended: what is not backed up is lost with the server"),
        ("", false) => {
            let says = format!(
                "synchronous_standby_names is empty, so a fail-over can lose what was saved: {advice}, or say --single if \
                 there is to be none"
            );
            Finding::failed(ABOUT, says)
        }
        _ if of("wal_level") == "minimal" => Finding::failed(ABOUT, "wal_level is minimal: set it to replica"),
        (names, _) if server.standbys == 0 => Finding::failed(
            ABOUT,
            format!("{names} is waited for and none is connected: no change is saved until one is"),
        ),
        (names, _) => Finding::fine(ABOUT, format!("synchronous: {names}; {} connected", server.standbys)),
    }
}

fn clock(look: Sight, own: Timestamp) -> Finding {
    let there = Wall::of(look);
    let (apart, within) = (own.0 - there.at(look.answered).0, there.error(look.answered));
    let says = format!("{} ms from the database's, give or take {} ms", apart / 1_000, within.as_millis());
    match Wall::follow(None, look, own, Timestamp(i64::MIN)) {
        Ok(_) if apart.unsigned_abs() * 4 > BOUND.as_micros() as u64 => {
            Finding::warning("clock", format!("{says}: let both machines keep time; beyond a second no node serves"))
        }
        Ok(_) => Finding::fine("clock", says),
        Err(slow @ Astray::Slow { .. }) => Finding::warning("clock", slow.to_string()),
        Err(astray) => Finding::failed("clock", astray.to_string()),
    }
}

fn role(role: &Role) -> Finding {
    let Role { name, .. } = role;
    let may = match role {
        Role { is_superuser: true, .. } => "is a superuser",
        Role { may_change_log: true, .. } => "may change the log",
        Role { may_define: true, .. } => "may change tables",
        _ => return Finding::fine("role", format!("{name} can add to the log and change neither it nor any table")),
    };
    let says = format!("{name} {may}: serve as another role, which `bailiwick migrate --role` prepares");
    Finding::failed("role", says)
}

fn nodes(head: u64, rows: &[Node]) -> Vec<Finding> {
    const ABOUT: &str = "node";
    if rows.is_empty() {
        return vec![Finding::fine(ABOUT, "none is registered")];
    }
    let of = |Node { name, applied }: &Node| match head.saturating_sub(*applied) {
        0 => Finding::fine(ABOUT, format!("{name} has applied all {head} changes")),
        behind => {
            let says = format!(
                "{name} is {behind} of {head} changes behind; if that stays, it does not run, and the next change waits for \
                 it once"
            );
            Finding::warning(ABOUT, says)
        }
    };
    rows.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bailiwick_core::node::Nanos;

    use super::super::State::{self, Failed, Fine, Warning};
    use super::*;

    fn server(settings: &[(&str, &str)]) -> Server {
        let usual = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("synchronous_standby_names", "second"),
            ("wal_level", "replica"),
        ];
        let settings = usual.iter().chain(settings).map(|(name, to)| ((*name).into(), (*to).into()));
        let settings: BTreeMap<String, String> = settings.collect();
        Server { version: "17.0".into(), tls: None, is_here: false, settings, standbys: 1 }
    }

    #[test]
    fn of_a_server_everything_that_is_not_durable_is_said() {
        let all_fine = |server: &Server| durability(server).iter().all(|finding| finding.state == Fine);
        assert!(all_fine(&server(&[])));
        assert!(all_fine(&server(&[("synchronous_commit", "remote_apply")])));
        for (setting, to, state) in [
            ("fsync", "off", Failed),
            ("full_page_writes", "off", Failed),
            ("synchronous_commit", "local", Warning),
            ("synchronous_commit", "remote_write", Warning),
        ] {
            let found = durability(&server(&[(setting, to)]));
            let bad: Vec<_> = found.iter().filter(|finding| finding.state != Fine).collect();
            assert!(bad.len() == 1 && bad[0].state == state && bad[0].about == setting, "{found:?}");
        }
    }

    #[test]
    fn of_a_standby_its_absence_is_a_failure_unless_it_is_intended() {
        let none = server(&[("synchronous_standby_names", "")]);
        assert_eq!(standby(&none, false).state, Failed);
        assert_eq!(standby(&none, true).state, Warning);
        assert_eq!(standby(&server(&[]), false).state, Fine);
        assert_eq!(standby(&Server { standbys: 0, ..server(&[]) }, false).state, Failed);
        assert_eq!(standby(&server(&[("wal_level", "minimal")]), false).state, Failed);
    }

    #[test]
    fn of_a_connection_over_a_network_it_is_said_when_it_can_be_read() {
        let bare = server(&[]);
        assert_eq!(connection(&bare).state, Warning);
        assert_eq!(connection(&Server { is_here: true, ..bare.clone() }).state, Fine);
        assert_eq!(connection(&Server { tls: Some("TLSv1.3".into()), ..bare }).state, Fine);
    }

    #[test]
    fn of_clocks_that_are_apart_it_is_said_before_a_node_refuses() {
        let look = Sight { asked: Nanos(0), answered: Nanos(0), said: Timestamp(0) };
        let states = [0, 200, 300, -300, 900, 1_100, -1_100].map(|apart| clock(look, Timestamp(apart * 1_000)).state);
        assert_eq!(states, [Fine, Fine, Warning, Warning, Warning, Failed, Failed]);
        let slow = Sight { answered: Nanos(3_000_000_000), ..look };
        assert_eq!(clock(slow, Timestamp(1_500_000)).state, Warning);
    }

    #[test]
    fn of_a_role_that_may_too_much_it_is_said_what() {
        let right = Role { name: "b".into(), is_superuser: false, may_define: false, may_change_log: false };
        assert_eq!(role(&right).state, Fine);
        let cases: [(Role, &str); 3] = [
            (Role { is_superuser: true, may_define: true, may_change_log: true, ..right.clone() }, "superuser"),
            (Role { may_change_log: true, ..right.clone() }, "the log"),
            (Role { may_define: true, ..right }, "change tables"),
        ];
        for (may, word) in cases {
            let found = role(&may);
            assert!(found.state == State::Failed && found.says.contains(word), "{found:?}");
        }
    }

    #[test]
    fn of_nodes_who_is_behind_is_said() {
        let row = |name: &str, applied| Node { name: name.into(), applied };
        let states: Vec<_> = nodes(7, &[row("a", 7), row("b", 3), row("c", 8)]).iter().map(|f| f.state).collect();
        assert_eq!(states, [Fine, Warning, Fine]);
        assert_eq!(nodes(0, &[])[0].state, Fine);
    }
}
