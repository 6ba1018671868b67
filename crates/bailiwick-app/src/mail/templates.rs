//! Words for a message: templates read once at start-up, the operator's own files before ours.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};

use super::inert::one_line;
use super::{Link, Message};

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../mail/", $name)))),*] };
}

/// Every file there is, and every file an operator may put in its place.
const FILES: &[(&str, &str)] = files! {
    "layout.html"
    "parts.html"
    "invitation/subject.txt"
    "invitation/body.txt"
    "invitation/body.html"
    "sign-in-link/subject.txt"
    "sign-in-link/body.txt"
    "sign-in-link/body.html"
    "accept-refused-no-seat/subject.txt"
    "accept-refused-no-seat/body.txt"
    "accept-refused-no-seat/body.html"
};

/// A mail in words, ready to send. It holds a link that gives access: kept anywhere, it is kept as a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The whole mail as plain text.
    pub text: String,
    /// The whole mail as HTML.
    pub html: String,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Rendered").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why the templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder of the operator's templates or a file in it cannot be read.
    #[error("the mail template `{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A template is not a template, names something that is not there, or leaves out what a mail needs.
    #[error("the mail template `{name}` is wrong: {reason}")]
    Broken {
        /// The file, as below the templates' folder.
        name: String,
        /// What is wrong with it, and in which line if that is known.
        reason: String,
    },
}

/// The templates of all mails.
#[derive(Debug)]
pub struct Templates {
    engine: Environment<'static>,
}

impl Templates {
    /// Reads every template, from `folder` where it has the file and from our own otherwise, and renders the
    /// samples: what is wrong with a file is known at start-up, not when the first mail is due.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or a template is wrong.
    pub fn with_overrides(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut engine = strict_engine();
        if let Some(folder) = folder {
            folder.read_dir().map_err(|source| TemplateError::Unreadable { path: folder.to_owned(), source })?;
        }
        for &(name, own) in FILES {
            let text = match folder {
                Some(folder) => overriding(&folder.join(name))?,
                None => None,
            };
            let added = engine.add_template_owned(name, text.unwrap_or_else(|| own.to_owned()));
            added.map_err(|error| broken(name, &error))?;
        }
        let templates = Self { engine };
        templates.try_samples()?;
        Ok(templates)
    }

    /// Puts a message into words.
    ///
    /// # Errors
    /// When an operator's template does not get along with this message.
    pub fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let part = |file| self.part(&format!("{}/{file}", message.kind()), message);
        // A line break in a subject would begin a new header.
        Ok(Rendered { subject: one_line(&part("subject.txt")?), text: part("body.txt")?, html: part("body.html")? })
    }

    fn part(&self, name: &str, message: &Message) -> Result<String, TemplateError> {
        let template = self.engine.get_template(name).map_err(|error| broken(name, &error))?;
        template.render(Serde(message)).map_err(|error| broken(name, &error))
    }

    fn try_samples(&self) -> Result<(), TemplateError> {
        Message::samples().iter().try_for_each(|message| has_its_link(message, &self.render(message)?))
    }
}

fn strict_engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    // Building fails only for delimiters of one's own.
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build() {
        engine.set_syntax(syntax);
    }
    engine
}

fn overriding(path: &Path) -> Result<Option<String>, TemplateError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TemplateError::Unreadable { path: path.to_owned(), source }),
    }
}

fn broken(name: &str, error: &minijinja::Error) -> TemplateError {
    // An error in the layout is the layout's, whichever mail met it.
    TemplateError::Broken { name: error.name().unwrap_or(name).to_owned(), reason: error.to_string() }
}

/// A body without the link is of no use, and a subject with it shows the secret in notifications and logs.
fn has_its_link(message: &Message, rendered: &Rendered) -> Result<(), TemplateError> {
    let wrong = |file, reason: &str| {
        Err(TemplateError::Broken { name: format!("{}/{file}", message.kind()), reason: reason.to_owned() })
    };
    let link = message.link().reveal();
    match () {
        () if rendered.subject.contains(link) => wrong("subject.txt", "a subject must not carry the link"),
        () if !rendered.text.contains(link) => wrong("body.txt", "the link is missing"),
        () if !carries(&rendered.html, message.link()) => wrong("body.html", "the link is missing"),
        () => Ok(()),
    }
}

/// An operator's template may write the link escaped.
fn carries(html: &str, link: &Link) -> bool {
    html.contains(link.reveal()) || html.contains(&link.reveal().replace('/', "&#x2f;"))
}
