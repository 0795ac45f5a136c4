//! The lines that visitors stand in: one for each site, ordered by turn.

use std::collections::{BTreeMap, BTreeSet};

use wire::{ConversationId, ConversationState, ServerFrame, SiteId, VisitorId};

use crate::Core;
use crate::input::ConnectionId;
use crate::timer::Timer;

/// Up to this length every move of a line is told at once; a longer one is told at most every [`TELL_EVERY_MS`],
/// because each move concerns everybody in it.
const TELL_AT_ONCE_MAX: usize = 50;
/// How often a long line is told.
const TELL_EVERY_MS: u64 = 1_000;

/// Who waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Everybody, over all sites: who is served next.
    all: BTreeSet<(u64, ConversationId)>,
    /// Each site's own line.
    lines: BTreeMap<SiteId, Line>,
    /// Lines that moved since they were told.
    moved: BTreeSet<SiteId>,
}

#[derive(Debug, Default)]
struct Line {
    /// Who stands in it, with the place and length they were last told.
    places: BTreeMap<(u64, ConversationId), (u32, u32)>,
    /// When it was last told.
    told_at_ms: u64,
}

impl Queue {
    /// How many wait, over all sites.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Everybody, the next first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ConversationId> {
        self.all.iter().map(|(_, conversation)| *conversation)
    }

    /// Somebody joins.
    pub(crate) fn insert(&mut self, site: SiteId, turn: u64, conversation: ConversationId) {
        self.all.insert((turn, conversation));
        self.lines.entry(site.clone()).or_default().places.insert((turn, conversation), (0, 0));
        self.moved.insert(site);
    }

    /// Somebody leaves.
    pub(crate) fn remove(&mut self, site: &SiteId, turn: u64, conversation: ConversationId) {
        self.all.remove(&(turn, conversation));
        let Some(line) = self.lines.get_mut(site) else { return };
        line.places.remove(&(turn, conversation));
        if line.places.is_empty() {
            self.lines.remove(site);
            self.moved.remove(site);
        } else {
            self.moved.insert(site.clone());
        }
    }

    /// The line is to be told again, if it still is one.
    pub(crate) fn mark(&mut self, site: SiteId) {
        if self.lines.contains_key(&site) {
            self.moved.insert(site);
        }
    }

    fn place(&self, site: &SiteId, turn: u64, conversation: ConversationId) -> Option<(u32, u32)> {
        let places = &self.lines.get(site)?.places;
        let place = places.range(..=(turn, conversation)).count();
        Some((number(place), number(places.len())))
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Core {
    /// Tells everybody in the lines that moved their place, when it or the length is another one.
    pub(crate) fn tell_queue(&mut self) {
        for site in std::mem::take(&mut self.queue.moved) {
            let Some(line) = self.queue.lines.get_mut(&site) else { continue };
            let next_ms = line.told_at_ms.saturating_add(TELL_EVERY_MS);
            if line.places.len() > TELL_AT_ONCE_MAX && self.now_ms < next_ms {
                self.timers.insert((next_ms, Timer::Queue(site)));
                continue;
            }
            line.told_at_ms = self.now_ms;
            let waiting = number(line.places.len());
            let mut news = Vec::new();
            for (index, ((_, conversation), told)) in line.places.iter_mut().enumerate() {
                let place = number(index + 1);
                if *told != (place, waiting) {
                    *told = (place, waiting);
                    news.push((*conversation, place));
                }
            }
            for (conversation, place) in news {
                let to = self.visitor_connections(conversation);
                self.send(&to, ServerFrame::Queue { conversation, place, waiting });
            }
        }
    }

    /// Tells a visitor who just came their places.
    pub(crate) fn tell_places(&mut self, connection: ConnectionId, visitor: VisitorId) {
        let mut frames = Vec::new();
        for conversation in self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open) {
            let Some(live) = self.conversations.get(conversation) else { continue };
            let known = &live.conversation;
            if !matches!(known.state, ConversationState::Waiting { .. }) {
                continue;
            }
            if let Some((place, waiting)) = self.queue.place(&known.site, known.turn, known.id) {
                frames.push(ServerFrame::Queue { conversation: known.id, place, waiting });
            }
        }
        for frame in frames {
            self.send_one(connection, frame);
        }
    }
}
