//! Readers that stop reading: closed with a code that says "come back", no memory held for them, and nothing lost when they are back.

use std::sync::Arc;
use std::time::Duration;

use support::{Client, Door, Judge, Relay, Setup, new_id, wait_until};
use wire::ConversationId;
use wire::limit::{SEND_BYTES_MAX, SEND_BYTES_OF_AGENT_MAX, TEXT_CHARS_MAX};

use crate::form::turn;
use crate::process::memory_kib;

const WRITERS: usize = 2;
/// Below the burst that one connection may send.
const TEXTS: usize = 100;
/// What the relay says about each.
const CLOSED: &str = "closed: slower than what it was sent";
/// Four bytes in UTF-8.
const WIDE: char = '😀';
const SETTLE: Duration = Duration::from_secs(60);
/// What two full queues may hold, twice over, and what the database keeps of what it has just written.
const GROWN_KIB_MAX: u64 = (2 * (SEND_BYTES_MAX + SEND_BYTES_OF_AGENT_MAX) / 1024) as u64 + 64 * 1024;

#[test]
fn readers_that_stop_are_closed_and_lose_nothing() {
    let turn = turn("slow readers");
    let config = "[log]\nlevel = \"info,relay::core_task=debug\"\n".to_owned();
    let relay = Relay::start_with(Setup { config, ..Setup::default() });
    let judge = Arc::new(Judge::default());
    let door = Door::of(&relay);
    relay.agent("ada@example.com", "Ada L.", 10);
    let cookie = relay.sign_in("ada@example.com");
    let mut agent = Client::agent("agent", &cookie, door.clone(), &judge);
    assert!(agent.until(SETTLE, Client::ready));
    let mut writers: Vec<(Client, ConversationId)> = Vec::new();
    for number in 0..WRITERS {
        let mut writer = Client::visitor(&format!("writer {number}"), door.clone(), &judge);
        let conversation = ConversationId(new_id());
        writer.say(conversation, "Hello");
        writer.deliver(SETTLE);
        writers.push((writer, conversation));
    }
    assert!(agent.until(SETTLE, |agent| agent.held().len() == WRITERS), "the agent was not given every conversation");
    let mut tab = writers.first().expect("there are writers").0.second_tab("tab");
    assert!(tab.until(SETTLE, |tab| !tab.known().is_empty()), "the second tab was not told what was said before");

    // From here on neither the agent nor the second tab reads.
    let before_kib = memory_kib(relay.id(), "VmRSS");
    let text: String = std::iter::repeat_n(WIDE, TEXT_CHARS_MAX - 100).collect();
    for _ in 0..turn.form.floods {
        std::thread::scope(|scope| {
            for (writer, conversation) in &mut writers {
                let text = &text;
                scope.spawn(move || {
                    // A new connection has its whole burst before it.
                    writer.disconnect();
                    for _ in 0..TEXTS {
                        writer.say(*conversation, text);
                    }
                    writer.deliver(SETTLE);
                });
            }
        });
    }
    wait_until("both are closed, though they read nothing", || {
        (relay.log().matches(CLOSED).count() == 2).then_some(())
    });
    let grown_kib = memory_kib(relay.id(), "VmHWM").saturating_sub(before_kib);
    let sent_kib = turn.form.floods as usize * WRITERS * TEXTS * text.len() / 1024;
    assert!(grown_kib < GROWN_KIB_MAX, "the relay grew by {grown_kib} KiB");

    let log = judge.read(&relay, &cookie);
    for reader in [&mut agent, &mut tab] {
        reader.catch_up(SETTLE, &log);
        assert!(!reader.closes().is_empty(), "a reader that did not read kept its connection");
    }
    let verdict = judge.verdict(&log);
    agent.check(&log);
    tab.check(&log);
    turn.tell(format_args!(
        "{sent_kib} KiB written, the relay grew by {grown_kib} KiB at most; closed with {:?} and {:?}: {verdict:?}",
        agent.closes(),
        tab.closes()
    ));
}
