//! What a client says, as JSON text.

use wire::{AgentState, Attachment, ClientFrame, Cursor, Follow, Hello, Lane, Media, MessageId, PageContext, Say};

use crate::codec::json::Writer;
use crate::types::{Kept, KeptDraft};

/// A visitor's frame as one JSON object.
#[must_use]
pub fn write_frame_of_visitor(frame: &ClientFrame) -> String {
    let mut to = Writer::new();
    common(&mut to, frame);
    to.finish()
}

/// Frames that visitors say too; false for an agent's own, which the chat need not know how to write.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what agents alone say is written elsewhere, so that the chat does not carry it"
)]
pub(crate) fn common(to: &mut Writer, frame: &ClientFrame) -> bool {
    match frame {
        ClientFrame::Hello { protocol, hello, follow } => write_hello(to, *protocol, hello, follow),
        ClientFrame::Register => to.text("type", "register"),
        ClientFrame::Say { conversation, id, say } => {
            about(to, "say", conversation.0);
            uuid(to, "id", id.0);
            write_say(to, say);
        }
        ClientFrame::Typing { conversation } => about(to, "typing", conversation.0),
        ClientFrame::Seen { conversation, up_to } => {
            about(to, "seen", conversation.0);
            to.number("up_to", up_to.0);
        }
        ClientFrame::LeaveQueue { conversation } => about(to, "leave_queue", conversation.0),
        ClientFrame::End { conversation, id } => {
            about(to, "end", conversation.0);
            uuid(to, "id", id.0);
        }
        ClientFrame::Rate { conversation, id, score, comment } => {
            about(to, "rate", conversation.0);
            uuid(to, "id", id.0);
            to.number("score", u64::from(*score));
            to.text("comment", comment);
        }
        ClientFrame::Follow { follow } => {
            to.text("type", "follow");
            to.open("follow");
            write_follow(to, follow);
            to.close();
        }
        ClientFrame::Unfollow { conversation } => about(to, "unfollow", conversation.0),
        ClientFrame::Fetch { conversation, lane, after } => {
            about(to, "fetch", conversation.0);
            to.text(
                "lane",
                match lane {
                    Lane::Shared => "shared",
                    Lane::Staff => "staff",
                },
            );
            to.number("after", after.0);
        }
        ClientFrame::Page { page } => {
            to.text("type", "page");
            write_page(to, page);
        }
        ClientFrame::Ping => to.text("type", "ping"),
        _ => return false,
    }
    true
}

/// A draft as the browser's storage keeps it; read back by [`crate::read_draft`].
#[must_use]
pub fn write_draft(draft: &KeptDraft) -> String {
    let mut to = Writer::new();
    uuid(&mut to, "conversation", draft.conversation.0);
    uuid(&mut to, "id", draft.id.0);
    to.number("at_ms", draft.at_ms);
    to.bool("note", matches!(draft.what, Kept::Note(_)));
    to.open("say");
    match &draft.what {
        Kept::Text(text) | Kept::Note(text) => {
            to.text("kind", "text");
            to.text("text", text);
        }
        Kept::File(_) => to.text("kind", "file"),
        Kept::Upload { name, bytes } => {
            to.text("kind", "upload");
            to.text("text", name);
            to.number("number", *bytes);
        }
        Kept::End => to.text("kind", "end"),
        Kept::Rate { score, comment } => {
            to.text("kind", "rate");
            to.text("text", comment);
            to.number("number", u64::from(*score));
        }
    }
    to.close();
    if let Kept::File(attachment) = &draft.what {
        to.open("attachment");
        write_attachment(&mut to, attachment);
        to.close();
    }
    to.finish()
}

fn write_hello(to: &mut Writer, protocol: u16, hello: &Hello, follow: &[Follow]) {
    to.text("type", "hello");
    to.number("protocol", u64::from(protocol));
    to.open("hello");
    match hello {
        Hello::Visitor { site, token, page } => {
            to.text("as", "visitor");
            to.text("site", site.as_str());
            match token {
                Some(token) => to.text("token", token.reveal()),
                None => to.null("token"),
            }
            write_page(to, page);
        }
        Hello::Agent { state } => {
            to.text("as", "agent");
            if let Some(state) = state {
                write_state(to, *state);
            }
        }
    }
    to.close();
    to.open_list("follow");
    for one in follow {
        to.item();
        write_follow(to, one);
        to.close();
    }
    to.close_list();
}

pub(crate) fn write_state(to: &mut Writer, state: AgentState) {
    to.text(
        "state",
        match state {
            AgentState::Online => "online",
            AgentState::Away => "away",
            AgentState::Offline => "offline",
        },
    );
}

pub(crate) fn about(to: &mut Writer, kind: &str, conversation: u128) {
    to.text("type", kind);
    uuid(to, "conversation", conversation);
}

/// All ids have one form on the wire.
pub(crate) fn uuid(to: &mut Writer, name: &str, id: u128) {
    to.text(name, &MessageId(id).text());
}

fn write_say(to: &mut Writer, say: &Say) {
    to.open("say");
    match say {
        Say::Text { text } => {
            to.text("kind", "text");
            to.text("text", text);
        }
        Say::File { attachment } => {
            to.text("kind", "file");
            uuid(to, "attachment", attachment.0);
        }
    }
    to.close();
}

fn write_follow(to: &mut Writer, follow: &Follow) {
    uuid(to, "conversation", follow.conversation.0);
    let Cursor { shared, staff } = follow.after;
    to.open("after");
    to.number("shared", shared.0);
    to.number("staff", staff.0);
    to.close();
}

fn write_page(to: &mut Writer, page: &PageContext) {
    to.open("page");
    to.text("url", &page.url);
    to.text("title", &page.title);
    to.text("language", &page.language);
    to.text("time_zone", &page.time_zone);
    to.text("browser", &page.browser);
    if !page.languages.is_empty() {
        to.text("languages", &page.languages);
    }
    to.close();
}

fn write_attachment(to: &mut Writer, attachment: &Attachment) {
    uuid(to, "id", attachment.id.0);
    to.text("name", &attachment.name);
    to.text("media_type", &attachment.media_type);
    to.text(
        "media",
        match attachment.media {
            Media::Image => "image",
            Media::Video => "video",
            Media::Document => "document",
        },
    );
    to.number("bytes", attachment.bytes);
    to.number("width", u64::from(attachment.width));
    to.number("height", u64::from(attachment.height));
}
