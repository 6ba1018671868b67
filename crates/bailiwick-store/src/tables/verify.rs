//! Walks the chain, folds the lines, compares with the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bailiwick_core::ids::{CommandId, MemberId, PersonId, ProductId, WorkspaceId};
use bailiwick_core::team::apply::{apply_under, begin};
use bailiwick_core::team::event::{EVENT_VERSION, Event, Recorded};
use bailiwick_core::team::state::{Access, Workspace};
use bailiwick_core::time::Timestamp;

use super::db::{Db, Out, all, misread, of_json, of_line, one};
use super::{load, put, read, webhooks};
use crate::chain::{ChainKey, Link, START, Seal};
use crate::codec::{Derived, is_sole, scope};
use crate::error::StoreError;
use crate::models::Models;
use crate::query::{log as q, people, workspace as workspace_q};
use crate::rows::{LineId, Row, Verified};

/// A bad place, or an engine that fails.
enum Found {
    Bad(String),
    Failed(StoreError),
}

impl From<StoreError> for Found {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

type Walk<T> = Result<T, Found>;

fn bad<T>(place: impl std::fmt::Display, why: impl std::fmt::Display) -> Walk<T> {
    Err(Found::Bad(format!("{place}: {why}")))
}

/// Verifies one line, or all and that nothing lies outside of them.
pub(crate) fn verify(db: &dyn Db, models: &Models, key: &ChainKey, line: Option<LineId>) -> Out<Verified> {
    let mut verified = Verified::default();
    let mut walker = Walker { db, models, key, verified: &mut verified };
    let walked = match line {
        Some(line) => walker.line(line),
        None => walker.everything(),
    };
    match walked {
        Ok(()) => Ok(verified),
        Err(Found::Bad(place)) => Ok(Verified { broken: Some(place), ..verified }),
        // What cannot be read is a bad place too; that the engine fails is not known to be one.
        Err(Found::Failed(StoreError::Fenced { line, why })) => {
            Ok(Verified { broken: Some(format!("{line}: {why}")), ..verified })
        }
        Err(Found::Failed(error)) => Err(error),
    }
}

/// A workspace as it was at a moment: the changes up to it, folded. What time ended until then may not be written.
pub(crate) fn past(
    db: &dyn Db,
    models: &Models,
    key: &ChainKey,
    id: WorkspaceId,
    at: Timestamp,
) -> Out<Option<Arc<Workspace>>> {
    let line = LineId::Workspace(id);
    let walker = &mut Walker { db, models, key, verified: &mut Verified::default() };
    let fold = |walker: &mut Walker<'_>| {
        let (changes, mut events) = (walker.changes(line)?, walker.events(line)?);
        if changes.is_empty() {
            return Ok(None);
        }
        walker.chain(line, &changes, &events)?;
        // Times never go back along a line, so the first change that ends later is the first that was not there yet.
        let later = events.iter().find(|event| event.at > at).map(|event| event.revision);
        events.retain(|event| later.is_none_or(|later| event.revision < later));
        walker.fold(id, &events)
    };
    match fold(walker) {
        Ok(state) => Ok(state.map(Arc::new)),
        Err(Found::Bad(why)) => Err(StoreError::Fenced { line: id.to_string(), why }),
        Err(Found::Failed(error)) => Err(error),
    }
}

/// A change as it is stored.
struct Change {
    revision: u64,
    position: u64,
    command: CommandId,
    at: Timestamp,
    actor: String,
}

/// An event as it is stored.
struct Stored {
    revision: u64,
    seq: u64,
    at: Timestamp,
    kind: String,
    version: u16,
    model: String,
    payload: String,
    key_id: u32,
    mac: Seal,
}

struct Walker<'a> {
    db: &'a dyn Db,
    models: &'a Models,
    key: &'a ChainKey,
    verified: &'a mut Verified,
}

