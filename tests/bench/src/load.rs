//! The load: messages on a schedule or answer by answer, written by many and read by others.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::board::{ACKNOWLEDGED, Board, DELIVERED, Received, Tally, ns};
use crate::socket::{Connection, drive};

/// A measurement waits this long for its last answers as long as none come.
const SETTLE: Duration = Duration::from_secs(5);
const POLL_EVERY: Duration = Duration::from_millis(10);
/// Rounds of greetings before a measurement gives up.
const GREETINGS_MAX: usize = 4;
/// Greetings under way at once.
const AT_ONCE: usize = 32;

/// The people of one load: visitors who write, and agents who read.
pub(crate) struct Crew {
    board: Rc<RefCell<Board>>,
    visitors: Vec<UnboundedSender<u64>>,
    /// Their connections live as long as these.
    agents: Vec<UnboundedSender<u64>>,
    turn: usize,
}

impl Crew {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Self { board: Rc::new(RefCell::new(Board::new())), visitors: Vec::new(), agents: Vec::new(), turn: 0 }
    }

    /// One more who writes. The connection lives from now on: servers expect answers while others still connect.
    pub(crate) fn writes(&mut self, connection: Connection) {
        let orders = self.live(connection);
        self.visitors.push(orders);
    }

    /// One more who reads.
    pub(crate) fn reads(&mut self, connection: Connection) {
        let orders = self.live(connection);
        self.agents.push(orders);
    }

    fn live(&self, connection: Connection) -> UnboundedSender<u64> {
        let (orders, taken) = unbounded_channel();
        tokio::task::spawn_local(drive(connection, taken, Rc::clone(&self.board)));
        orders
    }

    /// Every reader gets every message, and nobody answers: a message is whole when the last one has it.
    pub(crate) fn all_read_all(&mut self) {
        let mut board = self.board.borrow_mut();
        board.readers = u32::try_from(self.agents.len()).unwrap_or(u32::MAX);
        board.whole = DELIVERED;
    }

    /// All agents but one leave; what is written to them is whole when it is stored.
    pub(crate) fn keep_one_reader(&mut self) {
        self.agents.truncate(1);
        self.board.borrow_mut().whole = ACKNOWLEDGED;
    }

    /// The next visitor in turn writes a message that was due then.
    fn say(&mut self, due_ns: u64) {
        let index = self.board.borrow_mut().sent(due_ns);
        let visitor = &self.visitors[self.turn % self.visitors.len()];
        self.turn += 1;
        if visitor.send(index).is_err() {
            self.board.borrow_mut().receive(Received::Refused("its connection is gone".to_owned()));
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

    /// Whether the server has closed a connection: what is measured from then on is another load.
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
        let mut tally = board.take();
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
        let mut tally = board.take();
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
            let now = self.board.borrow().missing();
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
