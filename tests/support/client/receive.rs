//! What a client does by itself: connect again, send what waits, take each frame.

use std::time::{Duration, Instant};

use wire::{
    ClientFrame, Close, ConversationState, ConversationSummary, Cursor, Event, Follow, Hello, Lane, PageContext,
    Refusal, Seq, ServerFrame, SessionStart, Subject,
};

use super::{Client, READ_WAIT, Side};
use crate::judge::LaneOf;
use crate::raw_socket::RawSocket;

/// The pause between two attempts to connect.
const DIAL_PAUSE: Duration = Duration::from_millis(60);
/// How long a draft waits for its event before it is sent again on the same connection.
const ACKNOWLEDGE_WAIT: Duration = Duration::from_secs(10);
/// The pause after a refusal that passes.
const REFUSED_PAUSE: Duration = Duration::from_millis(250);
/// A quiet connection is pinged …
const PING_AFTER: Duration = Duration::from_secs(2);
/// The same page is not asked for again sooner.
const ASK_PAUSE: Duration = Duration::from_secs(1);

impl Client {
    pub(super) fn lanes_to_have(&self) -> Vec<LaneOf> {
        let lanes: &[Lane] = match self.side {
            Side::Visitor { .. } => &[Lane::Shared],
            Side::Agent { .. } => &[Lane::Shared, Lane::Staff],
        };
        self.known().into_iter().flat_map(|conversation| lanes.iter().map(move |lane| (conversation, *lane))).collect()
    }

    pub(super) fn dial(&mut self) -> bool {
        if Instant::now() < self.dial_after {
            return false;
        }
        self.dial_after = Instant::now() + DIAL_PAUSE;
        let mut headers = vec![("origin", self.door.origin.as_str())];
        if let Side::Agent { cookie, .. } = &self.side {
            headers.push(("cookie", cookie));
        }
        let Ok(mut socket) = RawSocket::dial(self.door.port, &headers, self.door.silence_max) else {
            self.unreached += 1;
            return false;
        };
        socket.set_read_wait(READ_WAIT);
        if !socket.try_send(&self.hello()) {
            return false;
        }
        self.socket = Some(socket);
        self.last_frame_at = Instant::now();
        self.pinged = self.last_frame_at;
        true
    }

