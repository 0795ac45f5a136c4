//! Visitors and agents who write, note, end and leave all at once, each on a thread of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{Client, Dice, Door, Judge, Log, Relay, Verdict, new_id, wait_until};
use wire::{ClientFrame, ConversationId};

/// Drafts a person keeps waiting before they stop writing.
const DRAFTS_WAITING_MAX: usize = 12;
/// How long the crowd may need to come back and have everything.
pub(crate) const SETTLE: Duration = Duration::from_secs(60);
/// Looks at the log until it stands still.
const ROUNDS_MAX: u32 = 10;

/// Who is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) visitors: u64,
    pub(crate) agents: u64,
    /// Conversations of one agent at once.
    pub(crate) capacity: u32,
    /// Milliseconds between two things that one person does.
    pub(crate) pause_ms: (u64, u64),
    /// Characters of the longest text.
    pub(crate) chars_max: u64,
}

impl Size {
    /// More visitors than the agents can take, so that somebody always waits.
    pub(crate) const BUSY: Self = Self { visitors: 10, agents: 2, capacity: 2, pause_ms: (40, 180), chars_max: 200 };
}

/// One person and their dice.
struct Person {
    client: Client,
    dice: Dice,
    current: Option<ConversationId>,
    agent: bool,
}

/// Everybody, between two acts.
pub(crate) struct Crowd {
    people: Vec<Person>,
    size: Size,
    pub(crate) judge: Arc<Judge>,
    /// A cookie for the judge.
    pub(crate) cookie: String,
}

impl Crowd {
    /// Makes the agents' accounts; nobody connects yet.
    pub(crate) fn new(relay: &Relay, size: Size, dice: &Dice, door: &Door) -> Self {
        let judge = Arc::new(Judge::default());
        let mut people = Vec::new();
        for number in 0..size.agents {
            let email = format!("agent{number}@example.com");
            relay.agent(&email, &format!("Agent {number}"), size.capacity);
            let cookie = relay.sign_in(&email);
            let client = Client::agent(&format!("agent {number}"), &cookie, door.clone(), &judge);
            people.push(Person { client, dice: dice.part(number), current: None, agent: true });
        }
        for number in 0..size.visitors {
            let client = Client::visitor(&format!("visitor {number}"), door.clone(), &judge);
            people.push(Person { client, dice: dice.part(1_000 + number), current: None, agent: false });
        }
        relay.agent("judge@example.com", "Judge", 1);
        let cookie = relay.sign_in("judge@example.com");
        Self { people, size, judge, cookie }
    }

    /// Lets everybody act while `story` goes on in this thread.
    pub(crate) fn act<T>(&mut self, story: impl FnOnce(&Stage) -> T) -> T {
        let stop = AtomicBool::new(false);
        let ready: Vec<AtomicBool> = self.people.iter().map(|_| AtomicBool::new(false)).collect();
        let failed = AtomicUsize::new(0);
        let size = self.size;
        let stage = Stage { judge: Arc::clone(&self.judge), ready: &ready, failed: &failed };
        thread::scope(|scope| {
            for (person, ready) in self.people.iter_mut().zip(&ready) {
                let (stop, failed) = (&stop, &failed);
                scope.spawn(move || {
                    let _watch = Watch(failed);
                    while !stop.load(Ordering::Relaxed) {
                        person.do_something(size);
                        let pause = Duration::from_millis(person.dice.between(size.pause_ms.0, size.pause_ms.1));
                        let end = Instant::now() + pause;
                        while Instant::now() < end {
                            person.client.step();
                            ready.store(person.client.ready(), Ordering::Relaxed);
                        }
                    }
                });
            }
            // However the story ends, the others must not go on for ever.
            let _end = Raise(&stop);
            story(&stage)
        })
    }

