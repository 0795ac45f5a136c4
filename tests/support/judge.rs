//! The judge of a torture: keeps what every participant saw and what was acknowledged, and holds the relay's log against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use wire::{Body, ConversationId, ConversationState, Event, Lane, MessageId, Refusal, Seq, VisitorPresence};

use crate::feed::check_feed;
use crate::raw_socket::RawSocket;
use crate::relay::Relay;

/// One lane of one conversation.
pub type LaneOf = (ConversationId, Lane);
/// Every lane, in order.
pub type Log = BTreeMap<LaneOf, Vec<Event>>;

/// Pages asked for on one line before the judge takes another: below the burst that a line may send.
const PAGES_PER_LINE: usize = 50;

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Acknowledged,
    Refused,
}

#[derive(Debug)]
struct Sent {
    author: String,
    /// Its number among all that this author wrote.
    number: u64,
    conversation: ConversationId,
    fate: Fate,
    begun: Instant,
}

/// One acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    /// Of which message.
    pub id: MessageId,
    /// When it was read from the connection.
    pub at: Instant,
    /// The same by the wall clock.
    pub wall: SystemTime,
    /// How long it took from the first sending.
    pub took: Duration,
}

#[derive(Debug, Default)]
struct Kept {
    seen: BTreeMap<LaneOf, BTreeMap<Seq, Event>>,
    sent: BTreeMap<MessageId, Sent>,
    acknowledged: Vec<Acknowledged>,
    /// Authors who were told to try again later: their drafts may stand in another order than they wrote them.
    put_off: BTreeSet<String>,
    refusals: BTreeMap<String, u64>,
}

/// Shared by all participants of one torture.
#[derive(Debug, Default)]
pub struct Judge(Mutex<Kept>);

/// What a verdict was about, for the words at the end of a torture.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Lanes read.
    pub lanes: usize,
    /// Events in them.
    pub events: usize,
    /// Messages, notes and endings that their authors saw acknowledged.
    pub acknowledged: usize,
    /// Those that were refused for good.
    pub refused: usize,
}

impl Judge {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is kept is whole after a panic elsewhere; that panic is the news.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody wrote something and will send it until its fate is known.
    pub(crate) fn wrote(&self, author: &str, number: u64, conversation: ConversationId, id: MessageId) {
        let sent = Sent { author: author.to_owned(), number, conversation, fate: Fate::Open, begun: Instant::now() };
        assert!(self.kept().sent.insert(id, sent).is_none(), "{author} used the id {id} twice");
    }

    /// Somebody read an event off a line. Whoever else saw this number saw the same.
    #[track_caller]
    pub(crate) fn saw(&self, who: &str, event: &Event) {
        let mut kept = self.kept();
        let lane = kept.seen.entry((event.conversation, event.lane)).or_default();
        let known = lane.entry(event.seq).or_insert_with(|| event.clone());
        assert!(known == event, "{who} saw {event:?} where another saw {known:?}");
    }

    /// The author saw its own event.
    pub(crate) fn acknowledged(&self, id: MessageId) {
        let mut kept = self.kept();
        let Some(sent) = kept.sent.get_mut(&id) else { return };
        if sent.fate == Fate::Open {
            sent.fate = Fate::Acknowledged;
            let took = sent.begun.elapsed();
            kept.acknowledged.push(Acknowledged { id, at: Instant::now(), wall: SystemTime::now(), took });
        }
    }

    /// The author was refused; whether it should try again.
    #[track_caller]
    pub(crate) fn refused(&self, id: MessageId, refusal: &Refusal) -> bool {
        let mut kept = self.kept();
        let name = format!("{refusal:?}").split(' ').next().unwrap_or_default().to_owned();
        *kept.refusals.entry(name).or_default() += 1;
        let Some(sent) = kept.sent.get_mut(&id) else { panic!("refused what nobody wrote: {refusal:?}") };
        if refusal.retry() {
            let author = sent.author.clone();
            kept.put_off.insert(author);
            return true;
        }
        assert!(
            matches!(refusal, Refusal::Ended | Refusal::Taken | Refusal::NotAllowed),
            "{} was refused with {refusal:?}",
            sent.author
        );
        // A copy of what was acknowledged may be refused: it came after the end.
        if sent.fate == Fate::Open {
            sent.fate = Fate::Refused;
        }
        false
    }

    /// All acknowledgements so far, in order.
    #[must_use]
    pub fn acknowledgements(&self) -> Vec<Acknowledged> {
        self.kept().acknowledged.clone()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept().acknowledged.len()
    }