    fn hello(&self) -> ClientFrame {
        let hello = match &self.side {
            Side::Visitor { token } => {
                let page = PageContext { url: "http://localhost/".into(), language: "en".into(), ..Default::default() };
                Hello::Visitor { site: "demo".parse().expect("a site id"), token: token.clone(), page }
            }
            Side::Agent { .. } => Hello::Agent { state: None },
        };
        let of = |id, lane| self.lane(id, lane).last().map_or(Seq::ZERO, |event| event.seq);
        let to_follow = match &self.side {
            Side::Visitor { .. } => self.known().into_iter().filter(|id| !self.ended(*id)).collect(),
            Side::Agent { .. } => self.followed.clone(),
        };
        let follow = to_follow.into_iter().map(|conversation| Follow {
            conversation,
            after: Cursor {
                shared: of(conversation, Lane::Shared),
                staff: match self.side {
                    Side::Visitor { .. } => Seq::ZERO,
                    Side::Agent { .. } => of(conversation, Lane::Staff),
                },
            },
        });
        ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow: follow.collect() }
    }

    pub(super) fn put(&mut self, frame: &ClientFrame) {
        if self.socket.as_mut().is_some_and(|socket| !socket.try_send(frame)) {
            self.lost(1006);
        }
    }

    pub(super) fn lost(&mut self, code: u16) {
        assert!(Close::come_back(code), "{}: closed for good with {code}", self.name);
        if self.socket.take().is_some() {
            self.closes.push(code);
        }
        self.ready = false;
        self.pings = 0;
        self.dial_after = Instant::now() + DIAL_PAUSE;
        self.asked.clear();
        for draft in &mut self.outbox {
            draft.sent = None;
        }
    }

    pub(super) fn quiet(&mut self) {
        if self.last_frame_at.elapsed() > self.door.silence_max {
            self.lost(1006);
        } else if self.ready && self.last_frame_at.elapsed() > PING_AFTER && self.pinged.elapsed() > PING_AFTER {
            self.ping();
        }
    }

    pub(super) fn ping(&mut self) {
        self.pinged = Instant::now();
        self.pings += 1;
        self.put(&ClientFrame::Ping);
    }

    pub(super) fn send_waiting(&mut self) {
        if !self.ready || Instant::now() < self.send_after {
            return;
        }
        let late = |sent: Instant| sent.elapsed() > ACKNOWLEDGE_WAIT;
        for index in 0..self.outbox.len().min(self.door.in_flight_max) {
            let Some(draft) = self.outbox.get_mut(index) else { return };
            if draft.sent.is_some_and(|sent| !late(sent)) {
                continue;
            }
            draft.sent = Some(Instant::now());
            let frame = draft.frame.clone();
            self.put(&frame);
            if !self.ready {
                return;
            }
        }
    }

    #[track_caller]
    pub(super) fn take(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome { session, .. } => self.welcomed(session),
            ServerFrame::Registered { token: fresh, .. } => {
                if let Side::Visitor { token } = &mut self.side {
                    *token = Some(fresh);
                }
                self.ready = true;
            }
            ServerFrame::Event { event } => self.event(event),
            ServerFrame::Events { conversation, lane, after, events, head } => {
                let lane_of = (conversation, lane);
                if self.asked.get(&lane_of).is_some_and(|(asked, _)| *asked == after) {
                    self.asked.remove(&lane_of);
                }
                for event in events {
                    self.event(event);
                }
                self.ask_if_behind((conversation, lane), head);
            }
            ServerFrame::Refused { subject, refusal } => self.refused(subject, &refusal),
            ServerFrame::Inbox { row } => self.row(row),
            ServerFrame::Pong { heads } => {
                self.pings = self.pings.saturating_sub(1);
                for known in heads {
                    self.ask_if_behind((known.conversation, Lane::Shared), known.head.shared);
                    self.ask_if_behind((known.conversation, Lane::Staff), known.head.staff);
                }
            }
            ServerFrame::Typing { .. }
            | ServerFrame::Erased { .. }
            | ServerFrame::Queue { .. }
            | ServerFrame::Answering { .. }
            | ServerFrame::Look { .. }
            | ServerFrame::Agent { .. }
            | ServerFrame::Holder { .. }
            | ServerFrame::Counts { .. }
            | ServerFrame::Open { .. }
            | ServerFrame::Ending { .. }
            | ServerFrame::Blocks { .. }
            | ServerFrame::Closed { .. }
            | ServerFrame::OfVisitor { .. } => {}
        }
    }

    fn welcomed(&mut self, session: SessionStart) {
        match session {
            SessionStart::Visitor { visitor, conversations, .. } => {
                match visitor {
                    None => self.put(&ClientFrame::Register),
                    Some(_) => self.ready = true,
                }
                for known in conversations {
                    self.ask_if_behind((known.conversation, Lane::Shared), known.head);
                }
            }
            SessionStart::Agent { me, open, .. } => {
                if let Side::Agent { id, .. } = &mut self.side {
                    *id = Some(me.id);
                }
                self.ready = true;
                self.rows.clear();
                for row in open {
                    self.row(row);
                }
            }
        }
    }

    /// An agent reads along in what it holds.
    fn row(&mut self, row: ConversationSummary) {
        let conversation = row.conversation;
        let closed = matches!(row.state, ConversationState::Closed { .. });
        self.rows.insert(conversation, row);
        if closed {
            self.rows.remove(&conversation);
            if self.followed.remove(&conversation) {
                self.put(&ClientFrame::Unfollow { conversation });
            }
        } else if self.held().contains(&conversation) && self.followed.insert(conversation) {
            let of = |lane| self.lane(conversation, lane).last().map_or(Seq::ZERO, |event| event.seq);
            let after = Cursor { shared: of(Lane::Shared), staff: of(Lane::Staff) };
            self.put(&ClientFrame::Follow { follow: Follow { conversation, after } });
        }
    }

    #[track_caller]
    fn event(&mut self, event: Event) {
        let visitor = matches!(self.side, Side::Visitor { .. });
        assert!(!(visitor && event.lane == Lane::Staff), "{}: a visitor was sent {event:?}", self.name);
        self.judge.saw(&self.name, &event);
        if let Some(index) = self.outbox.iter().position(|draft| draft.id == event.id) {
            self.outbox.remove(index);
            self.judge.acknowledged(event.id);
        }
        let lane = (event.conversation, event.lane);
        let have = self.lanes.entry(lane).or_default();
        match event.seq.0.cmp(&(have.len() as u64 + 1)) {
            std::cmp::Ordering::Equal => have.push(event),
            // Sent twice is harmless; the judge has seen that it is the same.
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Greater => self.ask(lane),
        }
    }

    fn ask_if_behind(&mut self, lane: LaneOf, head: Seq) {
        let have = self.lanes.get(&lane).map_or(0, Vec::len) as u64;
        if have < head.0 {
            self.ask(lane);
        }
    }

    pub(super) fn ask(&mut self, lane: LaneOf) {
        let lately = self.asked.get(&lane).is_some_and(|(_, at)| at.elapsed() < ASK_PAUSE);
        if self.ready && !lately {
            let after = Seq(self.lanes.get(&lane).map_or(0, Vec::len) as u64);
            self.asked.insert(lane, (after, Instant::now()));
            self.put(&ClientFrame::Fetch { conversation: lane.0, lane: lane.1, after });
        }
    }

    #[track_caller]
    fn refused(&mut self, subject: Subject, refusal: &Refusal) {
        match subject {
            Subject::Message { id, .. } => {
                if self.judge.refused(id, refusal) {
                    // It and what was written after it are sent again, a little later.
                    let from = self.outbox.iter().position(|draft| draft.id == id).unwrap_or(self.outbox.len());
                    self.outbox.iter_mut().skip(from).for_each(|draft| draft.sent = None);
                    self.send_after = Instant::now() + REFUSED_PAUSE;
                } else {
                    self.outbox.retain(|draft| draft.id != id);
                }
            }
            // A visitor who could not be registered: the connection is begun anew.
            Subject::Connection if !self.ready && refusal.retry() => self.lost(1006),
            Subject::Conversation { .. } | Subject::Connection => {}
        }
    }
}
