//! Whether an acknowledgement comes after the disk has the message: every sync and every frame written, in their order.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::on_this_thread;
use crate::board::Received;
use crate::peer::{Chat, Crowd, start};
use crate::process::Process;
use crate::record::Record;
use crate::socket::{Connection, send};

/// Messages sent one by one.
const MESSAGES: u64 = 20;
/// Sent before, unobserved: they open the conversation and warm every cache.
const BEFORE: u64 = 3;
const WAIT: Duration = Duration::from_secs(10);
/// A rest between two messages, so that nothing of one is taken for the other's.
const REST: Duration = Duration::from_millis(100);
const SYNCS: [&str; 2] = ["fsync", "fdatasync"];
const WRITES: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];

/// Looks at each of these.
pub(crate) fn check(record: &Record, names: &[&str]) -> Result<()> {
    for name in names {
        let chat = start(name, Crowd::of(1))?;
        let (after, syncs) = one(&*chat).with_context(|| format!("{name} was not observed"))?;
        let verdict = if after == MESSAGES { "after its commit" } else { "NOT always after a commit" };
        let (count, median_us) = (syncs.len(), syncs.get(syncs.len() / 2).copied());
        println!(
            "order {name}: {after} of {MESSAGES} acknowledged after a sync: {verdict}; {count} syncs, median {median_us:?} us"
        );
        record.add(&json!({
            "axis": "order", "peer": name, "messages": MESSAGES, "acknowledged_after_sync": after, "syncs": count, "sync_us_median": median_us,
        }))?;
    }
    Ok(())
}

/// How many acknowledgements were written after a sync that followed their message, and the time that each sync took.
fn one(chat: &dyn Chat) -> Result<(u64, Vec<u64>)> {
    let trace = chat.server().folder().join("trace");
    let sent = on_this_thread(async {
        let agent = chat.agent(0).await?;
        let mut visitor = chat.visitor(0).await?;
        for index in 0..BEFORE {
            exchange(&mut visitor, index).await?;
        }
        let watcher = watch(chat, &trace)?;
        let mut sent = Vec::new();
        for index in BEFORE..BEFORE + MESSAGES {
            tokio::time::sleep(REST).await;
            sent.push(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64());
            exchange(&mut visitor, index).await?;
        }
        drop((watcher, agent));
        Ok(sent)
    })?;
    let mark = chat.ack_mark().replace('"', "\\\"");
    Ok(judge(&fs::read_to_string(&trace)?, &mark, &sent))
}

/// Sends one message and waits for its acknowledgement.
async fn exchange(connection: &mut Connection, index: u64) -> Result<()> {
    let (mut frames, mut received) = (Vec::new(), Vec::new());
    connection.codec.say(index, &mut frames);
    let answered = async {
        loop {
            for frame in frames.drain(..) {
                send(&mut connection.socket, frame).await?;
            }
            match connection.socket.next().await.context("the connection ended")?? {
                Message::Text(text) => connection.codec.receive(&text, &mut received),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
            for one in received.drain(..) {
                match one {
                    Received::Acknowledged(of) if of == index => return Ok(()),
                    Received::Answer(text) => frames.push(text),
                    Received::Refused(why) => bail!("refused: {why}"),
                    Received::Acknowledged(_) | Received::Delivered(_) | Received::Closed(_) => {}
                }
            }
        }
    };
    tokio::time::timeout(WAIT, answered).await.context("no acknowledgement in time")?
}

/// Attaches strace to every process of the server, and waits until it holds all of them.
fn watch(chat: &dyn Chat, trace: &std::path::Path) -> Result<Process> {
    let ids = chat.server().ids();
    let calls = [&SYNCS[..], &WRITES[..]].concat().join(",");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-ttt", "-T", "-s", "1000", "-e", &format!("trace={calls}"), "-o"]).arg(trace);
    command.args(ids.iter().flat_map(|id| ["-p".to_owned(), id.to_string()]));
    let watcher = Process::start(&mut command, &chat.server().folder().join("strace.log"))?;
    let held = |id: &u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|tracer| tracer.trim() != "0"))
    };
    let end = Instant::now() + WAIT;
    while !ids.iter().all(held) {
        ensure!(Instant::now() < end, "strace does not take hold of every process");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(watcher)
}

/// Reads a trace: for each sending time, whether a finished sync stands before the first acknowledgement after it.
fn judge(trace: &str, mark: &str, sent: &[f64]) -> (u64, Vec<u64>) {
    let lines: Vec<(f64, Seen)> = trace.lines().filter_map(|line| seen(line, mark)).collect();
    let took = |seen: &Seen| if let Seen::Synced(took_us) = seen { Some(*took_us) } else { None };
    let mut synced: Vec<u64> = lines.iter().filter_map(|(_, seen)| took(seen)).collect();
    synced.sort_unstable();
    let mut after = 0;
    for (at, time) in sent.iter().enumerate() {
        let until = sent.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let own = lines.iter().filter(|(when, _)| when >= time && *when < until);
        let before_ack: Vec<_> = own.map(|(_, seen)| *seen).take_while(|seen| *seen != Seen::Acknowledged).collect();
        let acknowledged =
            lines.iter().any(|(when, seen)| when >= time && *when < until && *seen == Seen::Acknowledged);
        after += u64::from(acknowledged && before_ack.iter().any(|seen| took(seen).is_some()));
    }
    (after, synced)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// A sync has returned, after so many microseconds.
    Synced(u64),
    /// An acknowledgement is on its way out.
    Acknowledged,
}

/// `ID TIME call(…) = 0`, or in two halves when another thread came between.
fn seen(line: &str, mark: &str) -> Option<(f64, Seen)> {
    let mut words = line.split_whitespace();
    let time = words.nth(1)?.parse().ok()?;
    let call = words.next()?;
    let resumed = call == "<...";
    let name = if resumed { words.next()? } else { call.split('(').next()? };
    if let Some((_, took_s)) = line.strip_suffix('>').and_then(|line| line.rsplit_once(" = 0 <"))
        && SYNCS.contains(&name)
    {
        let took_us = took_s.parse::<f64>().ok()? * 1e6;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short time")]
        return Some((time, Seen::Synced(took_us as u64)));
    }
    // What is written is told in the first half of a call.
    (WRITES.contains(&name) && !resumed && line.contains(mark)).then_some((time, Seen::Acknowledged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sync_between_message_and_acknowledgement_counts() {
        let trace = "\
            7 10.100000 write(5, \"...\", 9) = 9\n\
            7 10.200000 fdatasync(8 <unfinished ...>\n\
            9 10.300000 write(3, \"noise\", 5) = 5\n\
            7 10.400000 <... fdatasync resumed>) = 0 <0.000200>\n\
            7 10.500000 sendto(4, \"<a h='1'/>\", 10, 0, NULL, 0) = 10 <0.000010>\n\
            7 20.100000 sendto(4, \"<a h='2'/>\", 10, 0, NULL, 0) = 10 <0.000010>\n\
            7 20.200000 fsync(8) = 0 <0.000100>\n\
            7 30.100000 fdatasync(8) = -1 EIO (Input/output error)\n\
            7 30.200000 sendto(4, \"<a h='3'/>\", 10, 0, NULL, 0) = 10 <0.000010>\n";
        assert_eq!(judge(trace, "<a ", &[10.0, 20.0, 30.0]), (1, vec![100, 200]));
    }
}
