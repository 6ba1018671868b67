//! What each command does.

use bailiwick_app::caller::{Caller, Scope};
use bailiwick_app::installation::NewKey;
use bailiwick_app::look::{Question, ResourceName};
use bailiwick_app::rows::{By, KeyRow, LogFilter};
use bailiwick_app::{App, AppError};
use bailiwick_core::access::check::Decision;
use bailiwick_core::access::parse::fault::suggest;
use bailiwick_core::access::say;
use bailiwick_core::ids::{MemberId, PersonId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::refusal::Refusal;
use serde_json::{Value, json};

use super::{Answer, Ask, Asked};
use crate::moment;

/// Does what was asked; `tell` hears how far it has come.
pub async fn do_it(app: &App, ask: &Ask, tell: &(dyn Fn(String) + Send + Sync)) -> Answer {
    let by = By { actor: Actor::Operator, origin: None };
    let done = match ask {
        Ask::CreateKey { product, name, scopes, days } => create_key(app, &by, product, name, scopes, *days).await,
        Ask::RotateKey { key, days, overlap } => match key.parse() {
            Ok(id) => app.rotate_key(&by, id, *days, *overlap).await.map(|new| shown_once(app, &new)).map_err(words),
            Err(_) => Err(refused(format!("{key} is not the id of a key"))),
        },
        Ask::RevokeKey { key } => match key.parse() {
            Ok(id) => app.revoke_key(&by, id).await.map(|()| json!({"id": key, "revoked": true})).map_err(words),
            Err(_) => Err(refused(format!("{key} is not the id of a key"))),
        },
        Ask::Keys { product } => keys(app, product.as_deref()),
        Ask::CreateProduct { name, brand } => match app.create_product(&by, name, brand).await {
            Ok(row) => Ok(json!({"id": row.product, "name": row.name, "brand": row.brand})),
            Err(error) => Err(words(error)),
        },
        Ask::Products => Ok(products(app)),
        Ask::Check(asked) => check(app, asked).await,
        Ask::Log { product, workspace, from, until, before } => {
            let filter = LogFilter {
                from: from.map(bailiwick_core::time::Timestamp),
                until: until.map(bailiwick_core::time::Timestamp),
                before_revision: *before,
                limit: PAGE,
                ..LogFilter::default()
            };
            log(app, product, workspace, filter).await
        }
        Ask::TransferOwnership { product, workspace, to } => transfer(app, product, workspace, to).await,
        Ask::Verify => {
            let done = verify(app).await;
            return done.map_or_else(|why| why, Answer::Said);
        }
        Ask::ApplyModel { name, text, progress } => {
            let moves = app.apply_model(name, text, &|done, all| report(*progress, done, all, tell)).await;
            return moves.map_or_else(words, Answer::Moved);
        }
        Ask::UndoModel { name, progress } => {
            let moves = app.undo_model(name, &|done, all| report(*progress, done, all, tell)).await;
            return moves.map_or_else(words, Answer::Moved);
        }
        Ask::ForetellModel { of, text } => {
            let found = app.foretell_model(of, text).await;
            return found.map_or_else(words, Answer::Foretold);
        }
    };
    done.map_or_else(|why| why, Answer::Found)
}

/// Why it was not done: refused, or not possible just now.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn words(error: AppError) -> Answer {
    let sentence = match &error {
        AppError::Refused(refusal) => format!("{refusal} {}", refusal.remedy()).trim_end().to_owned(),
        other => other.to_string(),
    };
    let is_answer = !error.is_doubt() && !matches!(error, AppError::Store(_) | AppError::Busy | AppError::TooOften(_));
    if is_answer { Answer::Refused(sentence) } else { Answer::Failed(sentence) }
}

fn refused(why: impl Into<String>) -> Answer {
    Answer::Refused(why.into())
}

/// Says how far it has come, some twenty times in all.
fn report(wanted: bool, done: usize, all: usize, tell: &(dyn Fn(String) + Send + Sync)) {
    const TIMES: usize = 20;
    if wanted && (done == all || done.is_multiple_of(all.div_ceil(TIMES))) {
        tell(format!("{done} of {all} workspaces"));
    }
}

