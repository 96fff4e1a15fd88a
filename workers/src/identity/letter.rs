//! What a mail to a person says: a subject, paragraphs, and perhaps a link; as text and as HTML.

use crate::mail::escaped;

/// A mail before it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Letter {
    pub(super) subject: String,
    paragraphs: Vec<Paragraph>,
}

#[derive(Debug, Clone)]
enum Paragraph {
    Words(String),
    Link(String),
}

impl Letter {
    /// A letter to somebody.
    pub(super) fn to(person: &str, subject: String) -> Self {
        Self { subject, paragraphs: Vec::new() }.says(format!("Hello {person},"))
    }

    pub(super) fn says(mut self, words: impl Into<String>) -> Self {
        self.paragraphs.push(Paragraph::Words(words.into()));
        self
    }

    /// A line of its own, so that no mail program breaks it.
    pub(super) fn links(mut self, address: impl Into<String>) -> Self {
        self.paragraphs.push(Paragraph::Link(address.into()));
        self
    }

    pub(super) fn text(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|(Paragraph::Words(text) | Paragraph::Link(text))| text.as_str());
        paragraphs.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    pub(super) fn html(&self) -> String {
        let paragraphs: String = self.paragraphs.iter().map(Paragraph::html).collect();
        let title = escaped(&self.subject);
        format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head><body>\n{paragraphs}</body></html>\n"
        )
    }
}

impl Paragraph {
    fn html(&self) -> String {
        match self {
            Self::Words(text) => format!("<p>{}</p>\n", escaped(text)),
            Self::Link(address) => {
                let address = escaped(address);
                format!("<p><a href=\"{address}\" rel=\"noreferrer\">{address}</a></p>\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_is_called_is_text_and_no_html() {
        let letter =
            Letter::to("<script>", "Tom & Co".to_owned()).says("o'hara@example.com").links("https://a/?b=\"c\"");
        let html = letter.html();
        assert!(html.contains("<p>Hello &lt;script&gt;,</p>") && html.contains("Tom &amp; Co"), "{html}");
        assert!(
            html.contains("o&#39;hara@example.com") && html.contains("href=\"https://a/?b=&quot;c&quot;\""),
            "{html}"
        );
        assert_eq!(letter.text(), "Hello <script>,\n\no'hara@example.com\n\nhttps://a/?b=\"c\"\n");
    }
}
