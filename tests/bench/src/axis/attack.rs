//! What the relay holds, and how soon it answers others, while 200 connections of one address ask for long pages and read nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use wire::limit::{CONNECTIONS_PER_ADDRESS_MAX, TEXT_CHARS_MAX};
use wire::{ClientFrame, ConversationId, Lane, MessageId, Say, Seq, ServerFrame};

use super::{Setting, on_this_thread};
use crate::peer::Crowd;
use crate::peer::relay::{Relay, new_id, received, say};
use crate::record::Record;
use crate::socket::until;

/// Where the attack comes from.
const ADDRESS: &str = "10.9.9.9";
/// Texts of the longest kind in the conversation that is asked for.
const TEXTS: usize = 40;
/// Pages that each connection asks for.
const PAGES: usize = 60;
/// Times that somebody else asks for the relay's health meanwhile, one after the other.
const ASKED: usize = 200;
/// What the relay gives back, it gives back in this time.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// Measures the relay, which alone has these bounds.
pub(crate) fn measure(setting: Setting, record: &Record) -> Result<()> {
    for run in 1..=setting.runs {
        one(setting, record, run)?;
    }
    Ok(())
}

fn one(setting: Setting, record: &Record, run: usize) -> Result<()> {
    let relay = Relay::start(Crowd { visitors: 1, agents: 1 })?;
    let (before, held, mut asked) = on_this_thread(async {
        let conversation = ConversationId(new_id());
        let mut writer = relay.welcomed(ADDRESS, None).await?;
        say(&mut writer, &ClientFrame::Register).await?;
        let token = until(&mut writer, "a token", |text| match serde_json::from_str(text) {
            Ok(ServerFrame::Registered { token, .. }) => Some(token),
            _ => None,
        })
        .await?;
        for _ in 0..TEXTS {
            let say_it = Say::Text { text: "😀".repeat(TEXT_CHARS_MAX) };
            say(&mut writer, &ClientFrame::Say { conversation, id: MessageId(new_id()), say: say_it }).await?;
            received(
                &mut writer,
                "the text",
                |frame| matches!(frame, ServerFrame::Event { event } if event.body.is_message()),
            )
            .await?;
        }
        let before = relay.processes().front_memory();
        let fetch = ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO };
        let mut silent = Vec::new();
        for _ in 1..CONNECTIONS_PER_ADDRESS_MAX {
            let mut socket = relay.welcomed(ADDRESS, Some(token.clone())).await?;
            for _ in 0..PAGES {
                say(&mut socket, &fetch).await?;
            }
            silent.push(socket);
        }
        let asked = (0..ASKED).map(|_| ask(&relay)).collect::<Result<Vec<_>>>()?;
        Ok((before, relay.processes().front_memory(), asked))
    })?;
    let wait = if setting.brief { AFTERWARDS / 4 } else { AFTERWARDS };
    std::thread::sleep(wait);
    let after = relay.processes().front_memory();
    asked.sort_unstable();
    let slowest = *asked.last().context("it was asked")?;
    let median = asked[asked.len() / 2];
    let kib = |bytes: u64| bytes.saturating_sub(before.rss_bytes) / 1024;
    let (held, left) = (kib(held.rss_bytes), kib(after.rss_bytes));
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "attack relay #{run}: {held} KiB more while they stay, {left} KiB {} s after; health {:.1} ms, at most {:.1} ms",
        wait.as_secs(),
        ms(median),
        ms(slowest)
    );
    record.add(&json!({
        "axis": "attack", "name": "relay", "run": run, "held_kib": held, "left_kib": left,
        "health_ms": ms(median), "health_max_ms": ms(slowest),
    }))
}

fn ask(relay: &Relay) -> Result<Duration> {
    let start = Instant::now();
    relay.first_byte()?;
    Ok(start.elapsed())
}
