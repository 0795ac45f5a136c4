//! Following conversations: numbers without gaps, what came too early, and pages of what was missed.

use std::collections::VecDeque;

use wire::limit::{ACKNOWLEDGE_WAIT_MS, AHEAD_EVENTS_MAX};
use wire::{ClientFrame, ConversationId, Cursor, Event, Follow, Lane, MessageId, Party, Seq};

use crate::clock::Earliest;
use crate::log::Timeline;
use crate::planted::{Planted, planted};
use crate::types::Output;

/// How far one lane has come.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The last number taken; all before it were taken too.
    pub(crate) last: Seq,
    /// The last number heard of.
    head: Seq,
    /// What came before its turn, in order.
    ahead: Vec<Event>,
    /// The number and the time of the request under way.
    asked: Option<(Seq, u64)>,
    /// How many requests in a row were not answered on this connection.
    unanswered: u32,
    /// Whether a request was ever answered to its end.
    loaded: bool,
}

impl Log {
    /// Takes an event: gives it back when it is the next one, keeps it (within bounds) when it is early, drops it when it is old.
    pub(crate) fn offer(&mut self, event: Event) -> Option<Event> {
        let seq = event.seq;
        if seq <= self.last {
            return (seq == self.last && planted(Planted::AppliesTwice)).then_some(event);
        }
        self.hear(seq);
        if planted(Planted::TakesGaps) {
            self.last = seq;
            return Some(event);
        }
        if seq == self.last.next() {
            self.last = seq;
            return Some(event);
        }
        let at = self.ahead.iter().rposition(|early| early.seq <= seq).map_or(0, |before| before + 1);
        if at > 0 && self.ahead[at - 1].seq == seq {
            return None;
        }
        // What finds no room is fetched like anything else that is missing: the head is known.
        if at < AHEAD_EVENTS_MAX {
            self.ahead.truncate(AHEAD_EVENTS_MAX - 1);
            self.ahead.insert(at, event);
        }
        None
    }

    /// The next event, if it came early.
    pub(crate) fn ready(&mut self) -> Option<Event> {
        let old = self.ahead.iter().take_while(|early| early.seq <= self.last).count();
        self.ahead.drain(..old);
        if self.ahead.first()?.seq != self.last.next() {
            return None;
        }
        self.last = self.last.next();
        Some(self.ahead.remove(0))
    }

    /// The lane has this number.
    pub(crate) fn hear(&mut self, head: Seq) {
        self.head = self.head.max(head);
    }

    /// A page was taken, which began after a number. Whether it was the end of what was asked for.
    fn answered(&mut self, after: Seq, head: Seq) -> bool {
        self.hear(head);
        if self.asked.is_none_or(|(asked, _)| asked != after) {
            return false;
        }
        self.asked = None;
        self.unanswered = 0;
        if after == self.last {
            // Nothing was there: whatever said that there is more was wrong, and asking again at once would never end. The next
            // pong tells.
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

    /// When a request that is under way counts as lost. An answer that cannot be read must not be asked for without end: the wait
    /// doubles up to half an hour.
    fn late_ms(&self) -> Option<u64> {
        let wait_ms = ACKNOWLEDGE_WAIT_MS << self.unanswered.min(7);
        self.asked.map(|(_, since_ms)| since_ms.saturating_add(wait_ms))
    }
}

/// A log that was read to its end and does not have the conversation's is asked for again after this: the relay that refused a draft
/// because of it may know more than the one that answered, or than it knew itself a moment before.
const PROOF_AGAIN_MS: u64 = 1_000;

/// Whether it is being looked up if drafts were recorded before their conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    No,
    /// Until the end is in the timeline: all that was recorded before it is then, too.
    Wanted,
    /// There is nothing to read.
    Absent,
}

/// An event that has its place in a timeline.
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
    pub(crate) shared: Log,
    staff: Log,
    /// Whether the relay has it, as far as is known here; a new one is only ours.
    pub(crate) known: bool,
    /// Whether the relay knows, on this connection, that it is followed.
    pub(crate) followed: bool,
    /// The relay said that it ended, whether or not the event came.
    pub(crate) ended: bool,
    pub(crate) proof: Proof,
    /// Nothing is asked before.
    again_ms: u64,
    /// When it was last shown: the least recent one makes room.
    pub(crate) used: u64,
    /// The timeline's revision that the visitor's own list shows.
    pub(crate) listed: u64,
}

