//! One value of each type, for the golden files.

use wire::*;

pub(crate) const fn uuid(last: u128) -> u128 {
    0x0190_0000_0000_7000_8000_0000_0000_0000 + last
}

pub(crate) const CONVERSATION: ConversationId = ConversationId(uuid(1));
pub(crate) const MESSAGE: MessageId = MessageId(uuid(2));
pub(crate) const VISITOR: VisitorId = VisitorId(uuid(3));
pub(crate) const AGENT: AgentId = AgentId(uuid(4));
pub(crate) const KEY: ServiceKeyId = ServiceKeyId(uuid(8));
pub(crate) const BLOCK: BlockId = BlockId(uuid(6));
pub(crate) const TAG: Tag = Tag(0x0123_4567_89ab_cdef);
pub(crate) const ATTACHMENT: AttachmentId = AttachmentId(uuid(5));

pub(crate) fn site() -> SiteId {
    "demo".parse().expect("a site id")
}

pub(crate) fn token() -> Token {
    Token::from_bytes(&[0xa7; 32])
}

pub(crate) fn page() -> PageContext {
    PageContext {
        url: "https://example.com/trade".to_owned(),
        title: "Trade".to_owned(),
        language: "zh-CN".to_owned(),
        time_zone: "Asia/Singapore".to_owned(),
        browser: "Example/1.0".to_owned(),
        languages: "ja,en-GB".to_owned(),
    }
}

pub(crate) fn attachment() -> Attachment {
    Attachment {
        id: ATTACHMENT,
        name: "receipt.png".to_owned(),
        media_type: "image/png".to_owned(),
        media: Media::Image,
        bytes: 1_234,
        width: 640,
        height: 480,
    }
}

pub(crate) fn event() -> Event {
    Event {
        conversation: CONVERSATION,
        lane: Lane::Shared,
        seq: Seq(7),
        at_ms: 1_700_000_000_000,
        id: MESSAGE,
        author: Author::Agent { id: AGENT, name: "Ada".to_owned() },
        body: Body::Text { text: "Hello \"you\"\n好".to_owned() },
    }
}

pub(crate) fn agent_summary() -> AgentSummary {
    AgentSummary {
        id: AGENT,
        name: "Ada".to_owned(),
        role: Role::Agent,
        state: AgentState::Online,
        capacity: 4,
        load: 1,
        off_hours: false,
    }
}

pub(crate) fn conversation_summary() -> ConversationSummary {
    ConversationSummary {
        conversation: CONVERSATION,
        site: site(),
        visitor: VISITOR,
        state: ConversationState::Waiting { since_ms: 1_700_000_000_000 },
        opened_at_ms: 1_700_000_000_000,
        last_at_ms: 1_700_000_000_001,
        last_line: "Where is my deposit?".to_owned(),
        last_party: Party::Visitor,
        unanswered: false,
        unread: 1,
        language: "en".to_owned(),
        score: 0,
        head: Cursor { shared: Seq(2), staff: Seq(2) },
        presence: None,
        spam: false,
        known: false,
        network: None,
    }
}

pub(crate) fn conversation_that_waits_as_a_message() -> ConversationSummary {
    ConversationSummary {
        state: ConversationState::Idle { why: Idle::Message, since_ms: 1_700_000_000_000 },
        presence: Some(VisitorPresence::Gone { since_ms: 1_700_000_000_000 }),
        spam: true,
        known: true,
        network: Some(TAG),
        ..conversation_summary()
    }
}

pub(crate) fn block() -> BlockSummary {
    BlockSummary {
        block: BLOCK,
        scope: BlockScope::Network,
        visitor: None,
        tag: Some(TAG),
        site: None,
        reason: "Robots.".to_owned(),
        by: Some(AGENT),
        since_ms: 1_700_000_000_000,
        until_ms: 1_700_000_600_000,
    }
}

pub(crate) fn row_cursor() -> RowCursor {
    RowCursor { at_ms: 1_700_000_000_000, conversation: CONVERSATION }
}

pub(crate) fn visitor_conversation() -> VisitorConversation {
    VisitorConversation {
        conversation: CONVERSATION,
        opened_at_ms: 1_700_000_000_000,
        last_at_ms: 1_700_000_000_001,
        last_line: "Here it is.".to_owned(),
        closed: false,
        unread: 1,
        head: Seq(7),
    }
}

pub(crate) fn follow() -> Follow {
    Follow { conversation: CONVERSATION, after: Cursor { shared: Seq(7), staff: Seq(3) } }
}
