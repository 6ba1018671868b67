//! Mails from message to mailbox, over real SMTP.

use std::path::PathBuf;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::sink::{ReadMail, Refusal, Sink};
use super::*;

const MAIL_ID: &str = "mai_00000000000000000000000001";

fn config(port: u16) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".to_owned(),
        port,
        security: Security::None,
        login: None,
        from_name: "Acme Chat, Team".to_owned(),
        from_address: "team@acme.example".to_owned(),
        hello_name: "team.acme.example".to_owned(),
        extra_root: None,
    }
}

fn smtp(sink: &Sink) -> Smtp {
    Smtp::new(&config(sink.address().port())).unwrap()
}

fn templates() -> Templates {
    Templates::with_overrides(None).unwrap()
}

fn invitation(inviter: &str, workspace: &str) -> Message {
    Message::Invitation {
        brand: "Acme Chat".to_owned(),
        workspace: Inert::name(workspace),
        inviter: Inert::name(inviter),
        role: Inert::name("Support agent"),
        offers: vec![Inert::line("Answer as the team")],
        link: Link::below("https://team.acme.example", "/invitation#s3cret").unwrap(),
        expires: "Friday, 14 March 2031".to_owned(),
    }
}

async fn through_smtp(message: &Message) -> (ReadMail, String) {
    let sink = Sink::start(0).await.unwrap();
    smtp(&sink).send("mia@example.com", MAIL_ID, &templates().render(message).unwrap()).await.unwrap();
    let received = sink.received().remove(0);
    (received.read().unwrap(), String::from_utf8(received.data).unwrap())
}

/// The lines before the first empty one, folded lines joined.
fn headers(raw: &str) -> Vec<String> {
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

/// What a browser would follow in the HTML.
fn targets(html: &str) -> Vec<&str> {
    html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("bailiwick-mail-{}-{name}", std::process::id()));
    std::fs::create_dir_all(folder.join("invitation")).unwrap();
    folder
}

#[test]
fn every_kind_is_rendered_whole() {
    for message in Message::samples() {
        let Rendered { subject, text, html } = templates().render(&message).unwrap();
        for (part, words) in [("subject", &subject), ("text", &text), ("html", &html)] {
            assert!(!words.trim().is_empty() && !words.contains("{{") && !words.contains("{%"), "{part}: {words}");
        }
        assert!(!subject.contains(['\n', '\r']) && subject.contains("Acme Chat"), "{subject}");
        assert_eq!(targets(&html), [message.link().reveal()], "one button, one link");
        assert!(text.contains(message.link().reveal()) && text.contains("Acme Chat"), "{text}");
        assert!(!text.contains("\n\n\n") && !text.contains("&amp;"), "{text}");
    }
}

#[test]
fn c05_e35_an_invitation_names_who_sent_it_the_workspace_and_the_role() {
    let Rendered { text, html, subject } = templates().render(&Message::samples()[0]).unwrap();
    assert!(subject.contains("“Support & Sales”"), "{subject}");
    assert!(text.contains("“Olga Ortega” invites you to the workspace “Support & Sales”"), "{text}");
    assert!(text.contains("Your role there: “Support agent”") && text.contains("  - Answer as the team\n"), "{text}");
    for words in ["<bdi>Olga Ortega</bdi>", "<bdi>Support &amp; Sales</bdi>", "<bdi>Support agent</bdi>", "Answer as"] {
        assert!(html.contains(words), "{words} in {html}");
    }
}

