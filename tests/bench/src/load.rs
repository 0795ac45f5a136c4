//! The load: messages on a schedule or answer by answer, and how long each took from the moment it was due.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::socket::{Line, drive};

/// Bytes of every message's text.
pub(crate) const BODY_BYTES: usize = 200;
/// Before the number of a message in its text.
const MARK: &str = "bench-";
/// Digits of that number.
const DIGITS: usize = 10;
/// A measurement waits this long for its last answers as long as none come.
const SETTLE: Duration = Duration::from_secs(5);
const POLL_EVERY: Duration = Duration::from_millis(10);
/// Rounds of greetings before a measurement gives up.
const GREETINGS_MAX: usize = 4;
/// Greetings under way at once.
const AT_ONCE: usize = 32;
/// The longest time a histogram holds, in microseconds.
const LONGEST_US: u64 = 600_000_000;

const ACKNOWLEDGED: u8 = 1;
const DELIVERED: u8 = 2;

/// What a line heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The sender's message is stored.
    Acknowledged(u64),
    /// The message has reached the other side.
    Delivered(u64),
    /// The server wants this said in return.
    Answer(String),
    /// A message was refused.
    Refused(String),
    /// The server has ended the line.
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

/// What has been sent and heard.
pub(crate) struct Board {
    origin: Instant,
    /// When each message was due, in nanoseconds since the origin; the place is its number.
    due_ns: Vec<u64>,
    state: Vec<u8>,
    /// How often each message has arrived at the other side.
    arrivals: Vec<u32>,
    /// How many are on the other side: a message is delivered when it has reached the last of them.
    readers: u32,
    /// What a message has become when nothing more is to come.
    whole: u8,
    /// The first message that counts.
    first: usize,
    answered: Option<UnboundedSender<()>>,
    /// What a message must have become before the next one is sent in a closed loop.
    wanted: u8,
    /// Lines that the server has closed.
    closed: u64,
    tally: Tally,
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
    fn new() -> Self {
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

    fn now_ns(&self) -> u64 {
        ns(self.origin.elapsed())
    }

    /// Notes what was heard.
    pub(crate) fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Acknowledged(index) => self.arrived(index, ACKNOWLEDGED),
            Heard::Delivered(index) => self.arrived(index, DELIVERED),
            Heard::Answer(_) => {}
            Heard::Refused(why) => {
                // The same trouble with other numbers in it is the same trouble.
                let why = why.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
                *self.tally.refused.entry(why).or_default() += 1;
                self.next();
            }
            Heard::Closed(why) => {
                *self.tally.refused.entry(format!("a line was closed: {why}")).or_default() += 1;
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

    fn next(&self) {
        if let Some(answered) = &self.answered {
            // Nobody takes it once the loop has ended.
            let _ = answered.send(());
        }
    }

    fn sent(&mut self, due_ns: u64) -> u64 {
        self.due_ns.push(due_ns);
        self.state.push(0);
        self.arrivals.push(0);
        self.tally.sent += 1;
        self.due_ns.len() as u64 - 1
    }

    /// From here on it counts.
    fn begin(&mut self) {
        self.tally = Tally::new();
        self.first = self.due_ns.len();
    }
}

/// The people of one load: visitors who write, and agents who read.
pub(crate) struct Crew {
    board: Rc<RefCell<Board>>,
    visitors: Vec<UnboundedSender<u64>>,
    /// Their lines live as long as these.
    _agents: Vec<UnboundedSender<u64>>,
    turn: usize,
}

impl Crew {
    /// Lets every line live on this thread.
    pub(crate) fn new(visitors: Vec<Line>, agents: Vec<Line>) -> Self {
        let board = Rc::new(RefCell::new(Board::new()));
        let spawn = |line| {
            let (orders, taken) = unbounded_channel();
            tokio::task::spawn_local(drive(line, taken, Rc::clone(&board)));
            orders
        };
        let visitors = visitors.into_iter().map(spawn).collect();
        let agents = agents.into_iter().map(spawn).collect();
        Self { board, visitors, _agents: agents, turn: 0 }
    }

    /// One who writes what all the others read. Nobody answers: a message is whole when the last reader has it.
    pub(crate) fn of_readers(writer: Line, readers: Vec<Line>) -> Self {
        let count = u32::try_from(readers.len()).unwrap_or(u32::MAX);
        let crew = Self::new(vec![writer], readers);
        {
            let mut board = crew.board.borrow_mut();
            (board.readers, board.whole) = (count, DELIVERED);
        }
        crew
    }

    /// The next visitor in turn writes a message that was due then.
    fn say(&mut self, due_ns: u64) {
        let index = self.board.borrow_mut().sent(due_ns);
        let visitor = &self.visitors[self.turn % self.visitors.len()];
        self.turn += 1;
        if visitor.send(index).is_err() {
            self.board.borrow_mut().hear(Heard::Refused("its line is gone".to_owned()));
        }
    }

    /// Every visitor writes until all messages of a round reach an agent: conversations are open and assigned then.
    pub(crate) async fn greet(&mut self) -> Result<()> {
        let mut last = String::new();
        for _ in 0..GREETINGS_MAX {
            let tally = self.round().await;
            if tally.delivered == self.visitors.len() as u64 {
                return Ok(());
            }
            last = format!(
                "{} of {} messages acknowledged, {} delivered, {:?}",
                tally.acknowledged, tally.sent, tally.delivered, tally.refused
            );
        }
        bail!("not every visitor reaches an agent: {last}")
    }

    /// One message of every visitor.
    async fn round(&mut self) -> Tally {
        let (answers, mut answered) = self.answers(ACKNOWLEDGED);
        for said in 0..self.visitors.len() {
            if said >= AT_ONCE {
                answered.recv().await;
            }
            let now_ns = self.board.borrow().now_ns();
            self.say(now_ns);
        }
        drop(answers);
        self.finish(Instant::now()).await
    }

    /// Whether the server has closed a line: what is measured from then on is another load.
    pub(crate) fn broken(&self) -> bool {
        self.board.borrow().closed > 0
    }

    /// Counts from here on, and says when a message has become what is wanted.
    fn answers(&mut self, wanted: u8) -> (UnboundedSender<()>, UnboundedReceiver<()>) {
        let (sender, answers) = unbounded_channel();
        let mut board = self.board.borrow_mut();
        board.begin();
        board.wanted = wanted;
        board.answered = Some(sender.clone());
        drop(board);
        (sender, answers)
    }

    /// A closed loop: `window` messages under way; each one that is acknowledged and delivered sends the next. What is under way at the end is not
    /// waited for, because that would count time without load; call [`Self::settle`] before the next phase.
    pub(crate) async fn closed(&mut self, window: usize, run: Duration) -> Tally {
        let (_sender, mut answered) = self.answers(ACKNOWLEDGED | DELIVERED);
        let start = Instant::now();
        for _ in 0..window {
            let now_ns = self.board.borrow().now_ns();
            self.say(now_ns);
        }
        let end = tokio::time::sleep(run);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                Some(()) = answered.recv() => {
                    let now_ns = self.board.borrow().now_ns();
                    self.say(now_ns);
                }
            }
        }
        let mut board = self.board.borrow_mut();
        board.answered = None;
        let mut tally = std::mem::replace(&mut board.tally, Tally::new());
        tally.seconds = start.elapsed().as_secs_f64();
        tally
    }

