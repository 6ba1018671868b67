//! `bailiwick serve`: the service.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use bailiwick_app::config::{Config, Limits};
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::{Login, Secret, Security, Smtp, SmtpConfig, Templates};
use bailiwick_app::outbound::Network;
use bailiwick_core::access::parse::parse;
use bailiwick_core::team::command::Actor;
use bailiwick_store::rows::By;
use clap::{Args, ValueEnum};

use super::{Data, Outcome};
use crate::server::{Server, open, open_shared};

/// Runs the service on embedded SQLite, or as one of several nodes on a PostgreSQL database.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, env = "BAILIWICK_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    shared: Shared,
    /// The public address, `https://team.example.com`; links in mails are built from it and from nothing else.
    #[arg(long, env = "BAILIWICK_PUBLIC_URL")]
    public_url: String,
    /// An access model to register, as NAME=FILE; several by a comma, or by giving it again. The presets are always there.
    #[arg(long = "model", env = "BAILIWICK_MODEL", value_name = "NAME=FILE", value_delimiter = ',')]
    models: Vec<String>,
    /// An address of the host that people may be sent back to after sign-in; several as with models.
    #[arg(long = "return-to", env = "BAILIWICK_RETURN_TO", value_name = "URL", value_delimiter = ',')]
    return_to: Vec<String>,
    /// A proxy whose X-Forwarded-For is believed; several as with models.
    #[arg(long = "proxy", env = "BAILIWICK_PROXY", value_name = "IP", value_delimiter = ',')]
    proxies: Vec<IpAddr>,
    /// A network that webhooks may reach beside the public internet, there also by plain http and at any port, such as
    /// 10.1.0.0/16; several as with models.
    #[arg(long = "outbound", env = "BAILIWICK_OUTBOUND", value_name = "NETWORK", value_delimiter = ',')]
    outbound: Vec<Network>,
    /// Whom pages name where the operator is needed.
    #[arg(long, env = "BAILIWICK_SUPPORT", default_value = "the operator")]
    support: String,
    #[command(flatten)]
    relay: Relay,
    /// A folder with mail templates of your own.
    #[arg(long, env = "BAILIWICK_MAIL_TEMPLATES")]
    mail_templates: Option<PathBuf>,
}

/// The way that mails leave.
#[derive(Debug, Clone, Args)]
pub struct Relay {
    /// What pages and mails call the product.
    #[arg(long, env = "BAILIWICK_BRAND", default_value = "Bailiwick")]
    brand: String,
    /// The mail relay, HOST:PORT.
    #[arg(long, env = "BAILIWICK_SMTP", default_value = "127.0.0.1:25")]
    smtp: String,
    /// How the connection to the relay is secured.
    #[arg(long, env = "BAILIWICK_SMTP_SECURITY", value_enum, default_value_t = Tls::Starttls)]
    smtp_security: Tls,
    /// The user at the relay; the password comes from BAILIWICK_SMTP_PASSWORD.
    #[arg(long, env = "BAILIWICK_SMTP_USER")]
    smtp_user: Option<String>,
    /// The sender of mails.
    #[arg(long, env = "BAILIWICK_MAIL_FROM", default_value = "bailiwick@localhost.localdomain")]
    mail_from: String,
}

impl Relay {
    /// As mails are sent.
    pub fn smtp(&self) -> Outcome<SmtpConfig> {
        let wrong = || format!("`{}` is not a mail relay; write it as HOST:PORT", self.smtp);
        let (host, port) = self.smtp.rsplit_once(':').ok_or_else(wrong)?;
        Ok(SmtpConfig {
            host: host.to_owned(),
            port: port.parse().map_err(|_| wrong())?,
            security: match self.smtp_security {
                Tls::None => Security::None,
                Tls::Starttls => Security::StartTls,
                Tls::Tls => Security::Tls,
            },
            login: login(self.smtp_user.clone()),
            from_name: self.brand.clone(),
            from_address: self.mail_from.clone(),
            hello_name: "bailiwick".into(),
            extra_root: None,
        })
    }
}

/// A database that several nodes share.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// A PostgreSQL database, `postgres://bailiwick@host/bailiwick`, that `bailiwick migrate` prepared; several nodes may
    /// use it. Each has a data directory of its own with the same `keys.json` in it. Without it: embedded SQLite.
    #[arg(long, env = "BAILIWICK_DATABASE")]
    pub database: Option<String>,
    /// A file with the root certificates that the database's server is trusted by, beside the public ones.
    #[arg(long, env = "BAILIWICK_DATABASE_ROOTS")]
    pub database_roots: Option<PathBuf>,
    /// What this node is called in messages.
    #[arg(long, env = "BAILIWICK_NODE", default_value = "node")]
    pub node: String,
    /// The length of a lease in seconds, the same on all nodes: how long a dead node can hold up a change, and how long
    /// the database may be away before checks are refused.
    #[arg(long, env = "BAILIWICK_LEASE", default_value_t = LEASE, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub lease: u64,
}