#[test]
fn ab126_markup_in_names_stays_text() {
    let mut message = invitation("<script>alert(1)</script>", "a' onclick='x");
    if let Message::Invitation { offers, brand, .. } = &mut message {
        offers.push(Inert::line("<img src=x onerror=y>"));
        *brand = "<i>Acme</i>".to_owned();
    }
    let html = templates().render(&message).unwrap().html;
    for bad in ["<script", "<img", "<i>", "' onclick='"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
    assert!(html.contains("&lt;script&gt;"));
}

#[test]
fn ab040_what_is_printed_holds_no_link() {
    let message = invitation("Ann", "Acme");
    let rendered = templates().render(&message).unwrap();
    assert!(!format!("{message:?}{rendered:?}").contains("s3cret"));
    assert!(rendered.text.contains("s3cret") && !rendered.subject.contains("s3cret"));
}

#[test]
fn an_operators_file_goes_before_ours() {
    let folder = scratch("good");
    std::fs::write(folder.join("invitation/subject.txt"), "Komm zu\n „{{ workspace }}“\n").unwrap();
    let templates = Templates::with_overrides(Some(&folder)).unwrap();
    let rendered = templates.render(&invitation("Ann", "Acme")).unwrap();
    assert_eq!(rendered.subject, "Komm zu „Acme“");
    assert!(rendered.text.starts_with("Hello"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_operators_mistake_is_known_at_start_up() {
    let folder = scratch("bad");
    let table = [
        ("invitation/subject.txt", "{{ worksapce }}", "undefined"),
        ("invitation/subject.txt", "{{ workspace", "syntax error"),
        ("invitation/subject.txt", "{{ link }}", "must not carry the link"),
        ("invitation/body.txt", "Come to {{ workspace }}", "the link is missing"),
        ("invitation/body.html", "<p>{{ workspace }}</p>", "the link is missing"),
        ("layout.html", "{{ nothing }}", "undefined"),
    ];
    for (name, text, wrong) in table {
        std::fs::write(folder.join(name), text).unwrap();
        let error = Templates::with_overrides(Some(&folder)).unwrap_err();
        let TemplateError::Broken { name: named, reason } = &error else { panic!("{error}") };
        assert!(named == name && reason.contains(wrong), "{name}: {error}");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    std::fs::write(folder.join("layout.html"), [0xFF]).unwrap();
    let error = Templates::with_overrides(Some(&folder)).unwrap_err();
    assert!(matches!(&error, TemplateError::Unreadable { path, .. } if path.ends_with("layout.html")), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    let error = Templates::with_overrides(Some(&folder)).unwrap_err();
    assert!(matches!(&error, TemplateError::Unreadable { path, .. } if *path == folder), "{error}");
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let message = invitation("Ann", "Acme");
    let rendered = templates().render(&message).unwrap();
    let (mail, raw) = through_smtp(&message).await;
    assert_eq!(mail.to, ["mia@example.com"]);
    assert_eq!(mail.from, "Acme Chat, Team <team@acme.example>");
    assert_eq!(mail.message_id, format!("{MAIL_ID}@acme.example"));
    assert_eq!((mail.subject, mail.text, mail.html), (rendered.subject, rendered.text, rendered.html));
    assert!(headers(&raw).iter().any(|line| line == "Auto-Submitted: auto-generated"), "{raw}");
    assert!(raw.contains("multipart/alternative") && raw.is_ascii());
}

#[tokio::test]
async fn names_of_every_script_arrive() {
    let (mail, raw) = through_smtp(&invitation("山田 太郎", "Łódź – فريق المبيعات 🎉")).await;
    assert_eq!(mail.subject, "You are invited to “Łódź – فريق المبيعات 🎉” on Acme Chat");
    assert!(mail.text.contains("“山田 太郎”") && mail.html.contains("<bdi>山田 太郎</bdi>"));
    assert!(raw.is_ascii() && raw.split("\r\n").all(|line| line.len() <= 998));
}

#[tokio::test]
async fn ec27_names_reach_neither_headers_nor_links() {
    let (mail, raw) = through_smtp(&invitation(
        "Ann\r\nBcc: all@evil.com\r\n\r\n<html>https://evil.com/login",
        "\u{202E}Acme\u{2066}\nContent-Type: text/evil\u{200B} www.evil.com 0800 555 0199",
    ))
    .await;
    let names: Vec<String> = headers(&raw).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    let expected = ["Message-ID", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Date", "Content-Type"];
    assert_eq!(names, expected, "{raw}");
    assert_eq!(
        mail.subject,
        "You are invited to “Acme Content-Type: text/evil www. evil. com 0800 ••• ••••” on Acme Chat"
    );
    for body in [&mail.text, &mail.html, &mail.subject] {
        for bad in ["evil.com", "://evil", "evil.c", "@evil", "0199", "\u{202E}", "\u{2066}", "\u{200B}"] {
            assert!(!body.contains(bad), "{bad:?} in {body}");
        }
    }
    assert_eq!(targets(&mail.html), ["https://team.acme.example/invitation#s3cret"]);
    assert_eq!(mail.html.matches("://").count(), 2, "the button and the link as text");
}

#[tokio::test]
async fn ab046_user_words_are_shortened_and_set_apart() {
    let (mail, _) = through_smtp(&invitation(&"x".repeat(500), "Hi” – your account is closed. Read “this")).await;
    let cut = format!("“{}…”", "x".repeat(63));
    assert!(mail.text.contains(&cut), "{}", mail.text);
    assert!(mail.text.contains("“Hi' – your account is closed. Read 'this”"), "{}", mail.text);
}

async fn refused_with(refusal: Refusal) -> SendError {
    let sink = Sink::start(0).await.unwrap();
    sink.refuse_next(1, &refusal);
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    let error = smtp(&sink).send("mia@example.com", MAIL_ID, &rendered).await.unwrap_err();
    assert!(sink.received().is_empty());
    error
}

#[tokio::test]
async fn ec26_refusals_say_whether_to_try_again() {
    let table = [
        (Refusal::temporary(), false, "Try again later"),
        (Refusal::with(421, "closing"), false, "closing"),
        (Refusal::permanent(), true, "No such mailbox"),
        (Refusal::with(554, "policy"), true, "policy"),
        // A wrong password is the operator's matter: the mails wait for it to be put right.
        (Refusal::with(535, "who are you"), false, "who are you"),
        (Refusal::with(530, "log in first"), false, "log in first"),
    ];
    for (refusal, permanent, words) in table {
        let error = refused_with(refusal).await;
        assert_eq!(matches!(error, SendError::Permanent(_)), permanent, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn ec26_the_same_mail_goes_through_at_the_next_attempt_under_the_same_id() {
    let sink = Sink::start(0).await.unwrap();
    let smtp = smtp(&sink);
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    sink.refuse_next(1, &Refusal::temporary());
    assert!(matches!(smtp.send("mia@example.com", MAIL_ID, &rendered).await, Err(SendError::Temporary(_))));
    for _ in 0..2 {
        smtp.send("mia@example.com", MAIL_ID, &rendered).await.unwrap();
    }
    let ids: Vec<String> = sink.received().iter().map(|mail| mail.read().unwrap().message_id).collect();
    assert_eq!(ids, [format!("{MAIL_ID}@acme.example"), format!("{MAIL_ID}@acme.example")]);
}

#[tokio::test]
async fn ec26_a_relay_that_is_not_there_may_come_back() {
    let sink = Sink::start(0).await.unwrap();
    let port = sink.address().port();
    drop(sink);
    tokio::task::yield_now().await;
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    let error = Smtp::new(&config(port)).unwrap().send("mia@example.com", MAIL_ID, &rendered).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error}");
}

#[tokio::test]
async fn ab040_a_relay_that_quotes_the_link_does_not_bring_it_into_the_reason() {
    for quoted in ["https://team.acme.example/invitation#s3cret", "team.acme.example/invitation#s3cret", "(#s3cret)"] {
        let error = refused_with(Refusal::with(550, &format!("blocked {quoted} by policy"))).await;
        assert!(!error.to_string().contains("s3cret") && error.to_string().contains("by policy"), "{error}");
    }
}

#[tokio::test]
async fn ec27_an_address_or_id_that_would_break_out_is_never_sent() {
    let sink = Sink::start(0).await.unwrap();
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    let table = [
        ("mia@example.com\r\nRCPT TO:<x@evil.com>", MAIL_ID),
        ("mia@example.com> BODY=x", MAIL_ID),
        ("\"a b\"@example.com", MAIL_ID),
        ("mia", MAIL_ID),
        ("mia@example.com", "x>\r\nBcc: x@evil.com"),
        ("mia@example.com", ""),
    ];
    for (to, id) in table {
        let error = smtp(&sink).send(to, id, &rendered).await.unwrap_err();
        assert!(matches!(error, SendError::Permanent(_)), "{to:?} {id:?}: {error}");
    }
    assert!(sink.received().is_empty());
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let login = Some(Login { user: "u".to_owned(), password: Secret::new("pa55".to_owned()) });
    let refused = |config: SmtpConfig| Smtp::new(&config).unwrap_err();
    assert!(matches!(refused(SmtpConfig { login, ..config(25) }), SmtpConfigError::PasswordInClear));
    let hello_name = "a\r\nQUIT".to_owned();
    assert!(matches!(refused(SmtpConfig { hello_name, ..config(25) }), SmtpConfigError::Name));
    let from_address = "acme".to_owned();
    assert!(matches!(refused(SmtpConfig { from_address, ..config(25) }), SmtpConfigError::FromAddress));
    let missing = SmtpConfig { extra_root: Some("/nowhere.pem".into()), security: Security::Tls, ..config(25) };
    assert!(matches!(refused(missing), SmtpConfigError::RootUnreadable { .. }));
}

#[test]
fn a_password_does_not_print_itself() {
    let login = Some(Login { user: "u".to_owned(), password: Secret::new("pa55".to_owned()) });
    assert!(!format!("{:?}", SmtpConfig { login, ..config(25) }).contains("pa55"));
}

#[tokio::test]
async fn starttls_that_is_not_offered_sends_nothing_in_clear() {
    let sink = Sink::start(0).await.unwrap();
    let config = SmtpConfig { security: Security::StartTls, ..config(sink.address().port()) };
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    let error = Smtp::new(&config).unwrap().send("mia@example.com", MAIL_ID, &rendered).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error}");
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn over_tls_only_a_relay_with_a_trusted_certificate_gets_mail() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let sink = Sink::start_tls(TlsAcceptor::from(std::sync::Arc::new(tls))).await.unwrap();
    let root = std::env::temp_dir().join(format!("bailiwick-mail-{}-root.pem", std::process::id()));
    std::fs::write(&root, made.cert.pem()).unwrap();

    let unknown = SmtpConfig { security: Security::Tls, ..config(sink.address().port()) };
    let known = SmtpConfig { extra_root: Some(root.clone()), ..unknown.clone() };
    let other_name = SmtpConfig { host: "127.0.0.1".to_owned(), ..known.clone() };
    let rendered = templates().render(&invitation("Ann", "Acme")).unwrap();
    for config in [unknown, other_name] {
        let error = Smtp::new(&config).unwrap().send("mia@example.com", MAIL_ID, &rendered).await.unwrap_err();
        assert!(matches!(error, SendError::Temporary(_)) && sink.received().is_empty(), "{error}");
    }
    Smtp::new(&known).unwrap().send("mia@example.com", MAIL_ID, &rendered).await.unwrap();
    assert_eq!(sink.received().len(), 1);
    std::fs::remove_file(root).unwrap();
}