impl Walker<'_> {
    fn everything(&mut self) -> Walk<()> {
        let lines = all(self.db, q::LINES, &[], |c| {
            let id = c.get()?;
            let kind = c.text()?;
            LineId::of(&kind, id).ok_or_else(|| misread(format!("`{kind}` is no kind of line, or this is not its id")))
        })?;
        for line in lines {
            self.line(line)?;
        }
        let feed = one(self.db, q::FEED, &[], |c| Ok((c.number::<u64>()?, c.number::<u64>()?, c.number::<u64>()?)))?;
        // Positions are unique and begin at 1: as many as the last one says means that none is missing.
        match feed {
            Some((counter, changes, last)) if counter == changes && counter == last => {}
            Some((counter, changes, last)) => {
                return bad(
                    "the feed",
                    format!("it counts {counter} changes, {changes} are there and the last of them is number {last}"),
                );
            }
            None => return bad("the feed", "it has no counter"),
        }
        let strays = one(self.db, q::WITHOUT_LINE, &[], |c| {
            let tables = [
                "changes",
                "events",
                "workspaces",
                "members",
                "grants",
                "invitations",
                "invitation_grants",
                "templates",
                "resources",
                "persons",
                "sessions",
                "credentials",
                "products",
                "models",
                "keys",
            ];
            tables.into_iter().map(|table| Ok((table, c.number::<u64>()?))).collect::<Out<Vec<_>>>()
        })?;
        match strays.unwrap_or_default().into_iter().find(|(_, count)| *count > 0) {
            Some((table, count)) => bad(format!("table {table}"), format!("{count} rows of lines that never were")),
            None => Ok(()),
        }
    }

    fn line(&mut self, line: LineId) -> Walk<()> {
        self.walk(line).map_err(|found| match found {
            Found::Failed(error) => Found::Failed(of_line(line, error)),
            bad @ Found::Bad(_) => bad,
        })
    }

    fn walk(&mut self, line: LineId) -> Walk<()> {
        self.verified.lines += 1;
        let changes = self.changes(line)?;
        let events = self.events(line)?;
        self.chain(line, &changes, &events)?;
        match line {
            LineId::Workspace(id) => self.workspace(id, &events),
            LineId::Person(id) => self.person(id, &events),
            LineId::Installation => self.installation(&events),
        }
    }

    fn changes(&self, line: LineId) -> Out<Vec<Change>> {
        all(self.db, q::CHANGES, &[&line.bytes()], |c| {
            Ok(Change {
                revision: c.number()?,
                position: c.number()?,
                command: c.id()?,
                at: c.time()?,
                actor: c.text()?,
            })
        })
    }

    fn events(&self, line: LineId) -> Out<Vec<Stored>> {
        all(self.db, q::EVENTS, &[&line.bytes()], |c| {
            Ok(Stored {
                revision: c.number()?,
                seq: c.number()?,
                at: c.time()?,
                kind: c.text()?,
                version: c.number()?,
                model: c.text()?,
                payload: c.text()?,
                key_id: c.number()?,
                mac: c.get()?,
            })
        })
    }

    /// The seals, one after another; revisions and numbers without a gap, positions and times that never go back.
    fn chain(&mut self, line: LineId, changes: &[Change], events: &[Stored]) -> Walk<()> {
        let mut events = events.iter().peekable();
        let mut seal = START;
        let (mut position, mut time) = (0, Timestamp(i64::MIN));
        for (expected, change) in (1..).zip(changes) {
            self.verified.changes += 1;
            let revision = change.revision;
            if revision != expected {
                return bad(format!("{line} revision {expected}"), "this change is missing");
            }
            if change.position <= position {
                return bad(format!("{line} revision {revision}"), "its position in the feed goes back");
            }
            position = change.position;
            let mut seq = 0;
            while let Some(event) = events.next_if(|event| event.revision == revision) {
                self.verified.events += 1;
                let place = format!("{line} revision {revision} event {seq}");
                if event.seq != seq {
                    return bad(place, "this event is missing");
                }
                if event.version == 0 || event.version > EVENT_VERSION {
                    return bad(place, format!("written by version {} of the events, unknown here", event.version));
                }
                if event.key_id != self.key.id() {
                    return bad(place, format!("sealed under key {}, unknown here", event.key_id));
                }
                seal = self.key.seal(&seal, &link(line, change, event));
                if seal != event.mac {
                    return bad(place, "its seal does not fit: it, or what stands before it, is not what was written");
                }
                if event.at < time {
                    return bad(place, "it is earlier than the event before it");
                }
                time = event.at;
                seq += 1;
            }
            if seq == 0 {
                return bad(format!("{line} revision {revision}"), "it has no event");
            }
        }
        if let Some(event) = events.next() {
            return bad(format!("{line} revision {} event {}", event.revision, event.seq), "its change is missing");
        }
        let standing = one(self.db, q::LINE, &[&line.bytes()], |c| {
            let kind = c.text()?;
            Ok((kind, c.number::<u64>()?, c.time()?, c.get::<Seal>()?))
        })?;
        match standing {
            Some((kind, revision, at, head))
                if kind == line.kind() && revision == changes.len() as u64 && at == time && head == seal =>
            {
                Ok(())
            }
            Some((_, revision, ..)) => bad(
                format!("{line} revision {revision}"),
                format!("the line's end is not the end of its log, which is revision {}", changes.len()),
            ),
            None => bad(line, "there is no such line"),
        }
    }

    fn workspace(&self, id: WorkspaceId, events: &[Stored]) -> Walk<()> {
        let Some(folded) = self.fold(id, events)? else { return bad(id, "it has no events") };
        let loaded = load::workspace(self.db, self.models, id)?;
        let place = format!("{id} revision {}", folded.revision);
        match loaded {
            Some(loaded) => {
                if let Some(what) = difference(&folded, &loaded) {
                    return bad(place, format!("the tables differ from the folded log: {what}"));
                }
            }
            None => return bad(place, "the tables do not have it"),
        }
        self.derived(&place, &folded)
    }

    fn fold(&self, id: WorkspaceId, events: &[Stored]) -> Walk<Option<Workspace>> {
        let mut state: Option<Workspace> = None;
        for change in events.chunk_by(|a, b| a.revision == b.revision) {
            let Some(first) = change.first() else { continue };
            let place = format!("{id} revision {}", first.revision);
            let mut recorded = Vec::with_capacity(change.len());
            for event in change {
                match of_json::<Event>(&event.payload) {
                    Ok(read) if read.kind() == event.kind => recorded.push(Recorded { at: event.at, event: read }),
                    Ok(_) => return bad(format!("{place} event {}", event.seq), "its kind is not what it says"),
                    Err(error) => return bad(format!("{place} event {}", event.seq), error),
                }
            }
            let decided_under = state.as_ref().map_or(&*first.model, |state| &*state.model.version);
            if change.iter().any(|event| event.model != decided_under) {
                return bad(
                    place,
                    format!("it was not decided under model {decided_under}, which the workspace was on"),
                );
            }
            let mut brought = None;
            for recorded in &recorded {
                if let Event::ModelChanged { to, .. } = &recorded.event {
                    brought = Some(load::model(self.db, self.models, to)?);
                }
            }
            let models = |version: &str| brought.clone().filter(|model| *model.version == *version);
            let next = match &state {
                None => begin(&load::model(self.db, self.models, &first.model)?, &recorded),
                Some(state) => apply_under(state, &recorded, &models),
            };
            match next {
                Ok(next) if next.id == id => state = Some(next),
                Ok(next) => return bad(place, format!("it makes {}", next.id)),
                Err(misfit) => return bad(place, misfit),
            }
        }
        Ok(state)
    }

    /// What the rows say that follows from the rest.
    fn derived(&self, place: &str, state: &Workspace) -> Walk<()> {
        let stored = one(self.db, workspace_q::DERIVED, &[&state.id.bytes()], |c| {
            Ok(Derived { taken: c.number()?, held: c.get::<Option<u32>>()?, over: c.get()?, next_due: c.maybe_time()? })
        })?;
        if stored != Some(Derived::of(state)) {
            return bad(place, "seats or the next due time are not what follows from the rest");
        }
        let rows = all(self.db, workspace_q::MEMBERS_DERIVED, &[&state.id.bytes()], |c| {
            Ok((c.id::<MemberId>()?, c.id::<ProductId>()?, c.get::<bool>()?, c.get::<[u8; 16]>()?))
        })?;
        let fits = |(id, product, sole, on): &(MemberId, ProductId, bool, [u8; 16])| {
            let access = state.members.get(id).map(|row| &row.access);
            let follows = |a: &Access| *sole == is_sole(&state.model, a.role) && *on == scope(&state.model, a);
            *product == state.product && access.is_some_and(follows)
        };
        if let Some((id, ..)) = rows.iter().find(|row| !fits(row)) {
            return bad(place, format!("{id}: its product, its place as the owner or its scope is another"));
        }
        let astray = one(self.db, workspace_q::OF_OTHER_PRODUCTS, &[&state.id.bytes(), &state.product.bytes()], |c| {
            c.number::<u64>()
        })?;
        match astray {
            Some(0) => Ok(()),
            _ => bad(place, "rows of it name another product"),
        }
    }

    fn person(&self, id: PersonId, events: &[Stored]) -> Walk<()> {
        let mut rows = Vec::new();
        let key = id.bytes();
        rows.extend(one(self.db, people::PERSON, &[&key], read::person)?.map(Row::Person));
        rows.extend(all(self.db, people::ALL_SESSIONS, &[&key], read::session)?.into_iter().map(Row::Session));
        rows.extend(all(self.db, people::ALL_CREDENTIALS, &[&key], read::credential)?.into_iter().map(Row::Credential));
        put_rows(LineId::Person(id), events, rows)
    }

    fn installation(&self, events: &[Stored]) -> Walk<()> {
        let mut rows: Vec<Row> = read::products(self.db)?.into_iter().map(Row::Product).collect();
        rows.extend(read::models(self.db)?.into_iter().map(Row::Model));
        rows.extend(read::keys(self.db)?.into_iter().map(|(row, _)| Row::Key(row)));
        rows.extend(webhooks::every(self.db)?.into_iter().map(Row::Webhook));
        put_rows(LineId::Installation, events, rows)
    }
}

