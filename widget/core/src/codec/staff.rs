//! What the relay says to agents only, from JSON text. Apart, so that the chat does not carry it.

use wire::{
    AgentId, AgentState, AgentSummary, ConversationState, ConversationSummary, Role, ServerFrame, Session, VisitorId,
};

use crate::codec::json::Json;
use crate::codec::read::{all, both, conversation, cursor, party, small, string, uuid, welcome};

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
        kind => return both(kind, json),
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
        state: match json.get("state").text()? {
            "online" => AgentState::Online,
            "offline" => AgentState::Offline,
            _ => AgentState::Away,
        },
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
    })
}

fn state(json: &Json) -> Option<ConversationState> {
    Some(match json.get("is").text()? {
        "waiting" => ConversationState::Waiting { since_ms: json.get("since_ms").number()? },
        "assigned" => ConversationState::Assigned { agent: AgentId(uuid(json.get("agent"))?) },
        "closed" => ConversationState::Closed { at_ms: json.get("at_ms").number()? },
        _ => ConversationState::Idle,
    })
}