    /// The clients, for what only one story asks.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.people.iter().map(|person| &person.client)
    }

    /// Everybody sends what waits and fetches what they lack; then the relay's log is held against all of it.
    pub(crate) fn judge(&mut self, relay: &Relay) -> (Log, Verdict) {
        for person in &mut self.people {
            person.client.deliver(SETTLE);
        }
        // What an ending sets free is given to the next in the queue: that goes on for a moment.
        let mut log = self.judge.read(relay, &self.cookie);
        let mut quiet = false;
        for _ in 0..ROUNDS_MAX {
            for person in &mut self.people {
                person.client.catch_up(SETTLE, &log);
            }
            let again = self.judge.read(relay, &self.cookie);
            quiet = again == log;
            log = again;
            if quiet {
                break;
            }
        }
        assert!(quiet, "the log still grows though nobody writes");
        let verdict = self.judge.verdict(&log);
        for person in &self.people {
            person.client.check(&log);
        }
        assert!(verdict.acknowledged > 0, "a torture in which nothing happens proves nothing");
        (log, verdict)
    }
}

/// What the story in front sees of the crowd.
pub(crate) struct Stage<'a> {
    pub(crate) judge: Arc<Judge>,
    ready: &'a [AtomicBool],
    failed: &'a AtomicUsize,
}

impl Stage<'_> {
    /// Waits until so many more things were acknowledged.
    pub(crate) fn more(&self, count: usize) {
        let goal = self.judge.count() + count;
        wait_until("the crowd gets something acknowledged", || {
            self.nobody_failed();
            (self.judge.count() >= goal).then_some(())
        });
    }

    /// Waits until everybody is connected.
    pub(crate) fn all_ready(&self) {
        wait_until("everybody is connected", || {
            self.nobody_failed();
            self.ready.iter().all(|ready| ready.load(Ordering::Relaxed)).then_some(())
        });
    }

    /// Lets time pass: the fault itself lasts so long, there is nothing to wait for.
    pub(crate) fn last(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.nobody_failed();
            thread::sleep(end.saturating_duration_since(Instant::now()).min(Duration::from_millis(100)));
        }
    }

    fn nobody_failed(&self) {
        assert_eq!(self.failed.load(Ordering::Relaxed), 0, "a participant failed; its words stand above");
    }
}

/// Counts a thread that panicked.
struct Watch<'a>(&'a AtomicUsize);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Raises a flag when it goes.
pub(crate) struct Raise<'a>(pub(crate) &'a AtomicBool);

impl Drop for Raise<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Person {
    fn do_something(&mut self, size: Size) {
        if self.client.pending() >= DRAFTS_WAITING_MAX {
            return;
        }
        if self.agent { self.answer(size) } else { self.ask(size) }
    }

    fn text(&mut self, size: Size) -> String {
        let length = self.dice.between(1, size.chars_max);
        "withdrawal ".chars().cycle().take(usize::try_from(length).unwrap_or(1)).collect()
    }

    fn ask(&mut self, size: Size) {
        let over = |id: &ConversationId| self.client.ended(*id) && !self.client.writing_in().contains(id);
        if self.current.is_none_or(|id| over(&id) || self.client.ended(id)) {
            self.current = Some(ConversationId(new_id()));
        }
        let Some(conversation) = self.current else { return };
        let text = self.text(size);
        let known = !self.client.lane(conversation, wire::Lane::Shared).is_empty();
        match self.dice.below(100) {
            _ if !known => drop(self.client.say(conversation, &text)),
            0..2 => drop(self.client.end(conversation)),
            2..5 => self.client.mention(&ClientFrame::LeaveQueue { conversation }),
            5..12 => self.client.mention(&ClientFrame::Typing { conversation }),
            _ => drop(self.client.say(conversation, &text)),
        }
    }

    fn answer(&mut self, size: Size) {
        let held = self.client.held();
        let Some(conversation) = self.dice.pick(&held) else { return };
        let text = self.text(size);
        match self.dice.below(100) {
            0..5 => drop(self.client.end(conversation)),
            5..20 => drop(self.client.note(conversation, &text)),
            20..30 => {
                let seen = self.client.lane(conversation, wire::Lane::Shared).last().map(|event| event.seq);
                if let Some(up_to) = seen {
                    self.client.mention(&ClientFrame::Seen { conversation, up_to });
                }
            }
            _ => drop(self.client.say(conversation, &text)),
        }
    }
}
