//! What the relay says to agents only, from JSON text. Apart, so that the chat does not carry it.

use wire::{
    AgentId, AgentSummary, Aside, BlockId, BlockScope, BlockSummary, Body, ConversationId, ConversationState,
    ConversationSummary, Counts, Idle, Role, RowCursor, ServerFrame, Session, Tag, View, VisitorId, VisitorPresence,
};

use crate::codec::json::Json;
use crate::codec::read::{agent_state, all, both, conversation, cursor, page, party, small, string, uuid, welcome};

/// A frame for an agent; none when it is no frame that agents get.
#[must_use]
pub fn read_frame_of_staff(text: &str) -> Option<ServerFrame> {
    let json = Json::read(text)?;
    let json = &json;
    Some(match json.get("type").text()? {
        "welcome" => welcome(json, session_of_agent(json.get("session"))?)?,
        "inbox" => ServerFrame::Inbox { row: row(json.get("row"))? },
        "agent" => ServerFrame::Agent { agent: agent(json.get("agent"))? },
        "closed" => ServerFrame::Closed {
            before_ms: json.get("before_ms").number()?,
            rows: all(json.get("rows"), row)?,
            more: json.get("more").bool()?,
        },
        "of_visitor" => {
            ServerFrame::OfVisitor { visitor: VisitorId(uuid(json.get("visitor"))?), rows: all(json.get("rows"), row)? }
        }
        "counts" => ServerFrame::Counts { counts: counts(json.get("counts"))? },
        "open" => ServerFrame::Open {
            view: view(json.get("view"))?,
            find: optional(json.get("find"), string)?.unwrap_or_default(),
            rows: all(json.get("rows"), row)?,
            next: optional(json.get("next"), row_cursor)?,
            total: small(json.get("total"))?,
        },
        "ending" => ServerFrame::Ending { ended: small(json.get("ended"))?, left: small(json.get("left"))? },
        "blocks" => ServerFrame::Blocks { blocks: all(json.get("blocks"), block)? },
        kind => return both::<true>(kind, json),
    })
}

fn session_of_agent(json: &Json) -> Option<Session> {
    Some(Session::Agent {
        me: agent(json.get("me"))?,
        agents: all(json.get("agents"), agent)?,
        open: all(json.get("open"), row)?,
    })
}

fn agent(json: &Json) -> Option<AgentSummary> {
    Some(AgentSummary {
        id: AgentId(uuid(json.get("id"))?),
        name: string(json.get("name"))?,
        role: match json.get("role").text()? {
            "supervisor" => Role::Supervisor,
            "administrator" => Role::Administrator,
            _ => Role::Agent,
        },
        state: agent_state(json.get("state"))?,
        capacity: small(json.get("capacity"))?,
        load: small(json.get("load"))?,
    })
}

fn row(json: &Json) -> Option<ConversationSummary> {
    Some(ConversationSummary {
        conversation: conversation(json)?,
        site: json.get("site").text()?.parse().ok()?,
        visitor: VisitorId(uuid(json.get("visitor"))?),
        state: state(json.get("state"))?,
        opened_at_ms: json.get("opened_at_ms").number()?,
        last_at_ms: json.get("last_at_ms").number()?,
        last_line: string(json.get("last_line"))?,
        last_party: party(json.get("last_party"))?,
        unread: small(json.get("unread"))?,
        language: string(json.get("language"))?,
        score: u8::try_from(json.get("score").number()?).ok()?,
        head: cursor(json.get("head"))?,
        presence: optional(json.get("presence"), presence)?,
        spam: json.get("spam").bool().unwrap_or_default(),
        known: json.get("known").bool().unwrap_or_default(),
        network: optional(json.get("network"), tag)?,
    })
}

/// A field that older relays do not send, or that says nothing.
fn optional<T>(json: &Json, read: fn(&Json) -> Option<T>) -> Option<Option<T>> {
    if *json == Json::Null { Some(None) } else { read(json).map(Some) }
}

fn tag(json: &Json) -> Option<Tag> {
    json.text()?.parse().ok()
}

fn presence(json: &Json) -> Option<VisitorPresence> {
    Some(match json.get("is").text()? {
        "here" => VisitorPresence::Here,
        "gone" => VisitorPresence::Gone { since_ms: json.get("since_ms").number()? },
        _ => return None,
    })
}

fn counts(json: &Json) -> Option<Counts> {
    Some(Counts {
        waiting: small(json.get("waiting"))?,
        owned: small(json.get("owned"))?,
        left: small(json.get("left"))?,
        message: small(json.get("message"))?,
        stepped_out: small(json.get("stepped_out"))?,
        flood: json.get("flood").bool()?,
    })
}

fn view(json: &Json) -> Option<View> {
    Some(match json.text()? {
        "open" => View::Open,
        "waiting" => View::Waiting,
        "owned" => View::Owned,
        "left" => View::Left,
        "message" => View::Message,
        _ => return None,
    })
}

fn row_cursor(json: &Json) -> Option<RowCursor> {
    Some(RowCursor {
        at_ms: json.get("at_ms").number()?,
        conversation: ConversationId(uuid(json.get("conversation"))?),
    })
}

fn block(json: &Json) -> Option<BlockSummary> {
    Some(BlockSummary {
        block: BlockId(uuid(json.get("block"))?),
        scope: match json.get("scope").text()? {
            "visitor" => BlockScope::Visitor,
            "address" => BlockScope::Address,
            "network" => BlockScope::Network,
            _ => return None,
        },
        visitor: optional(json.get("visitor"), uuid)?.map(VisitorId),
        tag: optional(json.get("tag"), tag)?,
        reason: string(json.get("reason"))?,
        by: optional(json.get("by"), uuid)?.map(AgentId),
        since_ms: json.get("since_ms").number()?,
        until_ms: json.get("until_ms").number()?,
    })
}

/// What only agents read of a conversation's log.
pub(crate) fn staff_body(kind: &str, json: &Json) -> Option<Body> {
    Some(match kind {
        "note" => Body::Note { text: string(json.get("text"))? },
        "turn" => Body::Turn {
            turn: json.get("turn").number()?,
            address: optional(json.get("address"), tag)?,
            network: optional(json.get("network"), tag)?,
            known: json.get("known").bool().unwrap_or_default(),
        },
        "assigned" => Body::Assigned { agent: AgentId(uuid(json.get("agent"))?) },
        "set_aside" => Body::SetAside {
            why: match json.get("why").text()? {
                "left" => Aside::Left,
                "message" => Aside::Message,
                _ => return None,
            },
        },
        "spam" => Body::Spam,
        "context" => Body::Context { page: page(json.get("page"))? },
        _ => Body::Unknown,
    })
}

fn state(json: &Json) -> Option<ConversationState> {
    Some(match json.get("is").text()? {
        "waiting" => ConversationState::Waiting { since_ms: json.get("since_ms").number()? },
        "assigned" => ConversationState::Assigned { agent: AgentId(uuid(json.get("agent"))?) },
        "closed" => ConversationState::Closed { at_ms: json.get("at_ms").number()? },
        // Also one that is not known here: open, with nobody.
        _ => ConversationState::Idle {
            why: match json.get("why").text() {
                Some("left") => Idle::Left,
                Some("message") => Idle::Message,
                _ => Idle::SteppedOut,
            },
            since_ms: json.get("since_ms").number().unwrap_or_default(),
        },
    })
}
