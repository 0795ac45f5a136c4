//! Followed conversations: their events are taken in the order of their numbers, without gaps. What is missing is fetched.

use std::collections::VecDeque;

use wire::limit::{ACKNOWLEDGE_WAIT_MS, AHEAD_EVENTS_MAX};
use wire::{ClientFrame, ConversationId, Cursor, Event, Follow, Lane, MessageId, Party, Seq};

use crate::clock::Earliest;
use crate::log::Timeline;
use crate::planted::{Planted, planted};
use crate::types::Output;

/// How much of one lane was taken.
#[derive(Debug, Default)]
pub(crate) struct LaneProgress {
    /// The number of the last event taken. All before it were taken too.
    pub(crate) last: Seq,
    /// The highest number known to exist.
    head: Seq,
    /// Events that came before the ones before them, in order.
    early: Vec<Event>,
    /// The request under way: after which number, and when it was sent.
    asked: Option<(Seq, u64)>,
    /// How many requests in a row got no answer on this connection.
    unanswered: u32,
    /// Whether the lane was ever read to its end.
    loaded: bool,
}

impl LaneProgress {
    /// Takes an event. Gives it back when it is the next one; keeps it, within bounds, when it is early; drops it when it is old.
    pub(crate) fn offer(&mut self, event: Event) -> Option<Event> {
        let seq = event.seq;
        if seq <= self.last {
            return (seq == self.last && planted(Planted::AppliesTwice)).then_some(event);
        }
        self.raise_head(seq);
        if planted(Planted::TakesGaps) {
            self.last = seq;
            return Some(event);
        }
        if seq == self.last.next() {
            self.last = seq;
            return Some(event);
        }
        let at = self.early.iter().rposition(|early| early.seq <= seq).map_or(0, |before| before + 1);
        if at > 0 && self.early[at - 1].seq == seq {
            return None;
        }
        // Where there is no room for it, it is fetched later like anything else that is missing: the head is known.
        if at < AHEAD_EVENTS_MAX {
            self.early.truncate(AHEAD_EVENTS_MAX - 1);
            self.early.insert(at, event);
        }
        None
    }

    /// The next event, if it is among the early ones.
    pub(crate) fn ready(&mut self) -> Option<Event> {
        let old = self.early.iter().take_while(|early| early.seq <= self.last).count();
        self.early.drain(..old);
        if self.early.first()?.seq != self.last.next() {
            return None;
        }
        self.last = self.last.next();
        Some(self.early.remove(0))
    }

    /// The lane is known to reach this number.
    pub(crate) fn raise_head(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// A page was taken that began after a number. Whether the lane was read to its end.
    fn answered(&mut self, after: Seq, head: Seq) -> bool {
        self.raise_head(head);
        if self.asked.is_none_or(|(asked, _)| asked != after) {
            return false;
        }
        self.asked = None;
        self.unanswered = 0;
        if after == self.last {
            // The page was empty, so the known head was wrong. Asking again at once would never end; the next pong has the true head.
            self.head = self.last;
        }
        let end = self.last >= self.head;
        self.loaded |= end;
        end
    }

    fn behind(&self) -> bool {
        self.last < self.head || !self.loaded
    }

    /// Marks that everything after the last number was asked for.
    const fn ask(&mut self, now_ms: u64) {
        self.asked = Some((self.last, now_ms));
    }

    /// When the request under way counts as lost. The wait doubles with each lost request, up to half an hour: an answer that cannot be
    /// read would else be asked for without end.
    fn late_ms(&self) -> Option<u64> {
        let wait_ms = ACKNOWLEDGE_WAIT_MS << self.unanswered.min(7);
        self.asked.map(|(_, since_ms)| since_ms.saturating_add(wait_ms))
    }
}

/// A relay refused a draft because the conversation had ended, but the log that was read has no such end. It is read again after this wait:
/// the relay that refused may have known more than the one that answered.
const CHECK_AGAIN_MS: u64 = 1_000;

/// Whether the log is read to find out if drafts were recorded before their conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndCheck {
    No,
    /// It is read until the conversation's end is in the timeline. Then all that was recorded before the end is there too.
    Wanted,
    /// The relay does not have the conversation.
    Absent,
}

/// An event that is in the timeline now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) id: MessageId,
    pub(crate) seq: Seq,
    pub(crate) party: Option<Party>,
    /// Whether it is a message of the other side that has just come.
    pub(crate) arrived: bool,
}

impl Taken {
    pub(crate) const fn of(event: &Event) -> Self {
        Self { id: event.id, seq: event.seq, party: event.author.party(), arrived: false }
    }
}

/// A followed conversation.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) timeline: Timeline,
    pub(crate) shared: LaneProgress,
    staff: LaneProgress,
    /// Whether the relay has it, as far as is known here. A new conversation begins in the client.
    pub(crate) known: bool,
    /// Whether the relay knows, on this connection, that it is followed.
    pub(crate) followed: bool,
    /// The relay said that it ended, even if the event has not come.
    pub(crate) ended: bool,
    pub(crate) end_check: EndCheck,
    /// Nothing is asked before this time.
    again_ms: u64,
    /// Counts up with each showing; the least recently shown one is dropped first.
    pub(crate) used: u64,
    /// The revision of the timeline that the visitor's list was last made from.
    pub(crate) listed: u64,
}

