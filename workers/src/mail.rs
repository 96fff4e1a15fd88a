//! Mail: what is sent, and by which way.
//!
//! A mail's `Message-ID` is the id of its effect, so a mail that had to be sent again is the same mail. What is sent has
//! no header that somebody has written: names are cleaned and encoded, addresses parsed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tidemark_engine::effects::Failed;
use tidemark_runtime::{Settings, Switch};
use uuid::Uuid;

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail to one person.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The effect that it carries out.
    pub id: Uuid,
    /// When it was decided to send it.
    pub date: DateTime<Utc>,
    /// Who it comes from.
    pub from_name: String,
    /// The address that it comes from, where that is not the installation's own.
    pub from: Option<String>,
    /// The person's name.
    pub to_name: String,
    /// The person's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text for those who read text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What becomes of mail here.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// It is sent.
    By(Box<Mailer>),
    /// None is sent, on purpose.
    Off,
    /// Nobody has said how: it waits for somebody who knows.
    Unknown,
}

/// The way that mail takes.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Address,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

impl Delivery {
    /// What the settings say: a server, else a folder.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        if settings.mail == Switch::Off {
            return Ok(Self::Off);
        }
        let Some(from) = &settings.mail_from else { return Ok(Self::Unknown) };
        let from: Address = from.parse().context("mail_from")?;
        let way = match (&settings.mail_smtp_url, &settings.mail_folder) {
            (Some(url), _) => Way::Smtp(server(url, &from).context("mail_smtp_url")?),
            (None, Some(folder)) => Way::Folder(folder.clone()),
            (None, None) => return Ok(Self::Unknown),
        };
        Ok(Self::By(Box::new(Mailer { from, way })))
    }
}

impl Mailer {
    /// Sends a mail; it is the server's when this returns, or in the folder.
    ///
    /// # Errors
    /// [`Failed::Never`] when the server refuses this mail for good, or the address is none; everything else may pass.
    pub async fn send(&self, mail: &Mail) -> Result<(), Failed> {
        let message = self.write(mail)?;
        match &self.way {
            Way::Smtp(server) => match server.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(refused(&error, mail)),
            },
            Way::Folder(folder) => {
                let put = put(folder, mail, &message.formatted()).await;
                put.map_err(|error| Failed::Later(format!("the mail folder takes no mail: {error}")))
            }
        }
    }

    fn write(&self, mail: &Mail) -> Result<Message, Failed> {
        let to: Address =
            mail.to.parse().map_err(|_| Failed::Never("the person's address cannot be written to".to_owned()))?;
        // One that cannot be written to was set before the rule that would have refused it. In the installation's own domain
        // nobody speaks but the installation: receivers would take it for proven.
        let own = mail.from.as_deref().and_then(|address| address.parse::<Address>().ok());
        let own = own.filter(|own| !are_of_one_house(own.domain(), self.from.domain()));
        // Bounces come back here, and whoever checks what we may send checks this.
        let envelope = Envelope::new(Some(self.from.clone()), vec![to.clone()])
            .map_err(|error| Failed::Never(format!("the mail cannot be addressed: {error}")))?;
        let auto_submitted = HeaderName::new_from_ascii_str("Auto-Submitted");
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(mail.id.simple().to_string())
            .singlepart(SinglePart::plain(mail.text.clone()))
            .singlepart(SinglePart::html(mail.html.clone()));
        let message = match &own {
            Some(_) => Message::builder().sender(Mailbox::new(None, self.from.clone())),
            None => Message::builder(),
        };
        message
            .envelope(envelope)
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.domain())))
            .date(mail.date.into())
            .from(Mailbox::new(Some(one_line(&mail.from_name)), own.unwrap_or_else(|| self.from.clone())))
            .to(Mailbox::new(Some(one_line(&mail.to_name)), to))
            .subject(one_line(&mail.subject))
            .raw_header(HeaderValue::new(auto_submitted, "auto-generated".to_owned()))
            .multipart(parts)
            .map_err(|error| Failed::Never(format!("the mail cannot be written: {error}")))
    }
}

