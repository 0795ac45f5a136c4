//! Ends many conversations, in steps, so that nobody else waits long for the store.

use std::collections::{BTreeMap, VecDeque};

use relay_settings::{Reach, Right};
use wire::limit::END_MANY_MAX;
use wire::{
    AgentId, Author, BlockScope, BlockSummary, Body, ConversationId, Many, Refusal, ServerFrame, Subject, VisitorId,
};

use super::{Conversations, Live};
use crate::append::{Append, AppendError, NewBody};
use crate::conversation::Conversation;
use crate::input::{ConnectionId, Source};
use crate::news::Audience;
use crate::request::Pending;
use crate::rights::Rights;
use crate::step::{RETRY_MS, Step, Timer};
use crate::view::Person;

/// Appends of all batches that wait for the store at the same time.
const AT_ONCE_MAX: usize = 32;
/// Batches that are carried out one after the other; more are refused as busy.
const BATCHES_MAX: usize = 16;
/// Progress is sent after this many.
const TELL_EVERY: u32 = 100;

/// The conversations of one request that are to end.
#[derive(Debug)]
struct Batch {
    /// Its number, by which answers of the store find it.
    number: u64,
    asker: Option<ConnectionId>,
    author: Author,
    left: VecDeque<ConversationId>,
    ended: u32,
    on_way: u32,
}

/// Every batch that is not done.
#[derive(Debug, Default)]
pub(super) struct Endings {
    batches: VecDeque<Batch>,
    paused: bool,
    /// The number of the last batch.
    last: u64,
}

impl Endings {
    fn add(&mut self, asker: Option<ConnectionId>, author: Author, left: VecDeque<ConversationId>) {
        self.last += 1;
        self.batches.push_back(Batch { number: self.last, asker, author, left, ended: 0, on_way: 0 });
    }
}

impl Conversations {
    /// An agent ends many, of those that its rights reach. `person` is the visitor of the conversation by which a network is named.
    pub(crate) fn end_many(
        &mut self,
        connection: ConnectionId,
        (author, agent, rights): (Author, AgentId, &Rights),
        (many, person): (Many, Option<Person>),
        step: &mut Step,
    ) {
        let too_many = matches!(&many, Many::Listed { conversations } if conversations.len() > END_MANY_MAX);
        let refusal = if too_many {
            Some(Refusal::Malformed)
        } else if self.endings.batches.len() >= BATCHES_MAX {
            Some(Refusal::Busy)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return step.refuse(connection, Subject::Connection, refusal);
        }
        let left: VecDeque<_> = match many {
            // What is not in memory is decided by the store.
            Many::Listed { conversations } => {
                conversations.into_iter().filter(|id| !has_ended(&self.live, *id)).collect()
            }
            Many::OfNetwork { .. } => match person {
                Some(person) if person.source.network.is_some() => {
                    self.open_from(Source { address: None, ..person.source }).collect()
                }
                // A visitor without a tag counts as a network of their own.
                Some(person) => self.open_of(person.visitor),
                None => VecDeque::new(),
            },
            Many::Found { view, find } => self.found((view, &find), rights).map(|(_, id)| id).collect(),
        };
        let left = left.into_iter().filter(|id| self.may_end_many(*id, agent, rights)).collect();
        self.endings.add(Some(connection), author, left);
        self.end_some(step);
    }

    /// Whether a conversation may be among many that an agent ends. What is not in memory may be of any site.
    fn may_end_many(&self, id: ConversationId, agent: AgentId, rights: &Rights) -> bool {
        let Some(live) = self.live.get(&id) else { return rights.sites(Right::ConversationEndMany) == Reach::All };
        let site = &live.conversation.site;
        let free = live.holder().is_none_or(|holder| holder == agent);
        rights.in_site(Right::ConversationEndMany, site) && (free || rights.in_site(Right::ConversationEndAny, site))
    }

    /// Somebody is newly blocked: what they have open ends.
    pub(crate) fn end_blocked(&mut self, block: &BlockSummary, step: &mut Step) {
        let left: VecDeque<_> = match (block.visitor, block.tag, block.scope) {
            (Some(visitor), ..) => self.open_of(visitor),
            (None, tag, BlockScope::Address) => self.open_from(Source { address: tag, network: None }).collect(),
            (None, tag, BlockScope::Network | BlockScope::Visitor) => {
                self.open_from(Source { address: None, network: tag }).collect()
            }
            (None, _, BlockScope::Other) => VecDeque::new(),
        };
        self.end_by_relay(left, step);
    }