async fn create_key(
    app: &App,
    by: &By,
    product: &str,
    name: &str,
    scopes: &[String],
    days: u32,
) -> Result<Value, Answer> {
    let scopes: Vec<Scope> = scopes
        .iter()
        .map(|s| {
            Scope::parse(s).ok_or_else(|| {
                refused(format!("there is no scope `{s}`; there are check, read, manage, vouch, webhooks"))
            })
        })
        .collect::<Result<_, _>>()?;
    let product = app.product_named(product).map_err(words)?.product;
    let key = app.create_key(by, product, name, &scopes, days).await.map_err(words)?;
    Ok(shown_once(app, &key))
}

fn shown_once(app: &App, key: &NewKey) -> Value {
    let mut shown = key_json(app, &key.row);
    shown["secret"] = json!(key.token.reveal());
    shown
}

fn key_json(app: &App, row: &KeyRow) -> Value {
    let installation = app.installation();
    json!({
        "id": row.key,
        "product": installation.product(row.product).map(|p| p.name.clone()),
        "name": row.name,
        "scopes": row.scopes,
        "created_at": moment::text(row.created_at),
        "expires_at": moment::text(row.expires_at),
        "ended": app.clock.now() >= row.expires_at,
    })
}

fn keys(app: &App, product: Option<&str>) -> Result<Value, Answer> {
    let of = product.map(|name| app.product_named(name)).transpose().map_err(words)?;
    let fits = |row: &KeyRow| of.as_ref().is_none_or(|p| p.product == row.product);
    Ok(app.keys().iter().filter(|row| fits(row)).map(|row| key_json(app, row)).collect())
}

fn products(app: &App) -> Value {
    let keys = app.keys();
    let one = |p: &bailiwick_app::rows::ProductRow| {
        let keys = keys.iter().filter(|k| k.product == p.product).count();
        json!({"id": p.product, "name": p.name, "brand": p.brand, "keys": keys, "return_to": p.return_to})
    };
    app.installation().products.iter().map(one).collect()
}

/// The same decision that hosts and pages get (X02). What is unknown is a no with its reason.
async fn check(app: &App, asked: &Asked) -> Result<Value, Answer> {
    let product = app.product_named(&asked.product).map_err(words)?.product;
    let person = app.find_person(product, &asked.person).await.map_err(words)?;
    let state = app.find_workspace(product, &asked.workspace).await.map_err(words)?;
    let question = Question {
        workspace: state.as_ref().map_or(WorkspaceId(0), |s| s.id),
        person: person.as_ref().map_or(PersonId(0), |p| p.person),
        permission: asked.permission.clone(),
        resource: asked.resource.as_deref().map(ResourceName::parse),
        at_least: 0,
    };
    let answer = app.check(&Caller::operator(), &question).await.map_err(words)?;
    let name = person.as_ref().map_or_else(|| asked.person.clone(), |p| p.name.clone());
    let permission = state.as_ref().and_then(|s| s.model.permission(&asked.permission));
    let sentence = match (&state, permission) {
        (Some(state), Some(permission)) => {
            let known = question.resource.as_ref().and_then(|r| {
                let of = |(id, row): &(&_, &bailiwick_core::team::state::Resource)| match r {
                    ResourceName::Id(wanted) => *id == wanted,
                    ResourceName::External(wanted) => row.external_id.as_deref() == Some(wanted),
                };
                state.resources.iter().find(of).map(|(_, row)| row.name.to_string())
            });
            let place = known.or_else(|| asked.resource.clone());
            say::sentence(&state.model, &name, permission, place.as_deref(), &answer.decision)
        }
        (Some(state), None) => {
            let right = suggest(&asked.permission, state.model.permissions.iter().map(|p| &*p.name));
            format!("There is no permission `{}` in this workspace's model: {right}.", asked.permission)
        }
        (None, _) => format!("{}.", say::capital(&say::because(&answer.decision))),
    };
    let code = match &answer.decision {
        Decision::Allow(_) => None,
        Decision::Deny(denial) => Some(denial.code()),
    };
    let rows = state.iter().flat_map(|s| s.rows_of(question.person).map(|(_, row)| s.role_called(&row.access)));
    Ok(json!({
        "decision": answer.decision.allowed(),
        "reason": code,
        "sentence": sentence,
        "person": person.as_ref().map(|p| json!({"id": p.person, "name": p.name, "email": p.email})),
        "workspace": state.as_ref().map(|s| json!({"id": s.id, "name": &*s.name, "plan": s.model.plan(s.plan).title})),
        "roles": rows.collect::<Vec<_>>(),
        "revision": answer.revision,
    }))
}