    /// How often something was refused, by reason.
    #[must_use]
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.kept().refusals.clone()
    }

    /// Every conversation that anybody wrote in.
    #[must_use]
    pub fn conversations(&self) -> BTreeSet<ConversationId> {
        let kept = self.kept();
        kept.sent.values().filter(|sent| sent.fate == Fate::Acknowledged).map(|sent| sent.conversation).collect()
    }

    /// Reads both lanes of every conversation that anybody wrote in, from the first event on, as an agent with this cookie.
    #[track_caller]
    #[must_use]
    pub fn read(&self, relay: &Relay, cookie: &str) -> Log {
        let mut log = Log::new();
        let all: Vec<_> = self.conversations().into_iter().collect();
        for part in all.chunks(PAGES_PER_LINE / 2) {
            let mut line = RawSocket::onlooker(relay, cookie);
            for conversation in part {
                for lane in [Lane::Shared, Lane::Staff] {
                    log.insert((*conversation, lane), line.read_lane(*conversation, lane));
                }
            }
        }
        log
    }

    /// Holds the log against everything that was seen and acknowledged.
    ///
    /// # Panics
    /// With every broken promise.
    #[track_caller]
    #[must_use]
    pub fn verdict(&self, log: &Log) -> Verdict {
        let kept = self.kept();
        let mut wrong = Vec::new();
        let mut found: BTreeMap<MessageId, usize> = BTreeMap::new();
        let mut turns = BTreeSet::new();
        for ((conversation, lane), events) in log {
            for (index, event) in events.iter().enumerate() {
                if event.seq.0 != index as u64 + 1 {
                    wrong.push(format!("{conversation} {lane:?}: {} stands at {} in its lane", event.seq.0, index + 1));
                }
                *found.entry(event.id).or_default() += 1;
                if let Body::Turn { turn, .. } = event.body
                    && !turns.insert(turn)
                {
                    wrong.push(format!("{conversation}: the turn {turn} was given twice"));
                }
            }
            wrong.extend(disorder(&kept, events));
        }
        for ((conversation, lane), events) in &kept.seen {
            let stored = log.get(&(*conversation, *lane)).map(Vec::as_slice).unwrap_or_default();
            for (seq, event) in events {
                let at = usize::try_from(seq.0).unwrap_or(usize::MAX).wrapping_sub(1);
                if stored.get(at) != Some(event) {
                    wrong.push(format!("somebody saw {event:?}; stored there: {:?}", stored.get(at)));
                }
            }
        }
        for (id, sent) in &kept.sent {
            let count = found.get(id).copied().unwrap_or(0);
            let right = match sent.fate {
                Fate::Acknowledged => count == 1,
                Fate::Refused => count == 0,
                Fate::Open => count <= 1,
            };
            if !right {
                wrong.push(format!("{} number {}: {:?}, stored {count} times", sent.author, sent.number, sent.fate));
            }
        }
        wrong.truncate(20);
        assert!(wrong.is_empty(), "the relay broke its word:\n{}", wrong.join("\n"));
        let with = |fate| kept.sent.values().filter(|sent| sent.fate == fate).count();
        Verdict {
            lanes: log.len(),
            events: log.values().map(Vec::len).sum(),
            acknowledged: with(Fate::Acknowledged),
            refused: with(Fate::Refused),
        }
    }
}

/// Drafts of one author that stand in another order than they were written.
fn disorder(kept: &Kept, events: &[Event]) -> Vec<String> {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for event in events {
        let Some(sent) = kept.sent.get(&event.id) else { continue };
        let before = last.insert(&sent.author, sent.number);
        if before.is_some_and(|before| before > sent.number) && !kept.put_off.contains(&sent.author) {
            wrong.push(format!("{}: number {} was recorded after {before:?}", sent.author, sent.number));
        }
    }
    wrong
}

/// Compares the queue of waiting visitors, as a new console is shown it, with the log: everybody who waits is in it, in
/// the order of the turns that the log keeps. Gives how many wait.
///
/// # Panics
/// When somebody was forgotten or overtaken.
#[track_caller]
#[must_use]
pub fn check_queue(relay: &Relay, cookie: &str, log: &Log) -> usize {
    let line = RawSocket::onlooker(relay, cookie);
    let waits = |state: &ConversationState| matches!(state, ConversationState::Waiting { .. });
    let rows: Vec<_> = line.welcome_rows().iter().filter(|row| waits(&row.state)).collect();
    // Whoever is here in the order of the queue; the others behind them, in none.
    let of = |here: bool| {
        let fits = move |row: &&&wire::ConversationSummary| (row.presence == Some(VisitorPresence::Here)) == here;
        rows.iter().filter(fits).map(|row| row.conversation).collect::<Vec<_>>()
    };
    let turn = |id: &ConversationId| turn_of_waiting(log, *id);
    let mut shown = of(true);
    assert!(shown.is_sorted_by_key(turn), "who is here is not shown in the order of the queue");
    shown.extend(of(false));
    shown.sort_by_key(turn);
    let mut kept: Vec<(u64, ConversationId)> = log
        .keys()
        .filter(|(_, lane)| *lane == Lane::Shared)
        .filter_map(|(conversation, _)| Some((turn_of_waiting(log, *conversation)?, *conversation)))
        .collect();
    kept.sort_unstable();
    let kept: Vec<ConversationId> = kept.into_iter().map(|(_, conversation)| conversation).collect();
    assert_eq!(shown, kept, "the queue that is shown is not the queue that was recorded");
    shown.len()
}

/// The turn of a conversation that waits, by its log alone.
fn turn_of_waiting(log: &Log, conversation: ConversationId) -> Option<u64> {
    let lane = |lane| log.get(&(conversation, lane)).map(Vec::as_slice).unwrap_or_default();
    let state = lane(Lane::Shared)
        .iter()
        .rev()
        .find(|event| matches!(event.body, Body::Queued | Body::LeftQueue | Body::Joined | Body::Closed))?;
    if state.body != Body::Queued {
        return None;
    }
    lane(Lane::Staff).iter().rev().find_map(|event| match event.body {
        Body::Turn { turn, .. } => Some(turn),
        _ => None,
    })
}

/// What SQLite itself says about the data of a relay that is not running, whether its feed is whole, and how many events it holds.
///
/// # Panics
/// When the database is damaged.
#[track_caller]
pub fn check_integrity(data: &std::path::Path) -> u64 {
    let database = rusqlite::Connection::open(data.join("causeway.sqlite3")).expect("the database opens");
    let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be checked");
    assert_eq!(said, "ok", "the database is damaged");
    let broken: i64 = database
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .expect("it can be checked");
    assert_eq!(broken, 0, "references lead nowhere");
    let (_, events) = check_feed(&database);
    u64::try_from(events).expect("a count is not negative")
}
