//! `bailiwick model ...`: check a model, play its scenarios, see what another version would do, apply it, take it back.

mod matrix;
mod scenarios;

use std::path::{Path, PathBuf};

use bailiwick_app::models::{Foretold, Moves};
use bailiwick_core::access::difference::difference;
use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_store::models::hash;
use clap::{Args, Subcommand};

use super::table::table;
use super::tell::tell;
use super::{Data, No, Outcome, say, say_json};
use crate::operator::{Answer, Ask};

/// Access models and their versions.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Compile a model and say what is wrong with it.
    Check(Check),
    /// Play scenario files, and say where what happens differs from what they expect.
    Test(scenarios::Test),
    /// Show the permission matrix: which role has what on which plan.
    Matrix(matrix::Matrix),
    /// Say what another version would change: for each role, switch and level, or for each person of an installation.
    Diff(Diff),
    /// Register a model as the newest version of its name, and move every workspace on another version to it.
    Apply(Apply),
    /// Take the newest version of a model back: workspaces that were moved to it go back.
    Undo(Undo),
}

/// A model to check.
#[derive(Debug, Args)]
pub struct Check {
    /// The file, or the folder that has it.
    #[arg(value_name = "PATH")]
    file: PathBuf,
}

/// Two models to compare.
#[derive(Debug, Args)]
pub struct Diff {
    /// The file of the model as it is; with `--against` also the name of one of that installation.
    old: String,
    /// The file of the other one.
    new: PathBuf,
    /// The data directory of an installation whose workspaces on OLD are looked at: who would gain and lose what, and
    /// what cannot be expressed. Nothing is changed.
    #[arg(long, value_name = "DATA")]
    against: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// A version to apply.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    data: Data,
    /// The model's name and its file, as NAME=FILE.
    #[arg(value_name = "NAME=FILE")]
    model: String,
    /// What became of it as JSON.
    #[arg(long)]
    json: bool,
}

/// A version to take back.
#[derive(Debug, Args)]
pub struct Undo {
    #[command(flatten)]
    data: Data,
    /// The model's name.
    name: String,
    /// What became of it as JSON.
    #[arg(long)]
    json: bool,
}

/// `bailiwick model ...`
pub async fn run(command: ModelCommand) -> Outcome {
    match command {
        ModelCommand::Check(check) => {
            let model = read(&check.file)?.1;
            let (roles, plans) = (model.roles.len(), model.plans.len());
            println!("{}: {roles} roles, {} permissions, {plans} plans", model.title, model.permissions.len());
            println!("version {}", model.version);
            Ok(())
        }
        ModelCommand::Test(asked) => scenarios::run(&asked),
        ModelCommand::Matrix(asked) => matrix::run(&asked),
        ModelCommand::Diff(diff) => match &diff.against {
            None => files(&diff),
            Some(data) => against(&diff, data).await,
        },
        ModelCommand::Apply(apply) => {
            let (name, file) = apply.model.split_once('=').ok_or("write a model as NAME=FILE")?;
            let (text, _) = read(Path::new(file))?;
            let ask = Ask::ApplyModel { name: name.to_owned(), text, progress: true };
            moves(&apply.data, &ask, apply.json).await
        }
        ModelCommand::Undo(undo) => {
            let ask = Ask::UndoModel { name: undo.name, progress: true };
            moves(&undo.data, &ask, undo.json).await
        }
    }
}

/// A model that compiles, with its text; of a folder the one in it.
fn read(path: &Path) -> Outcome<(String, Model)> {
    if path.is_dir() { compile(&path.join("model.toml")) } else { compile(path) }
}

fn compile(file: &Path) -> Outcome<(String, Model)> {
    let text = text(file)?;
    let model = parse(&text, &hash(&text)).map_err(|faults| No::because(faults.report(&file.display().to_string())))?;
    Ok((text, model))
}

fn text(file: &Path) -> Outcome<String> {
    Ok(std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?)
}

fn files(diff: &Diff) -> Outcome {
    let (old, new) = (read(Path::new(&diff.old))?.1, read(&diff.new)?.1);
    let found = difference(&old, &new);
    if diff.json {
        let one = |d: &bailiwick_core::access::difference::Difference| serde_json::json!({"what": d.what, "note": d.note, "gains": d.gains, "loses": d.loses});
        return say_json(&found.iter().map(one).collect::<Vec<_>>());
    }
    let rows = found.into_iter().map(|d| [d.what, d.gains.join(" "), d.loses.join(" "), d.note]);
    say(table(["what", "gains", "loses", "note"], &rows.collect::<Vec<_>>()))
}

async fn against(diff: &Diff, data: &Path) -> Outcome {
    let (text, _) = read(&diff.new)?;
    // A file stands for the version that it is the text of.
    let of = match std::fs::read_to_string(&diff.old) {
        Ok(old) => hash(&old),
        Err(_) => diff.old.clone(),
    };
    let ask = Ask::ForetellModel { of, text };
    let found: Vec<Foretold> = match tell(&Data { data: data.to_owned() }, &ask).await? {
        Answer::Foretold(found) => found,
        other => return other.into_words().map(|words| println!("{words}")),
    };
    if diff.json {
        return say_json(&found);
    }
    let mut rows = Vec::new();
    for workspace in &found {
        let label = || format!("{} {}", workspace.workspace, workspace.name);
        rows.extend(
            workspace.refused.iter().map(|why| [label(), "cannot be moved".into(), String::new(), why.clone()]),
        );
        rows.extend(workspace.changes.iter().map(|change| {
            let place = change.resource.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
            let who = if change.name.is_empty() { change.person.to_string() } else { change.name.clone() };
            [label(), format!("{who}{place}"), change.gains.join(" "), change.loses.join(" ")]
        }));
    }
    let refused = found.iter().filter(|workspace| !workspace.refused.is_empty()).count();
    if !rows.is_empty() {
        say(table(["workspace", "who", "gains", "loses"], &rows))?;
    }
    say(format_args!("{} workspaces, {refused} of them cannot be moved", found.len()))
}

async fn moves(data: &Data, ask: &Ask, json: bool) -> Outcome {
    let moves: Moves = match tell(data, ask).await? {
        Answer::Moved(moves) => moves,
        other => return other.into_words().map(|words| println!("{words}")),
    };
    if json {
        say_json(&moves)?;
    } else {
        for stays in &moves.stay {
            println!("{} {} stays: {}", stays.workspace, stays.name, stays.why.join("; "));
        }
        println!("{} workspaces moved, {} stay; version {}", moves.moved, moves.stay.len(), moves.version);
    }
    match moves.stay.len() {
        0 => Ok(()),
        stay => Err(No::because(format!(
            "{stay} workspaces stay on their version; resolve what is listed and give it again"
        ))),
    }
}
