//! Ending many conversations at once: in steps, so that the store and the others are not kept waiting.

use std::collections::VecDeque;

use wire::limit::{BLOCK_MS_MAX, BLOCK_REASON_CHARS_MAX, BLOCKS_MAX, END_MANY_MAX};
use wire::{
    AgentId, Author, BlockId, BlockScope, BlockSummary, Body, Close, ConversationId, Many, Refusal, Role, ServerFrame,
    Subject, VisitorId,
};

use crate::Core;
use crate::admit::about;
use crate::append::{Append, AppendError, Draft, DraftBody};
use crate::connection::Side;
use crate::input::{ConnectionId, Source};
use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::request::Pending;
use crate::timer::{RETRY_MS, Timer};

/// Ends that are on their way to the store at once, over all wishes.
const AT_ONCE_MAX: usize = 32;
/// Wishes that are carried out one after the other; more are refused as busy.
const WISHES_MAX: usize = 16;
/// Whoever wished is told after so many.
const TELL_EVERY: u32 = 100;

/// Who is to end, and for whom.
#[derive(Debug)]
struct Wish {
    /// Told apart from others of the same asker.
    number: u64,
    asker: Option<ConnectionId>,
    author: Author,
    left: VecDeque<ConversationId>,
    ended: u32,
    on_way: u32,
}

/// Every wish that is not done.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    wishes: VecDeque<Wish>,
    paused: bool,
    /// The number of the last wish.
    last: u64,
}

impl Endings {
    fn wish(&mut self, asker: Option<ConnectionId>, author: Author, left: VecDeque<ConversationId>) {
        self.last += 1;
        self.wishes.push_back(Wish { number: self.last, asker, author, left, ended: 0, on_way: 0 });
    }
}

impl Core {
    /// A supervisor ends many.
    pub(crate) fn end_many(&mut self, connection: ConnectionId, agent: AgentId, many: Many) {
        let too_many = matches!(&many, Many::Listed { conversations } if conversations.len() > END_MANY_MAX);
        let refusal = if self.role_of(agent) < Role::Supervisor {
            Some(Refusal::NotAllowed)
        } else if too_many {
            Some(Refusal::Malformed)
        } else if self.endings.wishes.len() >= WISHES_MAX {
            Some(Refusal::Busy)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.refuse(connection, Subject::Connection, refusal);
        }
        let open = |core: &Self, id: &ConversationId| {
            core.conversations.get(id).is_some_and(|live| !live.conversation.closed())
        };
        let left: VecDeque<_> = match many {
            Many::Listed { conversations } => conversations.into_iter().filter(|id| open(self, id)).collect(),
            Many::OfNetwork { conversation } => {
                let known = self.conversations.get(&conversation).map(|live| &live.conversation);
                match known.map(|known| (known.network, known.visitor)) {
                    Some((Some(network), _)) => {
                        self.open_of(Source { address: None, network: Some(network) }).collect()
                    }
                    // Whoever has no tag is a network of their own.
                    Some((None, visitor)) => self.open_of_visitor(visitor),
                    None => VecDeque::new(),
                }
            }
            Many::Found { view, find } => self.found(view, &find).map(|(_, id)| id).collect(),
        };
        let author = self.author(agent);
        self.endings.wish(Some(connection), author, left);
        self.end_some();
    }

    /// Open conversations whose visitors came from there: from the address when it is given, else from the network.
    fn open_of(&self, source: Source) -> impl Iterator<Item = ConversationId> {
        let open = self.conversations.values().filter(|live| !live.conversation.closed());
        open.filter(move |live| match source.address {
            Some(tag) => live.conversation.address == Some(tag),
            None => source.network.is_some() && live.conversation.network == source.network,
        })
        .map(|live| live.conversation.id)
    }