/// Whether one domain is the other, or lies within it.
fn are_of_one_house(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let lies_within = |inner: &str, outer: &str| inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    one == other || lies_within(&one, &other) || lies_within(&other, &one)
}

fn server(url: &str, from: &Address) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?;
    Ok(server.hello_name(ClientId::Domain(from.domain().to_owned())).timeout(Some(PATIENCE)).build())
}

/// A server that says no for good may mean us and not the mail: what is wrong with connection or sign-in (x2z and x3z) can
/// be mended, and then the mail goes.
fn refused(error: &lettre::transport::smtp::Error, mail: &Mail) -> Failed {
    let said = redacted(&error.to_string(), &[&mail.to, &mail.to_name]);
    let concerns_us =
        error.status().is_some_and(|code| matches!(code.category, Category::Connections | Category::Unspecified3));
    if error.is_permanent() && !concerns_us { Failed::Never(said) } else { Failed::Later(said) }
}

/// What a server has said, without the words in which something of `personal` may be: it may quote an address whole, in
/// part or in an encoding of its own, and none of it may stay in the ledger. A harmless word too many goes as well.
fn redacted(said: &str, personal: &[&str]) -> String {
    let parts = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let traces: Vec<String> = personal.iter().flat_map(|text| parts(text)).collect();
    let is_trace = |word: &str| {
        let found = parts(word);
        // A part of one or two letters is in too many words to mean anything there, unless it is one.
        word.contains('@')
            || traces.iter().any(|trace| {
                found.iter().any(|part| part == trace || trace.chars().count() > 2 && part.contains(&**trace))
            })
    };
    said.split_whitespace().map(|word| if is_trace(word) { "<redacted>" } else { word }).collect::<Vec<_>>().join(" ")
}

/// Puts a mail there whole or not at all. The same mail takes the same place again.
async fn put(folder: &Path, mail: &Mail, message: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let unfinished = folder.join(format!(".{}.{}", mail.id, Uuid::now_v7().simple()));
    tokio::fs::write(&unfinished, message).await?;
    let name = format!("{}-{}.eml", mail.date.format("%Y%m%dT%H%M%S"), mail.id);
    tokio::fs::rename(&unfinished, folder.join(name)).await
}