/// How many changes are read at once.
const PAGE: usize = 200;

/// A page of a workspace's log, newest first, and where the next one begins.
async fn log(app: &App, product: &str, workspace: &str, filter: LogFilter) -> Result<Value, Answer> {
    let product = app.product_named(product).map_err(words)?.product;
    let state = app.find_workspace(product, workspace).await.map_err(words)?;
    let state = state.ok_or_else(|| refused(Refusal::NoSuchWorkspace.sentence()))?;
    let (team, entries) = app.log(&Caller::operator(), state.id, filter).await.map_err(words)?;
    let next = entries.last().filter(|_| entries.len() == PAGE).map(|entry| entry.revision);
    let events = entries.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry, event)));
    let event = |(entry, event): (&bailiwick_app::rows::LogEntry, &bailiwick_app::rows::LogEvent)| {
        let (kind, id, name) = match entry.actor {
            Actor::Person(person) => {
                let name = team.cards.get(&person).map(|card| card.name.clone());
                ("person", Some(person.to_string()), name)
            }
            Actor::Host(key) => ("host", Some(key.to_string()), None),
            Actor::Operator => ("operator", None, None),
            Actor::Time => ("time", None, None),
        };
        let data: Value = serde_json::from_str(&event.payload)
            .map_err(|e| Answer::Failed(format!("revision {}: {e}", entry.revision)))?;
        Ok::<_, Answer>(json!({
            "revision": entry.revision,
            "at": moment::text(event.at),
            "actor": kind,
            "actor_id": id,
            "actor_name": name,
            "ip": entry.origin.as_ref().map(|o| o.ip.clone()),
            "kind": event.kind,
            "data": data,
        }))
    };
    let events: Vec<Value> = events.map(event).collect::<Result<_, _>>()?;
    Ok(json!({"events": events, "next": next}))
}

async fn transfer(app: &App, product: &str, workspace: &str, to: &str) -> Result<Value, Answer> {
    let product = app.product_named(product).map_err(words)?.product;
    let state = app.find_workspace(product, workspace).await.map_err(words)?;
    let state = state.ok_or_else(|| refused(Refusal::NoSuchWorkspace.sentence()))?;
    let member: MemberId = match to.parse() {
        Ok(member) => member,
        Err(_) => {
            let person = app.find_person(product, to).await.map_err(words)?;
            let row = person.as_ref().and_then(|p| state.member_of(p.person));
            row.map(|(id, _)| id).ok_or_else(|| refused(format!("{to} is not a member of {}.", state.name)))?
        }
    };
    let (caller, command) = (Caller::operator(), Command::TransferOwnership { to: member });
    let acted = app.act(&caller, state.id, command, None, app.command_id()).await;
    let acted = acted.map_err(words)?;
    Ok(json!({"workspace": state.id, "name": &*state.name, "owner": member, "revision": acted.state.revision}))
}

async fn verify(app: &App) -> Result<String, Answer> {
    let found = app.verify().await.map_err(words)?;
    match found.broken {
        Some(place) => Err(refused(format!("the log does not hold: {place}"))),
        None => Ok(format!(
            "verified: {} lines, {} changes, {} events; the tables equal the folded log",
            found.lines, found.changes, found.events
        )),
    }
}