    fn open_of_visitor(&self, visitor: VisitorId) -> VecDeque<ConversationId> {
        self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open).copied().collect()
    }

    /// The next steps of what is to end.
    pub(crate) fn end_some(&mut self) {
        let mut room = AT_ONCE_MAX.saturating_sub(self.endings.wishes.iter().map(|wish| wish.on_way as usize).sum());
        let mut news = Vec::new();
        while room > 0 && !self.endings.paused {
            let Some(wish) = self.endings.wishes.iter_mut().find(|wish| !wish.left.is_empty()) else { break };
            let Some(id) = wish.left.pop_front() else { break };
            let author = wish.author.clone();
            let number = wish.number;
            let closed = self.conversations.get(&id).is_none_or(|live| live.conversation.closed());
            if closed {
                wish.ended += 1;
                continue;
            }
            wish.on_way += 1;
            room -= 1;
            let draft = Draft { author, ..self.system_draft(DraftBody::Ready(Body::Closed)) };
            self.append(Pending::Ending(number, id), Append::new(id, vec![draft]));
        }
        self.endings.wishes.retain(|wish| {
            let done = wish.left.is_empty() && wish.on_way == 0;
            if done {
                news.extend(wish.asker.map(|asker| (asker, wish.ended, 0)));
            }
            !done
        });
        for (asker, ended, left) in news {
            self.send_one(asker, ServerFrame::Ending { ended, left });
        }
    }

    /// One end was recorded, or not.
    pub(crate) fn ended(&mut self, number: u64, id: ConversationId, error: Option<AppendError>) {
        let mut news = None;
        if let Some(wish) = self.endings.wishes.iter_mut().find(|wish| wish.number == number) {
            let asker = wish.asker;
            wish.on_way -= 1;
            match error {
                Some(AppendError::Busy | AppendError::Down | AppendError::DiskFull) => {
                    wish.left.push_front(id);
                    self.endings.paused = true;
                    self.wake_in(RETRY_MS, Timer::Endings);
                }
                _ => {
                    wish.ended += 1;
                    if wish.ended % TELL_EVERY == 0 {
                        let left = u32::try_from(wish.left.len()).unwrap_or(u32::MAX).saturating_add(wish.on_way);
                        news = asker.filter(|_| left > 0).map(|asker| (asker, wish.ended, left));
                    }
                }
            }
        }
        if let Some((asker, ended, left)) = news {
            self.send_one(asker, ServerFrame::Ending { ended, left });
        }
        self.end_some();
    }

    /// The store may have room again.
    pub(crate) fn end_again(&mut self) {
        self.endings.paused = false;
        self.end_some();
    }

    /// Whether somebody is kept out: the block that says so.
    pub(crate) fn is_blocked(&self, visitor: Option<VisitorId>, source: Source) -> bool {
        let wall_ms = self.clock.wall_ms();
        !planted(Planted::IgnoresBlocks)
            && self.blocks.values().any(|block| block.until_ms > wall_ms && concerns(block, visitor, source))
    }

    /// The blocks as they stand in the store now. Whoever is newly kept out is closed, and what they have open ends.
    pub(crate) fn blocks_set(&mut self, blocks: Vec<BlockSummary>) {
        let old = std::mem::take(&mut self.blocks);
        self.blocks = blocks.into_iter().map(|block| (block.block, block)).collect();
        let new: Vec<_> = self.blocks.values().filter(|block| !old.contains_key(&block.block)).cloned().collect();
        let wall_ms = self.clock.wall_ms();
        for block in new.iter().filter(|block| block.until_ms > wall_ms) {
            self.keep_out(block);
        }
    }

    fn keep_out(&mut self, block: &BlockSummary) {
        if planted(Planted::IgnoresBlocks) {
            return;
        }
        let out: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, line)| match &line.side {
                Side::Visitor { visitor, source, .. } => concerns(block, *visitor, *source),
                Side::Agent(_) => false,
            })
            .map(|(id, _)| *id)
            .collect();
        for connection in out {
            self.close(connection, Close::Blocked);
        }
        let left: VecDeque<_> = match (block.visitor, block.tag, block.scope) {
            (Some(visitor), ..) => self.open_of_visitor(visitor),
            (None, tag, BlockScope::Address) => self.open_of(Source { address: tag, network: None }).collect(),
            (None, tag, _) => self.open_of(Source { address: None, network: tag }).collect(),
        };
        if !left.is_empty() {
            self.endings.wish(None, Author::System, left);
            self.end_some();
        }
    }

    /// A supervisor keeps somebody out.
    pub(crate) fn block_asked(
        &mut self,
        (connection, agent): (ConnectionId, AgentId),
        id: ConversationId,
        scope: BlockScope,
        for_ms: u64,
        reason: &str,
    ) {
        let subject = about(id);
        if self.role_of(agent) < Role::Supervisor {
            return self.refuse(connection, subject, Refusal::NotAllowed);
        }
        let reason = reason.trim();
        if for_ms == 0
            || for_ms > BLOCK_MS_MAX
            || reason.chars().count() > BLOCK_REASON_CHARS_MAX
            || reason.contains('\0')
        {
            return self.refuse(connection, subject, Refusal::Malformed);
        }
        if self.blocks.len() >= BLOCKS_MAX {
            return self.refuse(connection, subject, Refusal::Busy);
        }
        let Some(live) = self.conversations.get(&id) else {
            return self.refuse(connection, subject, Refusal::NotFound);
        };
        let known = &live.conversation;
        let (visitor, tag) = match scope {
            BlockScope::Visitor => (Some(known.visitor), None),
            BlockScope::Address => (None, known.address),
            BlockScope::Network => (None, known.network),
        };
        if visitor.is_none() && tag.is_none() {
            // An older log: nothing is known of where they came from.
            return self.refuse(connection, subject, Refusal::NotFound);
        }
        let since_ms = self.clock.wall_ms();
        let block = BlockSummary {
            block: BlockId(self.ids.message(self.now_ms).0),
            scope,
            visitor,
            tag,
            reason: reason.to_owned(),
            by: Some(agent),
            since_ms,
            until_ms: since_ms.saturating_add(for_ms),
        };
        self.outputs.push_back(Output::Block { connection, block });
    }

    /// A supervisor undoes a block.
    pub(crate) fn unblock_asked(&mut self, connection: ConnectionId, agent: AgentId, block: BlockId) {
        let refusal = match self.blocks.contains_key(&block) {
            _ if self.role_of(agent) < Role::Supervisor => Refusal::NotAllowed,
            false => Refusal::NotFound,
            true => return self.outputs.push_back(Output::Unblock { connection, block }),
        };
        self.refuse(connection, Subject::Connection, refusal);
    }

    /// The shell has changed the blocks for somebody (`blocks_set` came before), or could not; or they only asked.
    pub(crate) fn tell_blocks(&mut self, connection: ConnectionId, result: Result<(), Refusal>) {
        let Some(Side::Agent(agent)) = self.connections.get(&connection).map(|line| &line.side) else { return };
        let may = if self.role_of(*agent) < Role::Supervisor { Err(Refusal::NotAllowed) } else { Ok(()) };
        if let Err(refusal) = result.and(may) {
            return self.refuse(connection, Subject::Connection, refusal);
        }
        let wall_ms = self.clock.wall_ms();
        let mut blocks: Vec<_> = self.blocks.values().filter(|block| block.until_ms > wall_ms).cloned().collect();
        blocks.sort_by_key(|block| std::cmp::Reverse((block.since_ms, block.block)));
        self.send_one(connection, ServerFrame::Blocks { blocks });
    }
}

/// Whether a block is about somebody: a visitor, or whoever comes from there.
#[must_use]
pub fn concerns(block: &BlockSummary, visitor: Option<VisitorId>, source: Source) -> bool {
    match block.scope {
        BlockScope::Visitor => block.visitor.is_some() && block.visitor == visitor,
        BlockScope::Address => block.tag.is_some() && block.tag == source.address,
        BlockScope::Network => block.tag.is_some() && block.tag == source.network,
    }
}
