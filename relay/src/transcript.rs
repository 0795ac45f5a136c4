//! A conversation as a document: text to read, JSON to process, HTML to print. It is written event by event, so that the longest one needs no
//! more memory than any other; [`lanes`] gives them in order.

pub mod lanes;

use base64::Engine;
use chrono::{DateTime, SecondsFormat};
use relay_core::conversation::Conversation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::{Author, Body, ConversationId, ConversationState, Event, Lane, SiteId};

use crate::http::escape;

/// The HTML's whole style; its hash stands in the policy that it is served with.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;\
color:#111827;background:#fff}h1{font-size:1.25rem}dl{display:grid;grid-template-columns:auto 1fr;gap:0 1rem}\
dd{margin:0}li{margin:.75rem 0}ol{list-style:none;padding:0}time,.note b{color:#4b5563}p{margin:0;\
white-space:pre-wrap;overflow-wrap:anywhere}.system{color:#4b5563}.note{background:#fef3c7;padding:.5rem}";

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
    conversation: ConversationId,
    site: SiteId,
    opened_at_ms: u64,
    state: ConversationState,
    /// Whether no event was written yet.
    empty: bool,
}

impl Document {
    /// Nothing written.
    #[must_use]
    pub fn new(conversation: &Conversation, format: Format) -> Self {
        Self {
            format,
            conversation: conversation.id,
            site: conversation.site.clone(),
            opened_at_ms: conversation.opened_at_ms,
            state: conversation.state,
            empty: true,
        }
    }

    /// A name to save it under.
    #[must_use]
    pub fn file_name(&self) -> String {
        let ending = match self.format {
            Format::Text => "txt",
            Format::Json => "json",
            Format::Html => "html",
        };
        format!("chat-{}.{ending}", &time(self.opened_at_ms)[..10])
    }

    /// What stands before the events.
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
            Format::Text => text_event(event, out),
            Format::Json => json_event(event, self.empty, out),
            Format::Html => html_event(event, out),
        }
        self.empty = false;
    }

    /// What stands after them.
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
            ConversationState::Closed { at_ms } => format!("ended {}", time(at_ms)),
            ConversationState::Waiting { .. } | ConversationState::Assigned { .. } | ConversationState::Idle { .. } => {
                "open".to_owned()
            }
        }
    }

    fn begin_text(&self, out: &mut String) {
        out.push_str(&format!(
            "Conversation {}\nSite         {}\nBegan        {}\nState        {}\n\n",
            self.conversation,
            self.site,
            time(self.opened_at_ms),
            self.state(),
        ));
    }

    fn begin_json(&self, out: &mut String) {
        /// No more than both sides may know: the row of an agent's list would tell how much the staff lane holds.
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
            opened_at: time(self.opened_at_ms),
            state: self.state(),
            events: [],
        };
        let text = serde_json::to_string_pretty(&head).unwrap_or_default();
        // Open at its end, for the events to follow.
        out.push_str(text.strip_suffix("]\n}").unwrap_or(&text));
    }

    fn begin_html(&self, out: &mut String) {
        let id = self.conversation;
        out.push_str(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Conversation {id}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>Conversation</h1>\n<dl><dt>Id</dt><dd>{id}</dd>\
             <dt>Site</dt><dd>{}</dd><dt>Began</dt><dd>{}</dd><dt>State</dt><dd>{}</dd></dl>\n<ol>\n",
            escape(self.site.as_str()),
            time(self.opened_at_ms),
            self.state(),
        ));
    }
}

fn text_event(event: &Event, out: &mut String) {
    let Some((what, by_person)) = line(event) else { return };
    // Later lines of a message are set in, so that none can pass for an entry of its own.
    let what = what.replace('\n', "\n    ");
    let who = if by_person { format!("{}: ", author(event)) } else { "* ".to_owned() };
    out.push_str(&format!("[{}] {who}{what}\n", time(event.at_ms)));
}

/// As it stands within a list within an object.
fn json_event(event: &Event, first: bool, out: &mut String) {
    out.push_str(if first { "\n    " } else { ",\n    " });
    // In JSON a line break is never part of a text.
    out.push_str(&serde_json::to_string_pretty(event).unwrap_or_default().replace('\n', "\n    "));
}

fn html_event(event: &Event, out: &mut String) {
    let Some((what, by_person)) = line(event) else { return };
    let class = match (event.lane, by_person) {
        (Lane::Staff, _) => "note",
        (Lane::Shared, true) => "message",
        (Lane::Shared, false) => "system",
    };
    let who = if by_person { escape(&author(event)) } else { String::new() };
    out.push_str(&format!(
        "<li class=\"{class}\"><b>{who}</b> <time>{}</time><p>{}</p></li>\n",
        time(event.at_ms),
        escape(&what)
    ));
}

/// What an event says, and whether a person said it; nothing for what only programs care about.
fn line(event: &Event) -> Option<(String, bool)> {
    Some(match &event.body {
        Body::Text { text } => (text.clone(), true),
        Body::Note { text } => (format!("[private note] {text}"), true),
        Body::File { attachment } => (format!("[file] {} ({} bytes)", attachment.name, attachment.bytes), true),
        Body::Queued => ("The visitor waits for an agent.".to_owned(), false),
        Body::LeftQueue => ("The visitor left the queue.".to_owned(), false),
        Body::Joined => (format!("{} joined.", author(event)), false),
        Body::Closed => (format!("{} ended the conversation.", author(event)), false),
        Body::Rated { score, comment } if comment.is_empty() => (format!("Rated {score} of 5."), false),
        Body::Rated { score, comment } => (format!("Rated {score} of 5: {comment}"), false),
        Body::Assigned { agent } => (format!("Assigned to agent {agent}."), false),
        Body::Context { page } => (format!("The visitor is at {}", page.url), false),
        Body::Seen { .. } | Body::Turn { .. } | Body::SetAside { .. } | Body::Spam | Body::Unknown => return None,
    })
}

fn author(event: &Event) -> String {
    match &event.author {
        Author::Visitor => "Visitor".to_owned(),
        Author::Agent { name, .. } => name.clone(),
        Author::System => "Causeway".to_owned(),
    }
}

/// UTC, to the second.
fn time(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