    /// A visitor is to be erased: what they have open ends.
    pub(crate) fn end_all_of(&mut self, visitor: VisitorId, step: &mut Step) {
        self.end_by_relay(self.open_of(visitor), step);
    }

    fn end_by_relay(&mut self, left: VecDeque<ConversationId>, step: &mut Step) {
        if !left.is_empty() {
            self.endings.add(None, Author::System, left);
            self.end_some(step);
        }
    }

    /// Something that an ended conversation held was erased in the store, which knows it like this now.
    pub(crate) fn erased(&mut self, read: Conversation) {
        if let Some(live) = self.live.get_mut(&read.id).filter(|live| live.conversation.closed()) {
            let known = &mut live.conversation;
            (known.last_line, known.language, known.erased) = (read.last_line, read.language, true);
        }
    }

    /// Open conversations from an address, or from a network when no address is given.
    fn open_from(&self, source: Source) -> impl Iterator<Item = ConversationId> {
        let open = self.live.values().map(|live| &live.conversation).filter(|known| !known.closed());
        let there = open.filter(move |known| match source.address {
            Some(tag) => known.address == Some(tag),
            None => source.network.is_some() && known.network == source.network,
        });
        there.map(|known| known.id)
    }

    fn open_of(&self, visitor: VisitorId) -> VecDeque<ConversationId> {
        self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open).copied().collect()
    }

    /// Takes the next steps.
    fn end_some(&mut self, step: &mut Step) {
        let mut room = AT_ONCE_MAX.saturating_sub(self.endings.batches.iter().map(|batch| batch.on_way as usize).sum());
        let mut news = Vec::new();
        while room > 0 && !self.endings.paused {
            let Some(batch) = self.endings.batches.iter_mut().find(|batch| !batch.left.is_empty()) else { break };
            let Some(id) = batch.left.pop_front() else { break };
            let author = batch.author.clone();
            let number = batch.number;
            if has_ended(&self.live, id) {
                batch.ended += 1;
                continue;
            }
            batch.on_way += 1;
            room -= 1;
            let new_event = step.new_event(author, NewBody::Ready(Body::Closed));
            step.append(Pending::Ending(number, id), Append::new(id, vec![new_event]));
        }
        self.endings.batches.retain(|batch| {
            let done = batch.left.is_empty() && batch.on_way == 0;
            if done {
                news.extend(batch.asker.map(|asker| (asker, batch.ended, 0)));
            }
            !done
        });
        for (asker, ended, left) in news {
            step.send(Audience::One(asker), ServerFrame::Ending { ended, left });
        }
    }

    /// One end was recorded, or failed.
    pub(crate) fn ended(&mut self, number: u64, id: ConversationId, error: Option<AppendError>, step: &mut Step) {
        let mut news = None;
        if let Some(batch) = self.endings.batches.iter_mut().find(|batch| batch.number == number) {
            let asker = batch.asker;
            batch.on_way -= 1;
            match error {
                Some(AppendError::Busy | AppendError::Down | AppendError::DiskFull) => {
                    batch.left.push_front(id);
                    self.endings.paused = true;
                    step.wake_in(RETRY_MS, Timer::Endings);
                }
                // There is none.
                Some(AppendError::NotFound) => {}
                _ => {
                    batch.ended += 1;
                    if batch.ended % TELL_EVERY == 0 {
                        let left = u32::try_from(batch.left.len()).unwrap_or(u32::MAX).saturating_add(batch.on_way);
                        news = asker.filter(|_| left > 0).map(|asker| (asker, batch.ended, left));
                    }
                }
            }
        }
        if let Some((asker, ended, left)) = news {
            step.send(Audience::One(asker), ServerFrame::Ending { ended, left });
        }
        self.end_some(step);
    }

    /// The store may have room again: goes on.
    pub(crate) fn end_again(&mut self, step: &mut Step) {
        self.endings.paused = false;
        self.end_some(step);
    }
}

/// Whether memory knows that a conversation has ended.
fn has_ended(live: &BTreeMap<ConversationId, Box<Live>>, id: ConversationId) -> bool {
    live.get(&id).is_some_and(|live| live.conversation.closed())
}