impl Followed {
    pub(crate) fn new(conversation: ConversationId, own: Party, known: bool) -> Self {
        Self {
            timeline: Timeline::new(conversation, own, known),
            shared: Log::default(),
            staff: Log { loaded: own == Party::Visitor, ..Log::default() },
            known,
            followed: false,
            ended: false,
            proof: Proof::No,
            again_ms: 0,
            used: 0,
            listed: 0,
        }
    }

    pub(crate) const fn conversation(&self) -> ConversationId {
        self.timeline.conversation()
    }

    /// What is asked for with hello or follow, and that it was.
    pub(crate) fn ask_all(&mut self, now_ms: u64) -> Follow {
        self.followed = true;
        self.shared.ask(now_ms);
        self.staff.ask(now_ms);
        let after = Cursor { shared: self.shared.last, staff: self.staff.last };
        Follow { conversation: self.conversation(), after }
    }

    /// Takes an event and those that waited for it; tells of each that is in the timeline now.
    pub(crate) fn take(&mut self, event: Event, taken: &mut Vec<Taken>) {
        // What comes with the first load is no news.
        let news = self.shared.loaded;
        self.known = true;
        let lane = event.lane;
        if event.seq <= self.log(lane).last && !planted(Planted::AppliesTwice) {
            taken.push(Taken::of(&event));
            return;
        }
        let mut next = self.log(lane).offer(event);
        while let Some(event) = next {
            let mut one = Taken::of(&event);
            one.arrived = self.timeline.apply(event) && news;
            taken.push(one);
            next = self.log(lane).ready();
        }
    }

    /// A page was taken.
    pub(crate) fn answered(&mut self, lane: Lane, after: Seq, head: Seq, now_ms: u64) {
        if self.log(lane).answered(after, head) && lane == Lane::Shared {
            if self.unproven() {
                self.again_ms = now_ms.saturating_add(PROOF_AGAIN_MS);
            }
            if self.timeline.loading {
                self.timeline.loading = false;
                self.timeline.touch();
            }
        }
    }

    /// A pong's numbers.
    pub(crate) fn hear(&mut self, head: Cursor) {
        self.shared.hear(head.shared);
        self.staff.hear(head.staff);
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
            // A refused page of a fresh follow is no follow either: ask for both again.
            self.followed = false;
            self.again_ms = again_ms;
            return;
        }
        if self.unproven() {
            self.proof = Proof::Absent;
        }
        self.timeline.loading = false;
        self.timeline.touch();
    }

    /// The relay does not count this among what is followed. It may not have read it yet, when that is still under way.
    pub(crate) fn forgotten(&mut self) {
        if self.shared.asked.is_none() {
            self.followed = false;
        }
    }

    /// Wants to know what was recorded.
    pub(crate) const fn prove(&mut self) {
        self.known = true;
        self.ended = true;
        self.proof = Proof::Wanted;
    }

    const fn unproven(&self) -> bool {
        matches!(self.proof, Proof::Wanted) && !self.timeline.closed()
    }

    /// Whether it is certain now what was recorded, as somebody wanted to know; told once.
    pub(crate) fn take_proof(&mut self) -> bool {
        let proven = self.proof != Proof::No && !self.unproven();
        if proven {
            self.proof = Proof::No;
        }
        proven
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        self.followed = false;
        self.again_ms = 0;
        for log in [&mut self.shared, &mut self.staff] {
            log.asked = None;
            log.unanswered = 0;
        }
        self.timeline.set_seen_said(Seq::ZERO);
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
        let proof = self.unproven();
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

    const fn log(&mut self, lane: Lane) -> &mut Log {
        match lane {
            Lane::Shared => &mut self.shared,
            Lane::Staff => &mut self.staff,
        }
    }
}

#[cfg(test)]
mod tests;
