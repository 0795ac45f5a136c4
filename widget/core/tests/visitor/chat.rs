//! A visitor's session in a test's hands, and what the relay might say to it.

use widget_core::{ConnectionInput, ItemState, Kept, KeptDraft, Output, VisitorInput, VisitorSession, VisitorStart};
use wire::{
    AgentId, Attachment, AttachmentId, Author, Body, ClientFrame, ConversationId, Event, Lane, Media, MessageId,
    PageContext, Refusal, Seq, ServerFrame, SessionStart, Subject, ToVisitor, Token, VisitorConversation, VisitorId,
};

pub(crate) struct Chat {
    pub(crate) session: VisitorSession,
    pub(crate) now_ms: u64,
}

pub(crate) fn token() -> Token {
    Token::from_bytes(&[7; 32])
}

pub(crate) fn start(token: Option<Token>, conversation: Option<ConversationId>, drafts: Vec<KeptDraft>) -> Chat {
    let site = "demo".parse().expect("a site id");
    let start = VisitorStart { site, seed: 5, page: PageContext::default(), token, conversation, drafts };
    Chat { session: VisitorSession::new(1_000, start), now_ms: 1_000 }
}

impl Chat {
    pub(crate) fn does(&mut self, input: VisitorInput) -> Vec<Output> {
        self.session.handle(self.now_ms, input);
        self.outputs()
    }

    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.session.next_output()).collect()
    }

    pub(crate) fn hears(&mut self, frame: ServerFrame) -> Vec<Output> {
        let frame = ToVisitor::try_from(frame).expect("visitors get it");
        self.does(VisitorInput::Connection(ConnectionInput::Frame(frame)))
    }

    pub(crate) fn says(&mut self, text: &str) -> Vec<Output> {
        self.does(VisitorInput::Say { text: text.to_owned() })
    }

    pub(crate) fn down(&mut self, code: u16) -> Vec<Output> {
        self.does(VisitorInput::Connection(ConnectionInput::Down { code }))
    }

    /// Lets time pass to the next timeout.
    pub(crate) fn wakes(&mut self) -> Vec<Output> {
        self.now_ms = self.session.poll_timeout().expect("something is due");
        self.session.handle_timeout(self.now_ms);
        self.outputs()
    }

    /// Opens the connection and gets a welcome.
    pub(crate) fn connects(
        &mut self,
        visitor: Option<VisitorId>,
        conversations: Vec<VisitorConversation>,
    ) -> Vec<Output> {
        let mut all = self.does(VisitorInput::Connection(ConnectionInput::Up));
        let session = SessionStart::Visitor { visitor, conversations, answering: 2 };
        let welcome = ServerFrame::Welcome { protocol: 1, now_ms: 9_000, attachment_bytes_max: 100, session };
        all.extend(self.hears(welcome));
        all
    }

    pub(crate) fn states(&self) -> Vec<ItemState> {
        self.session.timeline().expect("one is shown").items().map(|item| item.state.clone()).collect()
    }

    pub(crate) fn shown(&self) -> ConversationId {
        self.session.timeline().expect("one is shown").conversation()
    }
}

/// A registered visitor with one recorded message and an agent's answer, live.
pub(crate) fn talking() -> (Chat, ConversationId) {
    let here = ConversationId(77);
    let mut chat = start(Some(token()), Some(here), Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
    let events = vec![text(here, 1, 1, Author::Visitor), text(here, 2, 2, agent())];
    chat.hears(page(here, 0, events));
    chat.outputs();
    (chat, here)
}

pub(crate) fn agent() -> Author {
    Author::Agent { id: AgentId(3), name: "Ana".to_owned() }
}

pub(crate) fn event(at: ConversationId, seq: u64, id: u128, author: Author, body: Body) -> Event {
    Event { conversation: at, lane: Lane::Shared, seq: Seq(seq), at_ms: 50, id: MessageId(id), author, body }
}

pub(crate) fn text(at: ConversationId, seq: u64, id: u128, author: Author) -> Event {
    event(at, seq, id, author, Body::Text { text: format!("text {id}") })
}

pub(crate) fn page(at: ConversationId, after: u64, events: Vec<Event>) -> ServerFrame {
    let head = events.last().map_or(Seq(after), |event| event.seq);
    ServerFrame::Events { conversation: at, lane: Lane::Shared, after: Seq(after), events, head }
}

pub(crate) fn row(conversation: ConversationId, closed: bool) -> VisitorConversation {
    VisitorConversation {
        conversation,
        opened_at_ms: 1,
        last_at_ms: 1,
        last_line: String::new(),
        closed,
        unread: 0,
        head: Seq(0),
    }
}

pub(crate) fn kept(conversation: ConversationId, id: u128) -> KeptDraft {
    KeptDraft { conversation, id: MessageId(id), at_ms: 1, what: Kept::Text(format!("draft {id}")) }
}

pub(crate) fn say_frame(output: &Output) -> (ConversationId, MessageId) {
    let Output::Transmit(ClientFrame::Say { conversation, id, .. }) = output else { panic!("{output:?}") };
    (*conversation, *id)
}

pub(crate) fn refused(conversation: ConversationId, id: MessageId, refusal: Refusal) -> ServerFrame {
    ServerFrame::Refused { subject: Subject::Message { conversation, id }, refusal }
}

pub(crate) fn file(id: AttachmentId) -> Attachment {
    let (name, media_type) = ("a.png".to_owned(), "image/png".to_owned());
    Attachment { id, name, media_type, media: Media::Image, bytes: 90, width: 1, height: 1 }
}