/// The usual length of a lease, in seconds.
const LEASE: u64 = 5;

impl Shared {
    /// A node of this name, for who has no options for more.
    pub fn named(name: &str) -> Self {
        Self { database: None, database_roots: None, node: name.to_owned(), lease: LEASE }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "the words of the option: none, starttls, tls")]
enum Tls {
    None,
    Starttls,
    Tls,
}

impl Serve {
    fn public_url(&self) -> Outcome<String> {
        let public_url = self.public_url.trim_end_matches('/').to_owned();
        let loopback = ["http://localhost", "http://127.0.0.1"].iter().any(|l| public_url.starts_with(l));
        if !public_url.starts_with("https://") && !loopback {
            return Err("the public address begins with https:// (http:// is for localhost alone)".into());
        }
        if public_url.contains(['?', '#']) {
            return Err(
                "the public address has neither a query nor a fragment: it names this service to the letter".into()
            );
        }
        Ok(public_url)
    }

    /// Name and text of each model that is to be registered.
    fn models(&self) -> Vec<Outcome<(String, String)>> {
        let read = |named: &String| {
            let (name, file) = named.split_once('=').ok_or("write a model as NAME=FILE")?;
            let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
            parse(&text, name).map_err(|faults| faults.report(file))?;
            Ok((name.to_owned(), text))
        };
        self.models.iter().map(read).collect()
    }

    /// What would keep it from running, or from sending mail; nothing is opened for it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut note = |setting: &str, wrong: Option<String>| problems.extend(wrong.map(|w| format!("{setting}: {w}")));
        let said = |error: Box<dyn std::error::Error + Send + Sync>| error.to_string();
        note("public_url", self.public_url().err().map(said));
        let smtp = self.relay.smtp();
        match &smtp {
            Ok(smtp) => note("smtp", Smtp::new(smtp).err().map(|e| e.to_string())),
            Err(error) => note("smtp", Some(error.to_string())),
        }
        note("mail_templates", Templates::with_overrides(self.mail_templates.as_deref()).err().map(|e| e.to_string()));
        for model in self.models() {
            note("model", model.err().map(said));
        }
        let roots = self.shared.database_roots.as_ref().filter(|path| !path.is_file());
        note("database_roots", roots.map(|path| format!("there is no file {}", path.display())));
        let keys = self.data.data.join("keys.json");
        if keys.exists() {
            note("data", Keys::read(&keys).err().map(|e| e.to_string()));
        }
        problems
    }
}

/// Runs the service until it is stopped.
pub async fn run(serve: Serve) -> Outcome {
    let public_url = serve.public_url()?;
    let smtp = serve.relay.smtp()?;
    let config = Config {
        public_url,
        demo: false,
        support: serve.support.clone(),
        proxies: serve.proxies.clone(),
        outbound: serve.outbound.clone(),
        limits: Limits::default(),
    };
    let templates = serve.mail_templates.as_deref();
    let opened = match &serve.shared.database {
        Some(database) => open_shared(&serve.data.data, database, &serve.shared, config, templates).await?,
        None => open(&serve.data.data, config, templates).await?,
    };
    let app = Arc::clone(&opened.app);
    let by = By { actor: Actor::Operator, origin: None };
    app.ensure(&by, &serve.relay.brand, &crate::server::PRESETS).await?;
    for model in serve.models() {
        let (name, text) = model?;
        app.ensure(&by, &serve.relay.brand, &[(&name, &text)]).await?;
    }
    if !serve.return_to.is_empty() {
        app.set_return_addresses(&by, bailiwick_app::installation::DEFAULT_PRODUCT, serve.return_to.clone()).await?;
    }
    let listener = tokio::net::TcpListener::bind(serve.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", serve.listen))?;
    let announce = format!("Bailiwick serves {} on {}", app.config.public_url, listener.local_addr()?);
    Server { app, nodes: opened.nodes, smtp, mailbox: None, data: serve.data.data, announce }.run(listener).await
}

fn login(user: Option<String>) -> Option<Login> {
    let password = std::env::var("BAILIWICK_SMTP_PASSWORD").unwrap_or_default();
    user.map(|user| Login { user, password: Secret::new(password) })
}
