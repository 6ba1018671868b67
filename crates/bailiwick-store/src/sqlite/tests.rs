//! The suite on SQLite, and what only SQLite does.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{CommandId, CredentialId, InvitationId, PersonId, SessionId, TextId};
use bailiwick_core::team::command::{Actor, Command, NewInvitation};
use bailiwick_core::team::wire::AccessWire;
use rusqlite::Connection;

use super::migrate::{self, MIGRATIONS, migrate};
use super::{Sqlite, reader};
use crate::chain::ChainKey;
use crate::models::hash;
use crate::query::{self, Dialect};
use crate::rows::{LineId, MailRow, PersonRow, Row, SecretRow, SessionRow, SignedInBy};
use crate::suite::{BEGIN, HOST, No, PROPERTIES, TENANT, Team, fresh as id, put, verify};
use crate::{StoreError, change, observe, read};

fn key() -> ChainKey {
    ChainKey::new(1, &[1; 32])
}

fn fresh() -> Sqlite {
    Sqlite::in_memory(key()).unwrap()
}

async fn empty(_: &str) -> Option<Sqlite> {
    Some(fresh())
}

crate::store_suite! { empty }

/// A directory that goes when the test is done.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("bailiwick-test-{:032x}", id())))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection beside the store's own, as somebody with access to the file has it.
fn beside(store: &Sqlite) -> Connection {
    Connection::open(store.directory().join("bailiwick.db")).unwrap()
}

fn rename(to: &str) -> Command {
    Command::Rename { name: to.into() }
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let directory = Directory::new();
    let store = Sqlite::open(&directory.0, key()).unwrap();
    let team = Team::new(&store, TENANT, None).await;
    team.act(&store, Actor::Operator, rename("Globex"), BEGIN).await.unwrap();
    let before = team.state(&store).await;
    drop(store);
    let store = Sqlite::open(&directory.0, key()).unwrap();
    assert_eq!(team.state(&store).await, before);
    team.act(&store, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    assert_eq!(verify(&store, None).await.broken, None);
}

#[tokio::test]
async fn a_closed_store_is_one_file_and_so_is_a_copy_of_an_open_one() {
    let directory = Directory::new();
    let folder = directory.0.clone();
    let inside = |folder: &Path| -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "lock").collect();
        names.sort();
        names
    };
    let store = Sqlite::open(&folder, key()).unwrap();
    let team = Team::new(&store, TENANT, None).await;
    let copied = folder.join("copy");
    std::fs::create_dir(&copied).unwrap();
    Sqlite::copy(&folder, &copied.join("bailiwick.db")).unwrap();
    assert!(matches!(Sqlite::copy(&folder, &copied.join("bailiwick.db")), Err(StoreError::Database(_))));
    team.act(&store, Actor::Operator, rename("Globex"), BEGIN.plus_seconds(1)).await.unwrap();
    drop(store);
    assert_eq!(inside(&folder), ["bailiwick.db", "copy"]);
    for (place, name) in [(&folder, "Globex"), (&copied, "Acme")] {
        let store = Sqlite::open(place, key()).unwrap();
        assert_eq!(&*team.state(&store).await.name, name);
        assert_eq!(verify(&store, None).await.broken, None);
        drop(store);
        assert!(inside(place).iter().all(|name| !name.contains("-wal")));
    }
}

#[test]
fn a_second_opener_is_refused_until_the_first_has_gone() {
    let directory = Directory::new();
    let first = Sqlite::open(&directory.0, key()).unwrap();
    let second = Sqlite::open(&directory.0, key());
    assert!(matches!(second, Err(StoreError::Owned(_))));
    drop(first);
    Sqlite::open(&directory.0, key()).unwrap();
}

