//! The operator's commands, over a private socket in the data directory: one line of JSON each way. Who can open
//! that file is the operator.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick_app::App;
use bailiwick_app::caller::Scope;
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_core::team::command::Actor;
use bailiwick_store::rows::By;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::cli::Outcome;

/// What can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Make a host's key.
    CreateKey {
        /// What it is called.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
        /// How long it lasts.
        days: u32,
    },
    /// Revoke a host's key.
    RevokeKey {
        /// Its id.
        key: String,
    },
    /// Verify the log.
    Verify,
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done; words for the terminal.
    Said(String),
    /// It was not; why.
    Refused(String),
}

/// The longest line that is read.
const LONGEST: usize = 64 * 1024;

fn path(data: &Path) -> PathBuf {
    data.join("operator.sock")
}

/// Does what was asked.
pub async fn do_it(app: &App, ask: &Ask) -> Answer {
    let by = By { actor: Actor::Operator, origin: None };
    let done = match ask {
        Ask::CreateKey { name, scopes, days } => create_key(app, &by, name, scopes, *days).await,
        Ask::RevokeKey { key } => match key.parse() {
            Ok(id) => app.revoke_key(&by, id).await.map(|()| format!("{key} is revoked")).map_err(|e| e.to_string()),
            Err(_) => Err(format!("{key} is not the id of a key")),
        },
        Ask::Verify => verify(app).await,
    };
    done.map_or_else(Answer::Refused, Answer::Said)
}

async fn create_key(app: &App, by: &By, name: &str, scopes: &[String], days: u32) -> Result<String, String> {
    let scopes: Vec<Scope> = scopes
        .iter()
        .map(|s| {
            Scope::parse(s).ok_or_else(|| format!("there is no scope `{s}`; there are check, read, manage, vouch"))
        })
        .collect::<Result<_, _>>()?;
    let key = app.create_key(by, DEFAULT_PRODUCT, name, &scopes, days).await.map_err(|e| e.to_string())?;
    Ok(format!("{}\n{}\nThe second line is the secret; it is shown this once.", key.row.key, key.token.reveal()))
}

async fn verify(app: &App) -> Result<String, String> {
    let found = app.verify().await.map_err(|e| e.to_string())?;
    match found.broken {
        Some(place) => Err(format!("the log does not hold: {place}")),
        None => Ok(format!(
            "verified: {} lines, {} changes, {} events; the tables equal the folded log",
            found.lines, found.changes, found.events
        )),
    }
}

/// Binds the private socket; the server does this before it says that it runs, so that a command finds it.
pub fn bind(data: &Path) -> Outcome<UnixListener> {
    let path = path(data);
    // The data directory is ours alone by its lock, so a socket that is there is left over from a crash.
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers on the private socket for as long as the server runs.
pub async fn listen(app: Arc<App>, listener: UnixListener) -> Outcome {
    loop {
        let (stream, _) = listener.accept().await?;
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            if let Err(error) = answer(&app, stream).await {
                tracing::warn!(%error, "an operator's command broke off");
            }
        });
    }
}

async fn answer(app: &App, stream: UnixStream) -> Outcome {
    use tokio::io::AsyncReadExt as _;
    let (from, mut to) = stream.into_split();
    let mut line = String::new();
    BufReader::new(from.take(LONGEST as u64)).read_line(&mut line).await?;
    let said = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => do_it(app, &ask).await,
        Err(error) => Answer::Refused(format!("not a command of this release: {error}")),
    };
    to.write_all(format!("{}\n", serde_json::to_string(&said)?).as_bytes()).await?;
    Ok(())
}

/// Whether a server runs on a data directory.
pub async fn is_running(data: &Path) -> bool {
    UnixStream::connect(path(data)).await.is_ok()
}

/// Asks a running server; `None`: none is running.
pub async fn ask_socket(data: &Path, ask: &Ask) -> Outcome<Option<Answer>> {
    let Ok(stream) = UnixStream::connect(path(data)).await else { return Ok(None) };
    let (from, mut to) = stream.into_split();
    to.write_all(format!("{}\n", serde_json::to_string(ask)?).as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line).await?;
    Ok(Some(serde_json::from_str(&line)?))
}