fn link<'a>(line: LineId, change: &'a Change, event: &'a Stored) -> Link<'a> {
    Link {
        line_kind: line.kind(),
        line: line.bytes(),
        revision: change.revision,
        position: change.position,
        command: change.command.bytes(),
        changed_at: change.at.0,
        actor: &change.actor,
        seq: event.seq,
        at: event.at.0,
        kind: &event.kind,
        version: event.version,
        model: &event.model,
        payload: &event.payload,
    }
}

/// Which part of two states differs first.
fn difference(folded: &Workspace, loaded: &Workspace) -> Option<String> {
    fn rows<K: Ord + Copy + std::fmt::Display, V: PartialEq + Clone>(
        folded: &imbl::OrdMap<K, V>,
        loaded: &imbl::OrdMap<K, V>,
    ) -> Option<String> {
        let ids: BTreeSet<K> = folded.keys().chain(loaded.keys()).copied().collect();
        ids.into_iter().find(|id| folded.get(id) != loaded.get(id)).map(|id| id.to_string())
    }
    rows(&folded.members, &loaded.members)
        .or_else(|| rows(&folded.invitations, &loaded.invitations))
        .or_else(|| rows(&folded.templates, &loaded.templates))
        .or_else(|| rows(&folded.resources, &loaded.resources))
        .or_else(|| (folded != loaded).then(|| "the workspace's own row".into()))
}

