//! The operator's commands, over a private socket in the data directory: one line of JSON each way, and before the
//! answer, if it was asked for, lines that say how far it has come. Who can open that file is the operator.

mod acts;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick_app::App;
use bailiwick_app::models::{Foretold, Moves};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::cli::{No, Outcome};

pub use acts::do_it;

/// What can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Make a host's key.
    CreateKey {
        /// Of which product.
        product: String,
        /// What it is called.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
        /// How long it lasts.
        days: u32,
    },
    /// Make a key that takes another one's place.
    RotateKey {
        /// The id of the other one.
        key: String,
        /// How long the new one lasts.
        days: u32,
        /// How many hours the other one still works.
        overlap: u32,
    },
    /// Revoke a host's key.
    RevokeKey {
        /// Its id.
        key: String,
    },
    /// The keys that were not revoked.
    Keys {
        /// Of this product alone.
        product: Option<String>,
    },
    /// Register a product.
    CreateProduct {
        /// Its name in commands.
        name: String,
        /// What pages and mails call it.
        brand: String,
    },
    /// The products.
    Products,
    /// May they do that?
    Check(Asked),
    /// A page of a workspace's log, newest first.
    Log {
        /// Whose ids are used.
        product: String,
        /// Which workspace.
        workspace: String,
        /// From this moment on, in microseconds.
        from: Option<i64>,
        /// Before this moment.
        until: Option<i64>,
        /// Before this revision.
        before: Option<u64>,
    },
    /// Give a workspace to another member.
    TransferOwnership {
        /// Whose ids are used.
        product: String,
        /// Which workspace.
        workspace: String,
        /// To whom.
        to: String,
    },
    /// Verify the log.
    Verify,
    /// Register a model as the newest version of its name, and move the workspaces on other versions to it.
    ApplyModel {
        /// Its name.
        name: String,
        /// Its text.
        text: String,
        /// Whether to say meanwhile how far it has come.
        #[serde(default)]
        progress: bool,
    },
    /// Take the newest version of a model back.
    UndoModel {
        /// Its name.
        name: String,
        /// Whether to say meanwhile how far it has come.
        #[serde(default)]
        progress: bool,
    },
    /// What a model would do to the workspaces on another version, without doing it.
    ForetellModel {
        /// The name of the model that they are on, or a version.
        of: String,
        /// The text of the other one.
        text: String,
    },
}

/// A question, by names that people use.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Whose ids are used.
    pub product: String,
    /// In which workspace.
    pub workspace: String,
    /// Who.
    pub person: String,
    /// May do what.
    pub permission: String,
    /// To what; `None`: the workspace.
    pub resource: Option<String>,
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done; words for the terminal.
    Said(String),
    /// It was not; why.
    Refused(String),
    /// It could not be done or answered just now; why.
    Failed(String),
    /// It was done, or looked up; what was made or found.
    Found(serde_json::Value),
    /// Workspaces were moved; which stay.
    Moved(Moves),
    /// What would be.
    Foretold(Vec<Foretold>),
    /// It goes on; the answer comes later.
    Progress(String),
}

impl Answer {
    /// What was made or found.
    pub fn into_found(self) -> Outcome<serde_json::Value> {
        match self {
            Self::Found(found) => Ok(found),
            Self::Refused(why) => Err(No::because(why)),
            Self::Failed(why) => Err(why.into()),
            other => Err(format!("another answer was expected than {other:?}").into()),
        }
    }

    /// Words for the terminal.
    pub fn into_words(self) -> Outcome<String> {
        match self {
            Self::Said(words) => Ok(words),
            Self::Refused(why) => Err(No::because(why)),
            Self::Failed(why) => Err(why.into()),
            other => Ok(serde_json::to_string(&other)?),
        }
    }
}

/// The longest line that is read: the text of a model is in it.
const LONGEST: usize = 1024 * 1024;

fn path(data: &Path) -> PathBuf {
    data.join("operator.sock")
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
    let ask = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => ask,
        Err(error) => {
            let refused = Answer::Refused(format!("not a command of this release: {error}"));
            return write(&mut to, &refused).await;
        }
    };
    let (sender, mut lines) = mpsc::unbounded_channel();
    let work = async move {
        let tell = |line| _ = sender.send(Answer::Progress(line));
        do_it(app, &ask, &tell).await
    };
    let forward = async {
        // Who asked may have gone; what was begun goes on.
        while let Some(line) = lines.recv().await {
            _ = write(&mut to, &line).await;
        }
    };
    let (said, ()) = tokio::join!(work, forward);
    write(&mut to, &said).await
}

/// Whether a server runs on a data directory.
pub async fn is_running(data: &Path) -> bool {
    UnixStream::connect(path(data)).await.is_ok()
}

async fn write(to: &mut OwnedWriteHalf, answer: &Answer) -> Outcome {
    Ok(to.write_all(format!("{}\n", serde_json::to_string(answer)?).as_bytes()).await?)
}

/// Asks a running server; `None`: none is running. `tell` hears how far it has come.
pub async fn ask_socket(data: &Path, ask: &Ask, tell: impl Fn(String)) -> Outcome<Option<Answer>> {
    let Ok(stream) = UnixStream::connect(path(data)).await else { return Ok(None) };
    let (from, mut to) = stream.into_split();
    to.write_all(format!("{}\n", serde_json::to_string(ask)?).as_bytes()).await?;
    let mut lines = BufReader::new(from).lines();
    loop {
        let line = lines.next_line().await?.ok_or("the server ended before it had answered")?;
        match serde_json::from_str(&line)? {
            Answer::Progress(line) => tell(line),
            answer => return Ok(Some(answer)),
        }
    }
}
