//! Mail as it really goes: by SMTP into a mailbox.

use bailiwick_app::mail::sink::Sink;
use bailiwick_app::mail::{Security, Smtp, SmtpConfig};

use super::world::World;

/// A mailbox that takes everybody's mail, and the way there.
pub struct Post {
    sink: Sink,
    smtp: Smtp,
}

impl Post {
    pub async fn start() -> Self {
        let sink = Sink::start(0).await.unwrap();
        let smtp = Smtp::new(&SmtpConfig {
            host: sink.address().ip().to_string(),
            port: sink.address().port(),
            security: Security::None,
            login: None,
            from_name: "Tidewell".into(),
            from_address: "team@tidewell.example".into(),
            hello_name: "localhost".into(),
            extra_root: None,
        })
        .unwrap();
        Self { sink, smtp }
    }

    /// Sends what is due.
    pub async fn deliver(&self, world: &World) {
        while world.app().deliver_due(&self.smtp).await.unwrap() > 0 {}
    }

    /// How many mails it has.
    pub fn count(&self) -> usize {
        self.sink.received().len()
    }

    /// The secret that begins so, in the newest mail to an address.
    pub fn newest(&self, address: &str, begins: &str) -> String {
        let mails = self.sink.received();
        let mail = mails.iter().rfind(|mail| mail.to.iter().any(|to| to == address));
        let text = String::from_utf8_lossy(&mail.expect("a mail").data).replace("=\r\n", "");
        let at = text.find(begins).expect("a link");
        text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    }
}
