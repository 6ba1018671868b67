//! Commands to a running server, through its private socket; without one, on the data directory itself.

use bailiwick_app::config::{Config, Limits};

use super::{Data, Outcome};
use crate::operator::{Answer, Ask, ask_socket, do_it};
use crate::server::open;

/// Asks, and says on the terminal how far it has come.
pub(super) async fn tell(data: &Data, ask: &Ask) -> Outcome<Answer> {
    if let Some(answer) = ask_socket(&data.data, ask, |line| eprintln!("{line}")).await? {
        return Ok(answer);
    }
    if !data.data.exists() {
        return Err(format!("{} does not exist", data.data.display()).into());
    }
    if data.data.join("keys.json").exists() && !data.data.join("bailiwick.db").exists() {
        let directory = data.data.display();
        return Err(format!("no node runs on {directory}, and its database is elsewhere; start the node first").into());
    }
    let opened = open(&data.data, alone(), None).await?;
    Ok(do_it(&opened.app, ask, &|line| eprintln!("{line}")).await)
}

/// Settings of a process that serves nobody.
pub(super) fn alone() -> Config {
    Config {
        public_url: "http://localhost".into(),
        demo: false,
        support: String::new(),
        proxies: Vec::new(),
        outbound: Vec::new(),
        limits: Limits::default(),
    }
}
