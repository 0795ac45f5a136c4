//! What was sent and what came back: the number in each message, when it was due, and how long it took from then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::mpsc::UnboundedSender;

/// Bytes of every message's text.
pub(crate) const BODY_BYTES: usize = 200;
/// Before the number of a message in its text.
const MARK: &str = "bench-";
/// Digits of that number.
const DIGITS: usize = 10;
/// The longest time a histogram holds, in microseconds.
const LONGEST_US: u64 = 600_000_000;

/// Its sender has been told that it is stored.
pub(crate) const ACKNOWLEDGED: u8 = 1;
/// It has reached the other side.
pub(crate) const DELIVERED: u8 = 2;

/// What a connection received.
#[derive(Debug)]
pub(crate) enum Received {
    /// The sender's message is stored.
    Acknowledged(u64),
    /// The message has reached the other side.
    Delivered(u64),
    /// The server wants this said in return.
    Answer(String),
    /// A message was refused.
    Refused(String),
    /// The server has ended the connection.
    Closed(String),
}

/// The text of a message: its number, filled up to the fixed length.
pub(crate) fn body(index: u64) -> String {
    let mut text = format!("{MARK}{index:0DIGITS$} My withdrawal has been pending for two hours. ");
    while text.len() < BODY_BYTES {
        text.push("please look into it "[text.len() % 20..].chars().next().unwrap_or(' '));
    }
    text
}

/// The number of the message whose text stands in a frame.
pub(crate) fn index(frame: &str) -> Option<u64> {
    let at = frame.find(MARK)? + MARK.len();
    frame.get(at..at + DIGITS)?.parse().ok()
}

/// A histogram of microseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order")
}

/// What has been sent and received.
pub(crate) struct Board {
    /// When it was begun.
    pub(crate) origin: Instant,
    /// When each message was due, in nanoseconds since the origin; the index is its number.
    due_ns: Vec<u64>,
    state: Vec<u8>,
    /// How often each message has arrived at the other side.
    arrivals: Vec<u32>,
    /// How many are on the other side: a message is delivered when it has reached the last of them.
    pub(crate) readers: u32,
    /// What a message has become when nothing more is to come.
    pub(crate) whole: u8,
    /// The first message that counts.
    first: usize,
    /// Hears of every message that has become what is wanted.
    pub(crate) answered: Option<UnboundedSender<()>>,
    /// What a message must have become before the next one is sent in a closed loop.
    pub(crate) wanted: u8,
    /// Lines that the server has closed.
    pub(crate) closed: u64,
    /// What was counted since the phase began.
    pub(crate) tally: Tally,
}

/// What one phase of a measurement counted.
pub(crate) struct Tally {
    /// Messages sent.
    pub(crate) sent: u64,
    /// Messages whose sender got an answer.
    pub(crate) acknowledged: u64,
    /// Messages that reached the other side.
    pub(crate) delivered: u64,
    /// Messages that arrived more than once.
    pub(crate) doubled: u64,
    /// What went wrong, and how often.
    pub(crate) refused: BTreeMap<String, u64>,
    /// From due to acknowledged, in microseconds.
    pub(crate) ack: Histogram<u64>,
    /// From due to the other side, in microseconds.
    pub(crate) delivery: Histogram<u64>,
    /// How long the phase lasted.
    pub(crate) seconds: f64,
}

impl Tally {
    /// With nothing counted.
    pub(crate) fn new() -> Self {
        Self {
            sent: 0,
            acknowledged: 0,
            delivered: 0,
            doubled: 0,
            refused: BTreeMap::new(),
            ack: histogram(),
            delivery: histogram(),
            seconds: 0.0,
        }
    }
}

