//! A received mail in readable form.

use mail_parser::{Addr, Address, MessageParser};

use super::Received;

/// What a person sees of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadMail {
    /// The addresses of the `To` header.
    pub to: Vec<String>,
    /// The sender, `Name <address>`.
    pub from: String,
    /// The subject, decoded.
    pub subject: String,
    /// The `Message-ID`, without its brackets.
    pub message_id: String,
    /// The plain text, decoded, lines ended by LF.
    pub text: String,
    /// The HTML, decoded, lines ended by LF.
    pub html: String,
}

impl Received {
    /// Decodes the mail; `None` when it is not one.
    pub fn read(&self) -> Option<ReadMail> {
        let mail = MessageParser::default().parse(&self.data)?;
        let unix_lines = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap_or_default().replace("\r\n", "\n");
        Some(ReadMail {
            to: addresses(mail.to()).filter_map(Addr::address).map(str::to_owned).collect(),
            from: addresses(mail.from()).map(named).collect::<Vec<_>>().join(", "),
            subject: mail.subject().unwrap_or_default().to_owned(),
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            text: unix_lines(mail.body_text(0)),
            html: unix_lines(mail.body_html(0)),
        })
    }
}

fn addresses<'a>(header: Option<&'a Address<'a>>) -> impl Iterator<Item = &'a Addr<'a>> {
    header.into_iter().flat_map(Address::iter)
}

fn named(sender: &Addr<'_>) -> String {
    let address = sender.address().unwrap_or_default();
    match sender.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}