/// Folds rows that were put, and compares with those that are there.
fn put_rows(line: LineId, events: &[Stored], stored: Vec<Row>) -> Walk<()> {
    let mut folded = BTreeMap::new();
    for event in events {
        let place = format!("{line} revision {} event {}", event.revision, event.seq);
        match of_json::<Row>(&event.payload) {
            Ok(row) if put::kind(&row) == event.kind && put::line_of(&row) == line => {
                folded.insert(name(&row), row);
            }
            Ok(_) => return bad(place, "its kind is not what it says, or the row is not of this line"),
            Err(error) => return bad(place, error),
        }
    }
    let stored: BTreeMap<String, Row> = stored.into_iter().map(|row| (name(&row), row)).collect();
    let names: BTreeSet<&String> = folded.keys().chain(stored.keys()).collect();
    match names.into_iter().find(|name| folded.get(*name) != stored.get(*name)) {
        Some(name) => bad(line, format!("the tables differ from the folded log: {name}")),
        None => Ok(()),
    }
}

/// What a row is a row of.
fn name(row: &Row) -> String {
    match row {
        Row::Person(row) => row.person.to_string(),
        Row::Session(row) => row.session.to_string(),
        Row::Credential(row) => row.credential.to_string(),
        Row::Product(row) => row.product.to_string(),
        Row::Model(row) => format!("model {}", row.version),
        Row::Key(row) => row.key.to_string(),
        Row::Webhook(row) => row.webhook.to_string(),
    }
}
