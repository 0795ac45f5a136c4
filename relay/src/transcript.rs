//! A conversation as a document: text to read, JSON to process, HTML to print.

use base64::Engine;
use chrono::{DateTime, SecondsFormat};
use relay_core::conversation::Conversation;
use relay_core::store::{Answer, Query, QueryError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::{Author, Body, ConversationId, ConversationState, Event, Lane, Seq};

use crate::http::escape;
use crate::store::Reader;

/// Events of one transcript: two hundred full pages, more than any talk has; it bounds one request's memory.
pub const EVENTS_MAX: usize = 40_000;

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

/// A conversation and what was recorded of it.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// As it stands.
    pub conversation: Conversation,
    /// One lane or both.
    pub events: Vec<Event>,
}

/// One lane's events after a number; empty at its end.
///
/// # Errors
/// As the store's.
pub fn page(
    reader: &mut dyn Reader,
    conversation: ConversationId,
    lane: Lane,
    after: Seq,
) -> Result<Vec<Event>, QueryError> {
    match reader.query(&Query::Events { conversation, lane, after })? {
        Answer::Events { events, .. } => Ok(events),
        Answer::Conversation(_) | Answer::Conversations { .. } => Err(QueryError::Down),
    }
}

/// The base64 SHA-256 of the HTML's style, for its Content-Security-Policy.
#[must_use]
pub fn style_hash() -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()))
}

impl Transcript {
    /// Without events so far.
    #[must_use]
    pub const fn new(conversation: Conversation) -> Self {
        Self { conversation, events: Vec::new() }
    }

    /// Reads a whole conversation, both lanes if asked; for the command line.
    ///
    /// # Errors
    /// As the store's.
    pub fn read(reader: &mut dyn Reader, id: ConversationId, notes: bool) -> Result<Self, QueryError> {
        let Answer::Conversation(conversation) = reader.query(&Query::Conversation { conversation: id })? else {
            return Err(QueryError::Down);
        };
        let mut transcript = Self::new(*conversation);
        let lanes: &[Lane] = if notes { &[Lane::Shared, Lane::Staff] } else { &[Lane::Shared] };
        for lane in lanes {
            let mut after = Seq::ZERO;
            while transcript.events.len() < EVENTS_MAX {
                let events = page(reader, id, *lane, after)?;
                let Some(last) = events.last() else { break };
                after = last.seq;
                transcript.events.extend(events);
            }
        }
        Ok(transcript)
    }

    /// A name to save it under.
    #[must_use]
    pub fn file_name(&self, format: Format) -> String {
        let ending = match format {
            Format::Text => "txt",
            Format::Json => "json",
            Format::Html => "html",
        };
        format!("chat-{}.{ending}", &time(self.conversation.opened_at_ms)[..10])
    }