/// A header is one line, whatever somebody is called.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// Text as HTML shows it.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn mail(name: &str) -> Mail {
        Mail {
            id: Uuid::nil(),
            date: DateTime::UNIX_EPOCH,
            from_name: name.to_owned(),
            from: None,
            to_name: name.to_owned(),
            to: "zoe@example.com".to_owned(),
            subject: format!("Welcome, {name}"),
            text: name.to_owned(),
            html: escaped(name),
        }
    }

    fn written(mail: &Mail) -> String {
        let mailer = Mailer { from: "no-reply@shop.example".parse().unwrap(), way: Way::Folder(PathBuf::new()) };
        String::from_utf8(mailer.write(mail).unwrap().formatted()).unwrap()
    }

    /// Headers as a reader takes them: folded lines are one.
    fn headers(message: &str) -> Vec<String> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_written_again_is_the_same_to_the_byte() {
        let once = written(&mail("Zoë"));
        assert_eq!(once, written(&mail("Zoë")));
        assert!(once.contains("Message-ID: <00000000-0000-0000-0000-000000000000@shop.example>\r\n"), "{once}");
        assert!(once.contains("Auto-Submitted: auto-generated\r\n"), "{once}");
    }

    #[test]
    fn a_tenants_own_address_is_shown_and_bounces_come_to_the_installations() {
        let own = Mail { from: Some("hello@tenant.example".to_owned()), ..mail("Zoë") };
        let mailer = Mailer { from: "no-reply@shop.example".parse().unwrap(), way: Way::Folder(PathBuf::new()) };
        let message = mailer.write(&own).unwrap();
        assert_eq!(message.envelope().from().map(ToString::to_string).as_deref(), Some("no-reply@shop.example"));
        assert_eq!(message.envelope().to().len(), 1);
        let headers = headers(&written(&own));
        let header = |name: &str| headers.iter().find(|header| header.starts_with(name)).map(String::as_str);
        assert!(header("From:").is_some_and(|from| from.ends_with("<hello@tenant.example>")), "{headers:?}");
        assert_eq!(header("Sender:"), Some("Sender: no-reply@shop.example"));
        assert!(header("Message-ID:").is_some_and(|id| id.ends_with("@shop.example>")), "{headers:?}");
        // Nobody speaks for the installation.
        for name in ["security@shop.example", "security@Mail.Shop.example"] {
            let posing = Mail { from: Some(name.to_owned()), ..mail("Zoë") };
            assert!(written(&posing).contains("<no-reply@shop.example>") && !written(&posing).contains("security@"));
        }
        // What cannot be written to is not tried.
        let wrong = Mail { from: Some("a@b\r\nBcc: eve@example.com".to_owned()), ..mail("Zoë") };
        assert!(written(&wrong).contains("<no-reply@shop.example>") && !written(&wrong).contains("Bcc"));
    }

    #[test]
    fn no_name_makes_a_header_or_another_recipient() {
        let names: Vec<String> =
            headers(&written(&mail("Zoë"))).iter().map(|header| header.split(':').next().unwrap().to_owned()).collect();
        for name in [
            "x\r\nBcc: eve@example.com",
            "x\nBcc: eve@example.com\n\nbody",
            "x\rBcc: eve@example.com",
            "x\u{2028}Bcc: eve@example.com",
            "\"x\" <eve@example.com>, y",
            "x\0y",
            "=?utf-8?q?x=0D=0ABcc:_eve=40example.com?=",
            &"long ".repeat(200),
        ] {
            let message = written(&mail(name));
            let headers = headers(&message);
            let found: Vec<_> = headers.iter().map(|header| header.split(':').next().unwrap().to_owned()).collect();
            assert_eq!(found, names, "{message}");
            let to = headers.iter().find(|header| header.starts_with("To:")).unwrap();
            assert!(to.ends_with("<zoe@example.com>") && !to.contains(">,"), "{to}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_for_good() {
        let mailer = Mailer { from: "no-reply@shop.example".parse().unwrap(), way: Way::Folder(PathBuf::new()) };
        let wrong = Mail { to: "zoe@example.com\r\nRCPT TO:<eve@example.com>".to_owned(), ..mail("Zoë") };
        assert!(matches!(mailer.write(&wrong), Err(Failed::Never(reason)) if !reason.contains("zoe")));
    }

    #[test]
    fn what_a_server_says_is_kept_without_any_part_of_the_address() {
        let personal = ["Zoe.Q@mail.example.com", "Zoë Quist"];
        for (said, kept) in [
            ("550 5.1.1 no such box: <ZOE.Q@Mail.Example.COM>", "550 5.1.1 no such box: <redacted>"),
            ("user zoe.q unknown", "user <redacted> unknown"),
            ("<zoe.q=mail.example.com@relay> refused", "<redacted> refused"),
            ("box zoe%2Eq is full", "box <redacted> is full"),
            ("Quist, Zoë: not here, q", "<redacted> <redacted> not here, <redacted>"),
            ("greylisted by mx1.example.com, try again", "greylisted by <redacted> try again"),
            ("forwarded to elsewhere@other.net", "forwarded to <redacted>"),
        ] {
            assert_eq!(redacted(said, &personal), kept);
        }
    }

    #[tokio::test]
    async fn a_folder_holds_each_mail_once() {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("new").join("mail");
        let mailer = Mailer { from: "no-reply@shop.example".parse().unwrap(), way: Way::Folder(within.clone()) };
        mailer.send(&mail("Zoë")).await.unwrap();
        mailer.send(&mail("Zoë")).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(within).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["19700101T000000-00000000-0000-0000-0000-000000000000.eml"]);
    }
}