impl Followed {
    pub(crate) fn new(conversation: ConversationId, own: Party, known: bool) -> Self {
        Self {
            timeline: Timeline::new(conversation, own, known),
            shared: LaneProgress::default(),
            staff: LaneProgress { loaded: own == Party::Visitor, ..LaneProgress::default() },
            known,
            followed: false,
            ended: false,
            end_check: EndCheck::No,
            again_ms: 0,
            used: 0,
            listed: 0,
        }
    }

    pub(crate) const fn conversation(&self) -> ConversationId {
        self.timeline.conversation()
    }

    /// What to ask for with hello or follow; marks it as asked for.
    pub(crate) fn ask_all(&mut self, now_ms: u64) -> Follow {
        self.followed = true;
        self.shared.ask(now_ms);
        self.staff.ask(now_ms);
        let after = Cursor { shared: self.shared.last, staff: self.staff.last };
        Follow { conversation: self.conversation(), after }
    }

    /// Takes an event and the early ones that come after it. Adds to `taken` each that is in the timeline now.
    pub(crate) fn take(&mut self, event: Event, taken: &mut Vec<Taken>) {
        // What comes with the first load is not new to the person.
        let news = self.shared.loaded;
        self.known = true;
        let lane = event.lane;
        if event.seq <= self.lane(lane).last && !planted(Planted::AppliesTwice) {
            taken.push(Taken::of(&event));
            return;
        }
        let mut next = self.lane(lane).offer(event);
        while let Some(event) = next {
            let mut one = Taken::of(&event);
            one.arrived = self.timeline.apply(event) && news;
            taken.push(one);
            next = self.lane(lane).ready();
        }
    }

    /// A page was taken.
    pub(crate) fn answered(&mut self, lane: Lane, after: Seq, head: Seq, now_ms: u64) {
        if self.lane(lane).answered(after, head) && lane == Lane::Shared {
            if self.is_checking() {
                self.again_ms = now_ms.saturating_add(CHECK_AGAIN_MS);
            }
            if self.timeline.loading {
                self.timeline.loading = false;
                self.timeline.touch();
            }
        }
    }

    /// A pong came with the heads of both lanes.
    pub(crate) fn raise_heads(&mut self, head: Cursor) {
        self.shared.raise_head(head.shared);
        self.staff.raise_head(head.staff);
    }

    /// The relay refused a question about this conversation: ask again after `again_ms`, or never on this connection.
    pub(crate) fn refused(&mut self, again_ms: Option<u64>) {
        for log in [&mut self.shared, &mut self.staff] {
            log.asked = None;
            if again_ms.is_none() {
                log.loaded = true;
                log.head = log.last;
            }
        }
        if let Some(again_ms) = again_ms {
            // With the first page the follow itself was refused: ask for both again.
            self.followed = false;
            self.again_ms = again_ms;
            return;
        }
        if self.is_checking() {
            self.end_check = EndCheck::Absent;
        }
        self.timeline.loading = false;
        self.timeline.touch();
    }

    /// The relay does not list this among the followed conversations. Not so while a request is under way: the relay may still be reading.
    pub(crate) fn forgotten(&mut self) {
        if self.shared.asked.is_none() {
            self.followed = false;
        }
    }

    /// Begins to find out what was recorded before the conversation ended.
    pub(crate) const fn check_end(&mut self) {
        self.known = true;
        self.ended = true;
        self.end_check = EndCheck::Wanted;
    }

    const fn is_checking(&self) -> bool {
        matches!(self.end_check, EndCheck::Wanted) && !self.timeline.closed()
    }

    /// Whether it has just become certain what was recorded before the end. True once for each check.
    pub(crate) fn take_checked(&mut self) -> bool {
        let proven = self.end_check != EndCheck::No && !self.is_checking();
        if proven {
            self.end_check = EndCheck::No;
        }
        proven
    }

    /// Drops all that was taken. It is asked for again.
    pub(crate) fn begin_anew(&mut self) {
        self.timeline.begin_anew();
        self.shared = LaneProgress::default();
        self.staff =
            LaneProgress { loaded: self.staff.loaded && self.staff.last == Seq::ZERO, ..LaneProgress::default() };
        self.followed = false;
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        self.followed = false;
        self.again_ms = 0;
        for log in [&mut self.shared, &mut self.staff] {
            log.asked = None;
            log.unanswered = 0;
        }
        self.timeline.set_seen_reported(Seq::ZERO);
    }

    /// Asks for what is missing.
    pub(crate) fn pump(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        if !self.known || self.again_ms > now_ms {
            return;
        }
        if !self.followed {
            let follow = self.ask_all(now_ms);
            out.push_back(Output::Transmit(ClientFrame::Follow { follow }));
            return;
        }
        let conversation = self.conversation();
        let proof = self.is_checking();
        for (lane, log, wanted) in [(Lane::Shared, &mut self.shared, proof), (Lane::Staff, &mut self.staff, false)] {
            if log.late_ms().is_some_and(|late_ms| late_ms <= now_ms) {
                log.asked = None;
                log.unanswered += 1;
            }
            if log.asked.is_none() && (log.behind() || wanted) {
                log.ask(now_ms);
                out.push_back(Output::Transmit(ClientFrame::Fetch { conversation, lane, after: log.last }));
            }
        }
    }

    pub(crate) fn timeout(&self, earliest: &mut Earliest) {
        earliest.add(self.again_ms);
        for log in [&self.shared, &self.staff] {
            earliest.add(log.late_ms().unwrap_or(0));
        }
    }

    const fn lane(&mut self, lane: Lane) -> &mut LaneProgress {
        match lane {
            Lane::Shared => &mut self.shared,
            Lane::Staff => &mut self.staff,
        }
    }
}

#[cfg(test)]
mod tests;
