//! A conversation as a document: text to read, JSON to process, HTML to print. It is written event by event, so that the longest one needs no
//! more memory than any other; [`lanes`] gives them in order.

pub mod lanes;
mod slots;
pub mod words;

use base64::Engine;
use chrono::{DateTime, SecondsFormat};
use relay_core::conversation::Conversation;
use relay_edge::plain;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::{Author, Body, ConversationId, ConversationState, Event, Lane, SiteId};

pub(crate) use slots::TranscriptSlot;
pub use slots::TranscriptSlots;
pub use words::{TranscriptOptions, Words};

use crate::store::Reader;
use crate::web::escape;

/// The HTML's whole style; its hash is in the Content-Security-Policy that it is served with.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;\
color:#111827;background:#fff}h1{font-size:1.25rem}dl{display:grid;grid-template-columns:auto 1fr;gap:0 1rem}\
dd{margin:0}li{margin:.75rem 0}ol{list-style:none;padding:0}time,.note b{color:#4b5563}p{margin:0;\
white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}bdi{unicode-bidi:plaintext}.system{color:#4b5563}.note{background:#fef3c7;padding:.5rem}";

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One line for each thing that happened.
    #[default]
    Text,
    /// Everything that was recorded.
    Json,
    /// A page of its own.
    Html,
}

/// The base64 SHA-256 of the HTML's style, for its Content-Security-Policy.
#[must_use]
pub fn style_hash() -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()))
}

/// One conversation's document: [`begin`](Self::begin), every [`event`](Self::event) in order, [`end`](Self::end); each puts its part at the
/// end of what was written before.
#[derive(Clone, Debug)]
pub struct Document {
    format: Format,
    words: Words,
    conversation: ConversationId,
    site: SiteId,
    /// As its owner calls it.
    site_name: String,
    opened_at_ms: u64,
    state: ConversationState,
    /// Whether no event was written yet.
    empty: bool,
}

impl Document {
    /// Nothing written.
    #[must_use]
    pub fn new(conversation: &Conversation, site_name: String, format: Format, words: Words) -> Self {
        Self {
            format,
            words,
            conversation: conversation.id,
            site: conversation.site.clone(),
            site_name,
            opened_at_ms: conversation.opened_at_ms,
            state: conversation.state,
            empty: true,
        }
    }

    /// Nothing written, for a reader's options, with the site's name from the store.
    pub fn of(
        conversation: &Conversation,
        format: Format,
        options: &TranscriptOptions,
        reader: &mut dyn Reader,
    ) -> Self {
        let words = Words::of(conversation, options, reader);
        let site = reader.site(&conversation.site).map(|site| site.name);
        Self::new(conversation, site.unwrap_or_else(|_| conversation.site.to_string()), format, words)
    }

    /// A name to save it under.
    #[must_use]
    pub fn file_name(&self) -> String {
        let ending = match self.format {
            Format::Text => "txt",
            Format::Json => "json",
            Format::Html => "html",
        };
        format!("chat-{}.{ending}", &self.words.time(self.opened_at_ms)[..10])
    }

    /// Writes what comes before the events.
    pub fn begin(&self, out: &mut String) {
        match self.format {
            Format::Text => self.begin_text(out),
            Format::Json => self.begin_json(out),
            Format::Html => self.begin_html(out),
        }
    }

    /// The next event.
    pub fn event(&mut self, event: &Event, out: &mut String) {
        match self.format {
            Format::Text => text_event(event, &self.words, out),
            Format::Json => json_event(event, self.empty, out),
            Format::Html => html_event(event, &self.words, out),
        }
        self.empty = false;
    }

    /// Writes what comes after them.
    pub fn end(&self, out: &mut String) {
        out.push_str(match self.format {
            Format::Text => "",
            Format::Json if self.empty => "]\n}",
            Format::Json => "\n  ]\n}",
            Format::Html => "</ol>\n</body>\n</html>\n",
        });
    }

    fn state(&self) -> String {
        match self.state {
            ConversationState::Closed { at_ms } => self.words.fill("ended", &[("time", &self.words.time(at_ms))]),
            ConversationState::Waiting { .. } | ConversationState::Assigned { .. } | ConversationState::Idle { .. } => {
                self.words.get("open").to_owned()
            }
        }
    }

    /// The head of the document: names and values.
    fn head(&self) -> [(&'static str, String); 5] {
        let words = &self.words;
        [
            (words.get("id"), self.conversation.to_string()),
            (words.get("site"), self.site_name.clone()),
            (words.get("began"), words.time(self.opened_at_ms)),
            (words.get("state"), self.state()),
            (words.get("zone"), words.zone().to_owned()),
        ]
    }

    fn begin_text(&self, out: &mut String) {
        out.push_str(self.words.get("transcript"));
        out.push('\n');
        for (name, value) in self.head() {
            out.push_str(&self.words.fill("says", &[("name", name), ("text", &plain::line(&value))]));
            out.push('\n');
        }
        out.push('\n');
    }

    fn begin_json(&self, out: &mut String) {
        /// Only what both sides may know: the row of an agent's list would show how long the staff lane is.
        #[derive(Serialize)]
        struct Head<'a> {
            conversation: ConversationId,
            site: &'a SiteId,
            opened_at: String,
            state: String,
            events: [(); 0],
        }
        let head = Head {
            conversation: self.conversation,
            site: &self.site,
            opened_at: utc(self.opened_at_ms),
            state: match self.state {
                ConversationState::Closed { at_ms } => format!("ended {}", utc(at_ms)),
                ConversationState::Waiting { .. }
                | ConversationState::Assigned { .. }
                | ConversationState::Idle { .. } => "open".to_owned(),
            },
            events: [],
        };
        let text = serde_json::to_string_pretty(&head).unwrap_or_default();
        // Open at its end, for the events to follow.
        out.push_str(text.strip_suffix("]\n}").unwrap_or(&text));
    }

