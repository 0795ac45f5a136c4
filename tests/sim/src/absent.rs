//! What must hold once more at the end of a run, with visitors and one agent who speak to the core directly: nobody is queued or owned without
//! being there, networks are served in turn, and whoever is blocked is out.

use relay_core::{ConnectionId, Input, Peer, Source};
use wire::limit::{AGENT_GONE_AFTER_MS, AGENT_GRACE_MS, LEFT_AFTER_MS, MESSAGE_AFTER_MS};
use wire::{
    AgentState, BlockScope, ClientFrame, ConversationId, ConversationState, Incoming, MessageId, PageContext, Party,
    Say, Tag, VisitorId,
};

use crate::world::World;

/// Connections of these people have numbers that no connection of a page has.
const FIRST: u64 = 1 << 40;
const AGENT: u64 = FIRST - 1;
/// Their visitors, conversations and messages likewise.
const ID: u128 = 0xab5e_0000;

const fn conversation(n: u64) -> ConversationId {
    ConversationId(ID + n as u128)
}

impl World {
    /// All pages are closed; the rest is given to the core directly.
    pub(crate) fn nobody_is_kept_who_is_gone(&mut self) {
        self.note("who is gone is not kept");
        for page in self.open_pages() {
            self.close_page(page);
        }
        self.run_for(AGENT_GRACE_MS + AGENT_GONE_AFTER_MS + LEFT_AFTER_MS + MESSAGE_AFTER_MS + 5_000);
        for row in self.relay.store.open() {
            let kept = matches!(row.state, ConversationState::Waiting { .. } | ConversationState::Assigned { .. });
            assert!(!kept, "nobody is there, and {} is {:?}", row.id, row.state);
        }
        self.networks_are_served_in_turn();
        self.blocked_are_out();
        self.left_are_not_queued();
        self.gone_are_passed_over();
        self.gone_agents_keep_nothing();
    }

    fn comes(&mut self, n: u64, network: u64) {
        let site = "demo".parse().expect("a plain word is a site id");
        let source = Source { address: Some(Tag(n)), network: Some(Tag(network)) };
        let visitor = Some(VisitorId(ID + u128::from(n)));
        let peer = Peer::Visitor { site, visitor, page: PageContext::default(), source };
        self.tell(Input::Connected { connection: ConnectionId(FIRST + n), peer, follow: Vec::new() });
        self.run_for(1_000);
    }

    fn opens(&mut self, n: u64, network: u64) {
        self.comes(n, network);
        let say = Say::Text { text: format!("absent {n}") };
        let id = MessageId(ID + u128::from(n));
        self.says(FIRST + n, ClientFrame::Say { conversation: conversation(n), id, say });
    }

    fn says(&mut self, connection: u64, frame: ClientFrame) {
        let party = if connection == AGENT { Party::Staff } else { Party::Visitor };
        let frame = Incoming::of(party, frame).expect("a frame of its side");
        self.tell(Input::Frame { connection: ConnectionId(connection), frame });
        self.run_for(1_000);
    }

    fn stands(&self, n: u64) -> ConversationState {
        self.relay.store.conversation(conversation(n)).expect("it was opened").state
    }

    fn is_owned(&self, n: u64) -> bool {
        matches!(self.stands(n), ConversationState::Assigned { .. })
    }

    /// An agent with room for two has two of one network; four more of it wait, and then one of another comes.
    fn networks_are_served_in_turn(&mut self) {
        let agent = self.relay.agents[0].id;
        let peer = Peer::Agent { agent, state: Some(AgentState::Online) };
        self.tell(Input::Connected { connection: ConnectionId(AGENT), peer, follow: Vec::new() });
        for n in 1..=6 {
            self.opens(n, 1);
        }
        self.opens(7, 2);
        for ended in 1..=2 {
            let held = (1..=7).find(|n| self.is_owned(*n)).expect("the agent has some");
            let id = MessageId(ID + 100 + ended);
            self.says(AGENT, ClientFrame::End { conversation: conversation(held), id });
        }
        assert!(self.is_owned(7), "one of another network waits for more than one of this");
    }

    fn blocked_are_out(&mut self) {
        let waits = (1..=6).find(|n| matches!(self.stands(*n), ConversationState::Waiting { .. })).expect("some wait");
        let (scope, reason) = (BlockScope::Network, String::new());
        let block = ClientFrame::Block { conversation: conversation(waits), scope, for_ms: 3_600_000, reason };
        self.says(AGENT, block);
        self.run_for(2_000);
        for n in 1..=6 {
            assert!(matches!(self.stands(n), ConversationState::Closed { .. }), "a blocked network is served");
        }
        assert!(self.is_owned(7), "a network that is not blocked is out");
    }

    fn left_are_not_queued(&mut self) {
        self.says(AGENT, ClientFrame::Presence { state: AgentState::Away });
        self.opens(8, 3);
        self.tell(Input::Disconnected { connection: ConnectionId(FIRST + 8) });
        self.run_for(LEFT_AFTER_MS + 2_000);
        assert!(matches!(self.stands(8), ConversationState::Idle { .. }), "whoever has left is queued");
        let turn = self.relay.store.conversation(conversation(8)).map(|known| known.turn);
        self.tell(Input::Connected {
            connection: ConnectionId(FIRST + 9),
            peer: Peer::Visitor {
                site: "demo".parse().expect("a plain word is a site id"),
                visitor: Some(VisitorId(ID + 8)),
                page: PageContext::default(),
                source: Source { address: Some(Tag(8)), network: Some(Tag(3)) },
            },
            follow: Vec::new(),
        });
        self.run_for(2_000);
        assert!(matches!(self.stands(8), ConversationState::Waiting { .. }), "whoever comes back is not queued");
        let again = self.relay.store.conversation(conversation(8)).map(|known| known.turn);
        assert_eq!(again, turn, "whoever comes back has lost the position");
    }

    /// Two wait and are gone for longer than a reload takes; then the agent has room for one.
    fn gone_are_passed_over(&mut self) {
        self.opens(10, 4);
        for gone in [FIRST + 9, FIRST + 10] {
            self.tell(Input::Disconnected { connection: ConnectionId(gone) });
        }
        self.run_for(15_000);
        self.relay.agents[0].capacity = 2;
        let agents = self.relay.agents.clone();
        self.tell(Input::Agents(agents));
        self.says(AGENT, ClientFrame::Presence { state: AgentState::Online });
        self.opens(11, 5);
        assert!(self.is_owned(11), "somebody who is here waits behind somebody who is gone");
        assert!(!self.is_owned(8) && !self.is_owned(10), "an agent was given somebody who is gone");
    }

    fn gone_agents_keep_nothing(&mut self) {
        self.tell(Input::Disconnected { connection: ConnectionId(AGENT) });
        self.run_for(AGENT_GRACE_MS + AGENT_GONE_AFTER_MS + 3_000);
        assert!(!self.is_owned(7), "an agent who is gone keeps what it had");
        assert!(matches!(self.stands(7), ConversationState::Waiting { .. }), "what was given back is queued");
    }
}
