//! What an agent says, as JSON text. Apart, so that the chat does not carry it.

use wire::{BlockScope, ClientFrame, Many, View};

use crate::codec::json::Writer;
use crate::codec::write::{about, common, uuid, write_state};

/// The frame as one JSON object.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "what both sides say is written by `common`")]
pub fn write_frame(frame: &ClientFrame) -> String {
    let mut writer = Writer::new();
    let to = &mut writer;
    match frame {
        ClientFrame::Note { conversation, id, text } => {
            about(to, "note", conversation.0);
            uuid(to, "id", id.0);
            to.text("text", text);
        }
        ClientFrame::Take { conversation } => about(to, "take", conversation.0),
        ClientFrame::Presence { state } => {
            to.text("type", "presence");
            write_state(to, *state);
        }
        ClientFrame::ListClosed { before_ms, before } => {
            to.text("type", "list_closed");
            to.number("before_ms", *before_ms);
            if let Some(before) = before {
                uuid(to, "before", before.0);
            }
        }
        ClientFrame::ListOfVisitor { visitor } => {
            to.text("type", "list_of_visitor");
            uuid(to, "visitor", visitor.0);
        }
        ClientFrame::Release { conversation } => about(to, "release", conversation.0),
        ClientFrame::Spam { conversation, id } => {
            about(to, "spam", conversation.0);
            uuid(to, "id", id.0);
        }
        ClientFrame::EndMany { many } => {
            to.text("type", "end_many");
            write_many(to, many);
        }
        ClientFrame::Block { conversation, scope, for_ms, reason } => {
            about(to, "block", conversation.0);
            to.text("scope", scope_name(*scope));
            to.number("for_ms", *for_ms);
            to.text("reason", reason);
        }
        ClientFrame::Unblock { block } => {
            to.text("type", "unblock");
            uuid(to, "block", block.0);
        }
        ClientFrame::ListBlocks => to.text("type", "list_blocks"),
        ClientFrame::Flood { on } => {
            to.text("type", "flood");
            to.bool("on", *on);
        }
        ClientFrame::ListOpen { view, find, after } => {
            to.text("type", "list_open");
            write_view(to, *view, find);
            if let Some(after) = after {
                to.open("after");
                to.number("at_ms", after.at_ms);
                uuid(to, "conversation", after.conversation.0);
                to.close();
            }
        }
        frame => {
            common(to, frame);
        }
    }
    writer.finish()
}

fn write_many(to: &mut Writer, many: &Many) {
    to.open("many");
    match many {
        Many::Listed { conversations } => {
            to.text("are", "listed");
            to.open_list("conversations");
            for conversation in conversations {
                to.text_item(&conversation.to_string());
            }
            to.close_list();
        }
        Many::OfNetwork { conversation } => {
            to.text("are", "of_network");
            uuid(to, "conversation", conversation.0);
        }
        Many::Found { view, find } => {
            to.text("are", "found");
            write_view(to, *view, find);
        }
    }
    to.close();
}

fn write_view(to: &mut Writer, view: View, find: &str) {
    let name = match view {
        View::Open => "open",
        View::Waiting => "waiting",
        View::Owned => "owned",
        View::Left => "left",
        View::Message => "message",
    };
    to.text("view", name);
    if !find.is_empty() {
        to.text("find", find);
    }
}

const fn scope_name(scope: BlockScope) -> &'static str {
    match scope {
        BlockScope::Visitor => "visitor",
        BlockScope::Address => "address",
        BlockScope::Network => "network",
    }
}