    /// The document.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Json => self.json(),
            Format::Html => self.html(),
        }
    }

    /// Both lanes in the order of time; within a lane the number decides, even if the clock was set back.
    fn in_order(&self) -> Vec<&Event> {
        let mut latest_ms = std::collections::BTreeMap::new();
        let mut keyed: Vec<(u64, &Event)> = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let latest: &mut u64 = latest_ms.entry(event.lane).or_default();
            *latest = event.at_ms.max(*latest);
            keyed.push((*latest, event));
        }
        keyed.sort_by_key(|(at_ms, event)| (*at_ms, event.lane, event.seq));
        keyed.into_iter().map(|(_, event)| event).collect()
    }

    fn state(&self) -> String {
        match self.conversation.state {
            ConversationState::Closed { at_ms } => format!("ended {}", time(at_ms)),
            ConversationState::Waiting { .. } | ConversationState::Assigned { .. } | ConversationState::Idle => {
                "open".to_owned()
            }
        }
    }

    fn text(&self) -> String {
        let mut out = format!(
            "Conversation {}\nSite         {}\nBegan        {}\nState        {}\n\n",
            self.conversation.id,
            self.conversation.site,
            time(self.conversation.opened_at_ms),
            self.state(),
        );
        for event in self.in_order() {
            let Some((what, by_person)) = line(event) else { continue };
            // Later lines of a message are set in, so that none can pass for an entry of its own.
            let what = what.replace('\n', "\n    ");
            let who = if by_person { format!("{}: ", author(event)) } else { "* ".to_owned() };
            out.push_str(&format!("[{}] {who}{what}\n", time(event.at_ms)));
        }
        out
    }

    fn json(&self) -> String {
        /// No more than both sides may know: the row of an agent's list would tell how much the staff lane holds.
        #[derive(Serialize)]
        struct Document<'a> {
            conversation: ConversationId,
            site: &'a wire::SiteId,
            opened_at: String,
            state: String,
            events: Vec<&'a Event>,
        }
        let document = Document {
            conversation: self.conversation.id,
            site: &self.conversation.site,
            opened_at: time(self.conversation.opened_at_ms),
            state: self.state(),
            events: self.in_order(),
        };
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }

    fn html(&self) -> String {
        let id = self.conversation.id;
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Conversation {id}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>Conversation</h1>\n<dl><dt>Id</dt><dd>{id}</dd>\
             <dt>Site</dt><dd>{}</dd><dt>Began</dt><dd>{}</dd><dt>State</dt><dd>{}</dd></dl>\n<ol>\n",
            escape(self.conversation.site.as_str()),
            time(self.conversation.opened_at_ms),
            self.state(),
        );
        for event in self.in_order() {
            let Some((what, by_person)) = line(event) else { continue };
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
        out.push_str("</ol>\n</body>\n</html>\n");
        out
    }
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
        Body::Seen { .. } | Body::Turn { .. } => return None,
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
mod tests {
    use wire::{AgentId, MessageId, SiteId, VisitorId};

    use super::*;

    fn transcript() -> Transcript {
        let site: SiteId = "demo".parse().expect("site");
        let id = ConversationId(7);
        let mut events = Vec::new();
        let mut event = |lane, seq, author, body| {
            events.push(Event {
                conversation: id,
                lane,
                seq: Seq(seq),
                at_ms: 1_700_000_000_000 + seq * 1_000,
                id: MessageId(u128::from(seq)),
                author,
                body,
            });
        };
        let agent = Author::Agent { id: AgentId(1), name: "<b>Ann</b>".to_owned() };
        event(Lane::Shared, 1, Author::Visitor, Body::Text { text: "a\n[fake] <script>".to_owned() });
        event(Lane::Shared, 2, Author::System, Body::Queued);
        event(Lane::Shared, 3, agent.clone(), Body::Joined);
        event(Lane::Staff, 2, agent, Body::Note { text: "careful".to_owned() });
        let conversation = Conversation::new(id, site, VisitorId(9), 1_700_000_000_000, String::new());
        Transcript { conversation, events }
    }

    #[test]
    fn text_cannot_be_forged_by_line_breaks() {
        let text = transcript().write(Format::Text);
        assert!(text.contains("[2023-11-14T22:13:21Z] Visitor: a\n    [fake] <script>\n"), "{text}");
        assert!(text.contains("[2023-11-14T22:13:22Z] * The visitor waits for an agent.\n"));
        assert!(text.contains("[private note] careful"));
        assert_eq!(transcript().file_name(Format::Text), "chat-2023-11-14.txt");
    }

    #[test]
    fn html_is_escaped_throughout() {
        let html = transcript().write(Format::Html);
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
        assert!(html.contains("&lt;b&gt;Ann&lt;/b&gt; joined.") && !html.contains("<b>Ann"));
    }

    #[test]
    fn json_holds_every_event() {
        let json: serde_json::Value = serde_json::from_str(&transcript().write(Format::Json)).expect("json");
        assert_eq!(json["events"].as_array().map(Vec::len), Some(4));
    }
}