    /// An open loop: a message is due every `1 / rate` seconds, whatever became of those before.
    pub(crate) async fn open(&mut self, rate: f64, run: Duration) -> Result<Tally> {
        self.board.borrow_mut().begin();
        let origin = self.board.borrow().origin;
        let (due, mut dues) = unbounded_channel();
        let first = Instant::now() + Duration::from_millis(50);
        let every = Duration::from_secs_f64(1.0 / rate);
        // A thread of its own wakes within some 60 microseconds; the runtime's clock would round to milliseconds.
        let clock = thread::Builder::new().spawn(move || {
            let mut at = first;
            while at < first + run {
                thread::sleep(at.saturating_duration_since(Instant::now()));
                if due.send(ns(at.saturating_duration_since(origin))).is_err() {
                    return;
                }
                at += every;
            }
        })?;
        while let Some(due_ns) = dues.recv().await {
            self.say(due_ns);
        }
        // It ends by itself: the channel was closed by its end.
        let _ = clock.join();
        Ok(self.finish(first).await)
    }

    /// Waits for the last answers, and gives what was counted since the start.
    async fn finish(&mut self, start: Instant) -> Tally {
        let seconds = start.elapsed().as_secs_f64();
        self.settle().await;
        let mut board = self.board.borrow_mut();
        board.answered = None;
        let mut tally = std::mem::replace(&mut board.tally, Tally::new());
        tally.seconds = seconds;
        tally
    }

    /// Waits until every message has arrived everywhere, or nothing has come for a while.
    pub(crate) async fn settle(&self) {
        if self.broken() {
            return;
        }
        let mut missing = usize::MAX;
        let mut since = Instant::now();
        while since.elapsed() < SETTLE {
            let now = {
                let board = self.board.borrow();
                board.state[board.first..].iter().filter(|state| **state & board.whole != board.whole).count()
            };
            if now == 0 {
                return;
            }
            if now != missing {
                (missing, since) = (now, Instant::now());
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}

fn ns(duration: Duration) -> u64 {
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
        board.hear(Heard::Acknowledged(index));
        board.hear(Heard::Acknowledged(index));
        assert!(board.tally.ack.max() >= 1_000_000);
        assert_eq!((board.tally.acknowledged, board.tally.doubled, board.tally.delivered), (1, 1, 0));
    }
}