#[test]
fn ab107_the_files_are_the_owners_alone() {
    let store = fresh();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    for file in std::fs::read_dir(store.directory()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_failed_commit_is_an_unknown_outcome_and_closes_the_store() {
    let directory = Directory::new();
    let store = Sqlite::open(&directory.0, key()).unwrap();
    let team = Team::new(&store, TENANT, None).await;
    store.shared.fail_commit.store(true, Relaxed);
    let failed = team.act(&store, Actor::Operator, rename("Globex"), BEGIN).await;
    assert!(matches!(failed, Err(No::Store(StoreError::Unknown(_)))), "{failed:?}");
    store.shared.fail_commit.store(false, Relaxed);
    let later = team.act(&store, Actor::Operator, rename("Initech"), BEGIN).await;
    assert!(matches!(later, Err(No::Store(StoreError::Closed))), "{later:?}");
    let noted = observe(&store, |to| to.clear_tries("ann")).await;
    assert!(matches!(noted, Err(StoreError::Closed)), "{noted:?}");
    let seen = read(&store, |from| from.products()).await;
    assert!(matches!(seen, Err(StoreError::Closed)), "{seen:?}");
    drop(store);
    let store = Sqlite::open(&directory.0, key()).unwrap();
    assert_eq!(&*team.state(&store).await.name, "Acme");
    assert_eq!(verify(&store, None).await.broken, None);
}

/// What waits together is committed together, and still each job stands for itself.
#[tokio::test]
async fn one_bad_job_of_a_group_leaves_the_others_alone() {
    let store = fresh();
    let team = Team::new(&store, TENANT, None).await;
    let (let_go, held) = mpsc::channel::<()>();
    let hold = observe(&store, move |_| {
        let _ = held.recv();
        Ok(())
    });
    let first = team.act(&store, Actor::Operator, rename("Globex"), BEGIN);
    let line = vec![LineId::Workspace(team.id)];
    let (workspace, model) = (team.id, team.model.clone());
    let bad = change::<(), No, _>(&store, line, CommandId(id()), move |tx| {
        let request =
            bailiwick_core::team::command::Request { actor: Actor::Operator, command: rename("Hooli"), seen: None };
        crate::suite::step(tx, workspace, &model, &request, BEGIN)?;
        panic!("on purpose")
    });
    let last = team.act(&store, Actor::Operator, rename("Initech"), BEGIN);
    let release = async {
        // The writer is held in a group of its own; by now the rest waits behind it.
        tokio::task::yield_now().await;
        let_go.send(()).unwrap();
    };
    let (held, first, bad, last, ()) = tokio::join!(hold, first, bad, last, release);
    held.unwrap();
    assert!(matches!(bad, Err(No::Store(StoreError::Poisoned))), "{bad:?}");
    let (first, last) = (first.unwrap(), last.unwrap());
    assert_eq!((first.revisions[0].1, last.revisions[0].1), (2, 3));
    assert_eq!((first.position, last.position), (3, 4));
    assert_eq!(&*team.state(&store).await.name, "Initech");
    assert_eq!(verify(&store, None).await.broken, None);
}

/// The states in the writer's memory are those of a revision, not of an id.
#[tokio::test]
async fn a_remembered_state_is_only_that_of_its_revision() {
    let store = fresh();
    let team = Team::new(&store, TENANT, None).await;
    let state = team.state(&store).await;
    let states = crate::tables::states::States::default();
    states.keep(&state);
    assert_eq!(states.get(team.id, 1), Some(state));
    assert_eq!(states.get(team.id, 2), None);
    states.clear();
    assert_eq!(states.get(team.id, 1), None);
}

#[test]
fn readers_cannot_write() {
    let store = fresh();
    let conn = reader(&store.directory().join("bailiwick.db")).unwrap();
    assert!(conn.execute("insert into texts (text_id, text) values (zeroblob(16), '')", []).is_err());
    conn.execute_batch("pragma query_only = off").unwrap();
    assert!(conn.execute("insert into texts (text_id, text) values (zeroblob(16), '')", []).is_err());
}

fn schema(conn: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = conn.prepare("select name, sql from sqlite_schema order by name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Every column of a migrated database, behind its table.
pub(crate) fn columns() -> std::collections::BTreeSet<String> {
    let conn = Connection::open_in_memory().unwrap();
    migrate(&conn, MIGRATIONS).unwrap();
    let sql = "select t.name || '.' || c.name from sqlite_schema t join pragma_table_info(t.name) c
        where t.type = 'table'";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_migrated_database_is_as_a_fresh_one() {
    let fresh = Connection::open_in_memory().unwrap();
    migrate(&fresh, MIGRATIONS).unwrap();
    for steps in 0..=MIGRATIONS.len() {
        let conn = Connection::open_in_memory().unwrap();
        migrate(&conn, &MIGRATIONS[..steps]).unwrap();
        migrate(&conn, MIGRATIONS).unwrap();
        migrate(&conn, MIGRATIONS).unwrap();
        assert_eq!(schema(&conn), schema(&fresh), "from {steps}");
    }
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let directory = Directory::new();
    drop(Sqlite::open(&directory.0, key()).unwrap());
    let conn = Connection::open(directory.0.join("bailiwick.db")).unwrap();
    let newest = MIGRATIONS.last().unwrap().0;
    conn.execute("insert into migrations (number, name, hash, applied_at) values (99, 'later', '', 0)", []).unwrap();
    drop(conn);
    let opened = Sqlite::open(&directory.0, key());
    assert!(matches!(opened, Err(StoreError::Newer { found: 99, known }) if known == newest));
}

#[test]
fn a_migration_with_another_text_is_refused() {
    let conn = Connection::open_in_memory().unwrap();
    migrate(&conn, MIGRATIONS).unwrap();
    let mut other = MIGRATIONS.to_vec();
    other[1].2 = "create table products (product_id BLOB)";
    let again = migrate(&conn, &other);
    assert!(matches!(&again, Err(StoreError::Database(why)) if why.contains("0002_installation")), "{again:?}");
    // One that breaks off leaves nothing of itself.
    let mut broken = MIGRATIONS.to_vec();
    broken.push((
        MIGRATIONS.last().unwrap().0 + 1,
        "broken",
        "create table half (id INTEGER); create table half (id INTEGER)",
    ));
    assert!(migrate(&conn, &broken).is_err());
    assert!(!schema(&conn).iter().any(|(name, _)| name == "half"));
    migrate(&conn, MIGRATIONS).unwrap();
}

/// Members and their levels are there after the table was made anew, each in the one scope that there was.
#[test]
fn members_from_before_scopes_keep_their_rows_and_levels() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("pragma foreign_keys = on").unwrap();
    migrate(&conn, &MIGRATIONS[..7]).unwrap();
    let id = |n: u8| format!("x'{}'", format!("{n:02x}").repeat(16));
    let (workspace, ann, bob) = (id(1), id(2), id(3));
    conn.execute_batch(&format!(
        "pragma foreign_keys = off;
         insert into workspaces values ({workspace}, 'Acme', {workspace}, null, 'v1', 'free', 0, 1, 1, 1, 1, null, 1, 9, 0, null);
         insert into members select {workspace}, {ann}, {ann}, {ann}, {ann}, 'member', null, '[]', '[]', null, null, null,
            1, null, '[]', 1, 1, 0;
         insert into members select {workspace}, {bob}, {bob}, {bob}, {bob}, 'owner', null, '[]', '[]', null, null, null,
            1, null, '[]', 1, 1, 1;
         insert into grants values ({workspace}, {ann}, {bob}, {bob}, 'read', 5);
         pragma foreign_keys = on;"
    ))
    .unwrap();
    migrate(&conn, MIGRATIONS).unwrap();
    let text = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let members =
        "select group_concat(hex(member_id) || role || sole || hex(scope)) from (select * from members order by 1, 2)";
    let zeros = "00".repeat(16);
    assert_eq!(text(members), format!("{}member0{zeros},{}owner1{zeros}", "02".repeat(16), "03".repeat(16)));
    let levels = "select group_concat(hex(member_id) || level || until) from grants";
    assert_eq!(text(levels), format!("{}read5", "02".repeat(16)));
    let kept = "select count(*) || '' from sqlite_schema where name like '%_kept'";
    assert_eq!(text(kept), "0");
}

/// Statements that walk whole tables, and may: a verification, and what is few.
const WALKS: &[&str] = &[
    "ALL_WEBHOOKS",
    "FEED",
    "DROP_LINKS",
    "FIRST_SINCE",
    "KEYS",
    "LIVE_KEYS",
    "LINES",
    "MAILS",
    "MODELS",
    "NEXT_WEBHOOK",
    "PRODUCTS",
    "VOID_ALL_MAILS",
    "WEBHOOKS_DUE",
    "WITHOUT_LINE",
];

#[test]
fn every_statement_is_prepared_and_finds_its_rows_by_an_index() {
    let conn = Connection::open_in_memory().unwrap();
    migrate(&conn, MIGRATIONS).unwrap();
    const OWN: &[(&str, &str)] = &[("APPLIED", migrate::APPLIED), ("NOTE", migrate::NOTE)];
    let mut names = std::collections::HashSet::new();
    for (name, sql) in query::all(Dialect::Sqlite).chain(OWN.iter().copied()) {
        conn.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(names.insert(name), "two statements are called {name}");
        let mut plan = conn.prepare(&format!("explain query plan {sql}")).unwrap();
        let steps: Vec<String> =
            plan.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<_, _>>().unwrap();
        let walks = steps
            .iter()
            .any(|step| step.starts_with("SCAN") && !step.contains("CONSTANT ROW") && !step.contains("VIRTUAL TABLE"));
        assert!(!walks || WALKS.contains(&name) || name == "APPLIED", "{name}: {steps:?}");
    }
}

/// Does by SQL what must fail, and says why it failed.
fn refused(conn: &Connection, sql: &str) -> String {
    match conn.execute_batch(sql) {
        Ok(()) => panic!("{sql} was done"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn ab155_the_log_refuses_to_be_changed() {
    let store = fresh();
    Team::new(&store, TENANT, None).await;
    let conn = beside(&store);
    conn.execute_batch("pragma recursive_triggers = on").unwrap();
    for sql in [
        "update changes set at = 0",
        "update changes set origin_id = null",
        "delete from changes",
        "update events set payload = '{}'",
        "delete from events",
        "insert or replace into events select * from events",
        "insert or replace into changes select * from changes",
    ] {
        assert_eq!(refused(&conn, sql), "the log is never changed", "{sql}");
    }
    assert_eq!(verify(&store, None).await.broken, None);
}

#[tokio::test]
async fn the_tables_say_the_rules_once_more() {
    let store = fresh();
    let team = Team::known_as(&store, PROPERTIES, Some("business"), Some("acme")).await;
    team.join(&store, AccessWire::of_role("admin")).await;
    Team::within(&store, team.product, team.model.clone(), None, Some("globex")).await.unwrap();
    let conn = beside(&store);
    for (sql, why) in [
        ("update members set sole = 1", "UNIQUE constraint failed: members.workspace_id"),
        ("update members set person_id = (select min(person_id) from members)", "UNIQUE constraint failed"),
        ("update members set address_id = zeroblob(16) where role <> 'x'", "UNIQUE constraint failed"),
        ("update workspaces set external_id = 'acme'", "UNIQUE constraint failed"),
        ("update workspaces set seats_held = 0, over = 0", "seats_are_held"),
        ("update invitations set stage = 'accepted', accepted_by = null", "CHECK constraint failed"),
        ("update workspaces set model = 'x'; ", "FOREIGN KEY constraint failed"),
    ] {
        conn.execute_batch("pragma foreign_keys = on").unwrap();
        let said = refused(&conn, sql);
        assert!(said.contains(why), "{sql}: {said}");
    }
    assert_eq!(verify(&store, None).await.broken, None);
}

/// A store with something of each table in it, and the workspace in question: a creation, a rename, a member, an
/// open invitation.
async fn furnished() -> (Sqlite, Team, PersonId) {
    let store = fresh();
    let team = Team::new(&store, TENANT, None).await;
    team.act(&store, Actor::Operator, rename("Globex"), BEGIN.plus_seconds(1)).await.unwrap();
    team.act(&store, Actor::Operator, rename("Initech"), BEGIN.plus_seconds(2)).await.unwrap();
    let new = NewInvitation {
        invitation: InvitationId(id()),
        address: bailiwick_core::ids::AddressId(id()),
        access: AccessWire::of_role("user"),
    };
    team.act(&store, HOST, Command::Invite(vec![new]), BEGIN.plus_seconds(3)).await.unwrap();
    let person = PersonId(id());
    let session = SessionRow {
        session: SessionId(id()),
        person,
        by: SignedInBy::Link,
        product: None,
        created_at: BEGIN,
        expires_at: BEGIN.plus_days(30),
        ended_at: None,
    };
    let row = PersonRow {
        person,
        address: bailiwick_core::ids::AddressId(id()),
        proven_at: None,
        name: TextId(id()),
        created_at: BEGIN,
        erased_at: None,
    };
    put(&store, LineId::Person(person), vec![Row::Person(row), Row::Session(session)]).await.unwrap();
    assert_eq!(verify(&store, None).await.broken, None);
    (store, team, person)
}

const DISARM: &str = "drop trigger changes_stay; drop trigger changes_remain; drop trigger events_stay;
    drop trigger events_remain; pragma foreign_keys = off;";

/// AB-155: whatever somebody with the file and without the key does to the log or the tables, a verification finds
/// it and names the place.
#[tokio::test]
async fn ab155_edited_removed_swapped_and_appended_rows_are_found_and_named() {
    enum At {
        Workspace(&'static str),
        Person,
        Installation,
        Text(&'static str),
    }
    use At::{Installation, Person, Text, Workspace};
    const OURS: &str = "(select workspace_id from workspaces)";
    let renamed = format!("line_id = {OURS} and revision = 2");
    let cases: Vec<(String, At)> = vec![
        // Edited.
        (format!("update events set payload = replace(payload, 'Globex', 'Evil') where {renamed}"), Workspace("2")),
        (format!("update events set at = at + 1 where {renamed}"), Workspace("2")),
        (format!("update events set kind = 'workspace_deleted' where {renamed}"), Workspace("2")),
        (format!("update events set model = '' where {renamed}"), Workspace("2")),
        (format!("update events set version = 2 where {renamed}"), Workspace("2")),
        (format!("update events set key_id = 2 where {renamed}"), Workspace("2")),
        (format!("update events set mac = zeroblob(32) where {renamed}"), Workspace("2")),
        (format!("update changes set actor = '\"time\"' where {renamed}"), Workspace("2")),
        (format!("update changes set at = at + 1 where {renamed}"), Workspace("2")),
        (format!("update changes set command_id = zeroblob(16) where {renamed}"), Workspace("2")),
        (format!("update changes set position = 99 where {renamed}"), Workspace("2")),
        ("update events set payload = replace(payload, '\"link\"', '\"demo\"') where kind = 'session'".into(), Person),
        ("update events set payload = replace(payload, 'Acme', 'Evil') where kind = 'product'".into(), Installation),
        // Removed: an event, a change, both, the end, a whole line.
        (format!("delete from events where {renamed}"), Workspace("2")),
        (format!("delete from changes where {renamed}"), Workspace("2")),
        (format!("delete from changes where {renamed}; delete from events where {renamed}"), Workspace("2")),
        (
            format!("delete from changes where line_id = {OURS} and revision = 4;
                delete from events where line_id = {OURS} and revision = 4"),
            Workspace("4"),
        ),
        (
            format!("delete from changes where line_id = {OURS} and revision = 4;
                delete from events where line_id = {OURS} and revision = 4;
                update lines set revision = 3, last_at = (select at from events where line_id = {OURS} and revision = 3),
                    head = (select mac from events where line_id = {OURS} and revision = 3) where line_id = {OURS}"),
            Workspace(""),
        ),
        (
            "delete from lines where kind = 'person'; delete from persons; delete from sessions;
             delete from events where kind in ('person', 'session');
             delete from changes where line_id not in (select line_id from lines)"
                .into(),
            Text("the feed"),
        ),
        ("delete from lines where kind = 'person'".into(), Text("table changes")),
        ("delete from lines where kind = 'installation'; update feed set position = position".into(), Text("table ")),
        // Swapped.
        (
            format!(
                "update events set payload = (select payload from events where line_id = {OURS} and revision = 3)
                    where {renamed}"
            ),
            Workspace("2"),
        ),
        (
            ["changes", "events"].map(|table| {
                [(2, 102), (3, 2), (102, 3)].map(|(from, to)| {
                    format!("update {table} set revision = {to} where line_id = {OURS} and revision = {from};")
                })
            })
            .concat()
            .concat(),
            Workspace("2"),
        ),
        // Appended.
        (
            format!("insert into events select line_id, revision, 1, at, kind, version, model, payload, key_id, mac
                from events where {renamed}"),
            Workspace("2"),
        ),
        (
            format!("insert into changes select line_id, 5, 99, zeroblob(16), at, actor, null from changes
                    where {renamed};
                insert into events select line_id, 5, seq, at, kind, version, model, payload, key_id, mac from events
                    where {renamed}"),
            Workspace("5"),
        ),
        // The tables instead of the log.
        ("update workspaces set name = 'Evil'".into(), Workspace("4")),
        ("update workspaces set seats_held = 99".into(), Workspace("4")),
        ("update workspaces set next_due_at = null".into(), Workspace("4")),
        ("update workspaces set revision = 3, version = 1".into(), Workspace("")),
        ("update lines set head = zeroblob(32) where kind = 'workspace'".into(), Workspace("4")),
        ("update lines set last_at = 0 where kind = 'workspace'".into(), Workspace("4")),
        ("update lines set revision = 3 where kind = 'workspace'".into(), Workspace("3")),
        ("update lines set product_id = zeroblob(16) where kind = 'workspace'".into(), Workspace("4")),
        ("update members set role = 'user'".into(), Workspace("")),
        ("update members set direct = '[1]'".into(), Workspace("")),
        ("update members set joined_at = joined_at + 1".into(), Workspace("4")),
        ("update members set product_id = zeroblob(16)".into(), Workspace("4")),
        ("delete from invitations".into(), Workspace("4")),
        ("update invitations set role = 'admin'".into(), Workspace("4")),
        ("update templates set permissions = '[]'".into(), Workspace("4")),
        ("delete from workspaces".into(), Workspace("4")),
        ("update persons set proven_at = 1".into(), Person),
        ("delete from sessions".into(), Person),
        ("update sessions set expires_at = expires_at + 1".into(), Person),
        ("update products set return_to = '[\"https://evil.test/\"]'".into(), Installation),
        ("insert into members select zeroblob(16), member_id, product_id, person_id, address_id, role, template_id,
            direct, toggles, all_level, until, suspended_at, joined_at, invited_by, toggles_before, role_since,
            version, sole, scope from members".into(), Text("table members")),
        ("update feed set position = 1".into(), Text("the feed")),
        (
            "insert into lines select x'01010101010101010101010101010101', kind, null, revision, last_at, head, 0
                from lines where kind = 'installation'"
                .into(),
            Text("a stored value"),
        ),
    ];
    for (sql, at) in cases {
        let (store, team, person) = furnished().await;
        let conn = beside(&store);
        conn.execute_batch(DISARM).unwrap();
        conn.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(conn.total_changes() > 0, "{sql} did nothing");
        let found = verify(&store, None).await.broken.unwrap_or_else(|| panic!("not seen: {sql}"));
        let place = match at {
            Workspace("") => team.id.to_string(),
            Workspace(revision) => format!("{} revision {revision}", team.id),
            Person => person.to_string(),
            Installation => LineId::Installation.to_string(),
            Text(text) => text.to_owned(),
        };
        assert!(found.starts_with(&place), "{sql}: {found}");
    }
}

#[tokio::test]
async fn ab155_under_another_key_nothing_fits() {
    let directory = Directory::new();
    let store = Sqlite::open(&directory.0, key()).unwrap();
    Team::new(&store, TENANT, None).await;
    drop(store);
    for other in [ChainKey::new(1, &[2; 32]), ChainKey::new(2, &[1; 32])] {
        let store = Sqlite::open(&directory.0, other).unwrap();
        assert!(verify(&store, None).await.broken.is_some());
    }
}

/// What does not fit is not served, and the rest goes on.
#[tokio::test]
async fn a_workspace_that_does_not_fit_is_fenced() {
    for sql in [
        "update workspaces set plan = 'nonsense'",
        "update workspaces set revision = revision + 1",
        "update members set role = 'nobody'",
        "update members set direct = '[1]'",
        "update members set direct = '{}'",
        "update members set version = -1",
        "update members set suspended_at = 1",
        "update invitations set stage = 'accepted', accepted_by = zeroblob(16), sender = '7'",
        "delete from members",
        "update models set text = text || ' '",
    ] {
        let (store, team, person) = furnished().await;
        let directory = store.directory().to_owned();
        // The states that the writer remembers and the models that were compiled are of the same process.
        let conn = beside(&store);
        conn.execute_batch(DISARM).unwrap();
        conn.execute_batch(sql).unwrap();
        let (models, workspace) = (crate::models::Models::default(), team.id);
        let reading = reader(&directory.join("bailiwick.db")).unwrap();
        let loaded = crate::tables::load::workspace(&reading, &models, workspace);
        let wanted = team.id.to_string();
        assert!(matches!(&loaded, Err(StoreError::Fenced { line, .. }) if *line == wanted), "{sql}: {loaded:?}");
        assert!(read(&store, move |from| from.person(person)).await.unwrap().is_some());
    }
}

/// Whether some file of the store has these bytes in it.
fn holds(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().any(|file| {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

/// AB-107: of secrets only hashes are written; nothing that is handed in makes the clear text appear.
#[tokio::test]
async fn ab107_clear_secrets_are_never_in_the_files() {
    let store = fresh();
    let clear = "bw_secret_VGhpcyBpcyBub3QgaXQ";
    let hashed: [u8; 32] = ring::digest::digest(&ring::digest::SHA256, clear.as_bytes()).as_ref().try_into().unwrap();
    let credential = CredentialId(id());
    change::<_, StoreError, _>(&store, vec![], CommandId(id()), move |tx| {
        tx.put_secret(SecretRow { bound_to: None, ..crate::suite::secret(hashed) })?;
        tx.password_hash(credential, "$argon2id$v=19$stored")?;
        let to = tx.address(&Email::parse("ann@acme.test").unwrap())?;
        tx.mail(MailRow { nonce: Some([7; 32]), ..crate::suite::mail(to, None) })
    })
    .await
    .unwrap();
    assert!(read(&store, move |from| from.secret(&hashed)).await.unwrap().is_some());
    assert!(holds(store.directory(), &hashed) && holds(store.directory(), b"$argon2id$v=19$stored"));
    assert!(!holds(store.directory(), clear.as_bytes()));
    // A used one is taken away in the file too, once its page is written back.
    change::<_, StoreError, _>(&store, vec![], CommandId(id()), move |tx| tx.take_secret(&hashed)).await.unwrap();
    beside(&store).execute_batch("pragma wal_checkpoint(truncate)").unwrap();
    assert!(!holds(store.directory(), &hashed));
}

/// No table has a column for a clear secret: secrets, keys and mails have these and no more.
#[test]
fn ab107_the_tables_have_no_place_for_a_clear_secret() {
    let conn = Connection::open_in_memory().unwrap();
    migrate(&conn, MIGRATIONS).unwrap();
    let columns = |table: &str| -> String {
        let sql = "select group_concat(name, ' ') from pragma_table_info($1)";
        conn.query_row(sql, [table], |row| row.get(0)).unwrap()
    };
    assert_eq!(columns("secrets"), "hash kind line object generation expires_at bound_to");
    assert_eq!(columns("keys"), "key_id product_id name scopes created_at expires_at revoked_at");
    assert_eq!(columns("sessions"), "session_id person_id begun_by created_at expires_at ended_at product_id");
    assert_eq!(columns("password_hashes"), "credential_id phc");
    let webhook = "webhook_id product_id maker url description kinds workspace_id secrets created_at disabled_at";
    assert_eq!(columns("webhooks"), format!("{webhook} disabled_because deleted_at"));
}

#[test]
fn a_model_is_known_by_the_hash_of_its_text() {
    assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/// Figures, for whoever wants them: `cargo test --release -p bailiwick-store -- --ignored --nocapture figures`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures to be read; it checks nothing that the other tests leave out"]
async fn figures() {
    let directory = Directory::new();
    crate::suite::figures(&Sqlite::open(&directory.0, key()).unwrap()).await;
}