impl Board {
    /// With nothing on it.
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            due_ns: Vec::new(),
            state: Vec::new(),
            arrivals: Vec::new(),
            readers: 1,
            whole: ACKNOWLEDGED | DELIVERED,
            first: 0,
            answered: None,
            wanted: ACKNOWLEDGED,
            closed: 0,
            tally: Tally::new(),
        }
    }

    /// Now, as the board counts.
    pub(crate) fn now_ns(&self) -> u64 {
        ns(self.origin.elapsed())
    }

    /// Notes what was received.
    pub(crate) fn receive(&mut self, received: Received) {
        match received {
            Received::Acknowledged(index) => self.arrived(index, ACKNOWLEDGED),
            Received::Delivered(index) => self.arrived(index, DELIVERED),
            Received::Answer(_) => {}
            Received::Refused(why) => {
                // The same trouble with other numbers in it is the same trouble.
                let why = why.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
                *self.tally.refused.entry(why).or_default() += 1;
                self.next();
            }
            Received::Closed(why) => {
                *self.tally.refused.entry(format!("a connection was closed: {why}")).or_default() += 1;
                self.closed += 1;
            }
        }
    }

    fn arrived(&mut self, index: u64, how: u8) {
        let now_ns = self.now_ns();
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let (Some(due_ns), Some(state)) = (self.due_ns.get(at), self.state.get_mut(at)) else { return };
        if how == DELIVERED {
            self.arrivals[at] += 1;
            if self.arrivals[at] < self.readers {
                return;
            }
        }
        let before = *state;
        let again = before & how != 0;
        *state |= how;
        if at >= self.first {
            let took_us = now_ns.saturating_sub(*due_ns) / 1_000;
            let (count, histogram) = match (again, how) {
                (true, _) => (&mut self.tally.doubled, None),
                (false, ACKNOWLEDGED) => (&mut self.tally.acknowledged, Some(&mut self.tally.ack)),
                (false, _) => (&mut self.tally.delivered, Some(&mut self.tally.delivery)),
            };
            *count += 1;
            if let Some(histogram) = histogram {
                histogram.saturating_record(took_us);
            }
        }
        if !again && before & self.wanted != self.wanted && (before | how) & self.wanted == self.wanted {
            self.next();
        }
    }

    /// A closed loop may send one more.
    fn next(&self) {
        if let Some(answered) = &self.answered {
            // Nobody takes it once the loop has ended.
            let _ = answered.send(());
        }
    }

    /// One more message, due then; its number.
    pub(crate) fn sent(&mut self, due_ns: u64) -> u64 {
        self.due_ns.push(due_ns);
        self.state.push(0);
        self.arrivals.push(0);
        self.tally.sent += 1;
        self.due_ns.len() as u64 - 1
    }

    /// Messages that have not become whole yet.
    pub(crate) fn missing(&self) -> usize {
        self.state[self.first..].iter().filter(|state| **state & self.whole != self.whole).count()
    }

    /// Gives what was counted, and counts anew.
    pub(crate) fn take(&mut self) -> Tally {
        self.answered = None;
        std::mem::replace(&mut self.tally, Tally::new())
    }

    /// From here on it counts.
    pub(crate) fn begin(&mut self) {
        self.tally = Tally::new();
        self.first = self.due_ns.len();
    }
}

/// A duration as the board counts.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_length_and_gives_its_number_back() {
        for number in [0, 1, 987_654_321] {
            let text = body(number);
            assert_eq!(text.len(), BODY_BYTES);
            assert_eq!(index(&format!("{{\"text\":\"{text}\"}}")), Some(number));
        }
        assert_eq!(index("nothing here"), None);
        assert_eq!(index("bench-12"), None);
    }

    #[test]
    fn a_late_answer_counts_from_when_its_message_was_due() {
        let mut board = Board::new();
        board.begin();
        board.origin = Instant::now().checked_sub(Duration::from_secs(2)).expect("the machine is up for two seconds");
        let index = board.sent(ns(Duration::from_secs(1)));
        board.receive(Received::Acknowledged(index));
        board.receive(Received::Acknowledged(index));
        assert!(board.tally.ack.max() >= 1_000_000);
        assert_eq!((board.tally.acknowledged, board.tally.doubled, board.tally.delivered), (1, 1, 0));
    }
}