    fn begin_html(&self, out: &mut String) {
        let (language, title) = (self.words.language(), self.words.get("transcript"));
        out.push_str(&format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} {}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>",
            self.conversation,
        ));
        for (name, value) in self.head() {
            out.push_str(&format!("<dt>{name}</dt><dd dir=\"auto\">{}</dd>", escape(&plain::harmless(&value))));
        }
        out.push_str("</dl>\n<ol>\n");
    }
}

/// Later lines of a message are indented, so that none looks like an entry of its own.
const INDENT: &str = "    ";

fn text_event(event: &Event, words: &Words, out: &mut String) {
    let Some(said) = line(event, words, |text| plain::lines(text, INDENT)) else { return };
    let what = if said.by_person {
        words.fill("says", &[("name", &plain::line(&author(event, words))), ("text", &said.what)])
    } else {
        ["* ", &said.what].concat()
    };
    out.push_str(&format!("[{}] {what}\n", words.time(event.at_ms)));
}

/// Indented for a list within an object.
fn json_event(event: &Event, first: bool, out: &mut String) {
    out.push_str(if first { "\n    " } else { ",\n    " });
    // In JSON a line break is never part of a text.
    let written = serde_json::to_string_pretty(event).unwrap_or_default();
    out.push_str(&plain::json(&written).replace('\n', "\n    "));
}

fn html_event(event: &Event, words: &Words, out: &mut String) {
    let isolated = |text: &str| ["<bdi>", &escape(&plain::harmless(text)), "</bdi>"].concat();
    let Some(said) = line(event, words, isolated) else { return };
    let class = match (event.lane, said.by_person) {
        (Lane::Staff, _) => "note",
        (Lane::Shared, true) => "message",
        (Lane::Shared, false) => "system",
    };
    let who = if said.by_person { isolated(&author(event, words)) } else { String::new() };
    let (time, what) = (words.time(event.at_ms), said.what);
    out.push_str(&format!("<li class=\"{class}\"><b>{who}</b> <time>{time}</time><p>{what}</p></li>\n"));
}

/// What an event says.
struct Said {
    what: String,
    /// Whether a person wrote it.
    by_person: bool,
}

/// What an event says, each text of a person as `person` makes it fit for the document; nothing for what only programs care about.
fn line(event: &Event, words: &Words, person: impl Fn(&str) -> String) -> Option<Said> {
    let name = || person(&author(event, words));
    let (what, by_person) = match &event.body {
        Body::Text { text } => (person(text), true),
        Body::Note { text } => (words.fill("note", &[("text", &person(text))]), true),
        Body::File { attachment } => {
            let bytes = attachment.bytes.to_string();
            (words.fill("file", &[("name", &person(&attachment.name)), ("bytes", &bytes)]), true)
        }
        Body::Queued => (words.get("queued").to_owned(), false),
        Body::LeftQueue => (words.get("left").to_owned(), false),
        Body::Joined => (words.fill("joined", &[("name", &name())]), false),
        Body::Closed => (words.fill("closed", &[("name", &name())]), false),
        Body::Rated { score, comment } => {
            let key = if comment.is_empty() { "rated" } else { "rated_comment" };
            (words.fill(key, &[("score", &score.to_string()), ("comment", &person(comment))]), false)
        }
        Body::Assigned { agent } => (words.fill("assigned", &[("agent", &agent.to_string())]), false),
        Body::Labelled { added, removed } => {
            let list = |labels: &[String]| {
                let quoted: Vec<String> =
                    labels.iter().map(|label| words.fill("label", &[("label", &person(label))])).collect();
                quoted.join(words.get("next_label"))
            };
            let key = match (added.is_empty(), removed.is_empty()) {
                (_, true) => "labels_added",
                (true, false) => "labels_removed",
                (false, false) => "labels_changed",
            };
            let filled = [("name", &*name()), ("added", &*list(added)), ("removed", &*list(removed))];
            (words.fill(key, &filled), false)
        }
        Body::Erased | Body::StaffErased => (words.get("erased").to_owned(), false),
        Body::Context { page } if page.url.is_empty() => return None,
        Body::Context { page } => (words.fill("at", &[("url", &person(&page.url))]), false),
        Body::Seen { .. } | Body::Turn { .. } | Body::SetAside { .. } | Body::Spam | Body::Unknown => return None,
    };
    Some(Said { what, by_person })
}

fn author(event: &Event, words: &Words) -> String {
    match &event.author {
        Author::Visitor => words.get("visitor").to_owned(),
        Author::Agent { name, .. } => name.clone(),
        Author::Service { name, .. } => words.fill("automated", &[("name", name)]),
        Author::System => "Causeway".to_owned(),
    }
}

/// UTC, to the second (RFC 3339).
fn utc(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
