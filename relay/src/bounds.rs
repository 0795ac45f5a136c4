//! What strangers can make the relay hold, added up from the constants that bound it; `docs/limits.md` shows the table, and is held to it.

use std::fmt::Write;

use wire::limit::{
    CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, CONNECTIONS_PER_NETWORK_MAX, CORE_QUEUE_INPUTS_MAX,
    CORE_QUEUE_LONG_INPUTS_MAX, FRAME_BYTES_MAX, FRAMES_BURST_MAX, HEAD_BYTES_MAX, HELD_BYTES_MAX,
    HTTP_CONNECTIONS_MAX, HTTP_CONNECTIONS_SPARE, OPEN_CONVERSATIONS_PER_VISITOR_MAX, PAGE_BYTES_MAX, PAGE_EVENTS_MAX,
    PASSWORDS_WAITING_MAX, PASSWORDS_WAITING_PER_NETWORK_MAX, POST_BYTES_MAX, RECENT_BYTES_MAX, RECENT_EVENTS_MAX,
    SEND_BYTES_MAX, SEND_BYTES_PER_ADDRESS_MAX, SEND_BYTES_PER_NETWORK_MAX, SEND_BYTES_TOTAL_MAX,
    STORE_QUEUE_BYTES_MAX, TEXT_CHARS_MAX, TRANSCRIPT_CHUNK_BYTES, TRANSCRIPTS_OF_VISITORS_MAX,
    TRANSCRIPTS_PER_ADDRESS_MAX, TRANSCRIPTS_PER_PERSON_MAX, UPLOADS_PER_ADDRESS_MAX,
};

use crate::blob::{PART_BYTES, PARTS_IN_FLIGHT_MAX};
use crate::bus::TOPICS_MAX;
use crate::http::{SIGN_IN_BYTES_MAX, UPLOAD_HEAD_BYTES, UPLOADS_MAX};
use crate::identity::{CHALLENGES_MAX, PASSWORD_BYTES};
use crate::limit::rate::KEYS_MAX;
use crate::limit::share::Bounds;
use crate::transport::connection::SHORT_TEXT_BYTES;

/// An idle connection, measured (`cargo xtask bench idle`).
const IDLE_BYTES: usize = 8 * 1024;
/// What an event takes beside its text, at most.
const EVENT_BYTES: usize = 512;
/// A key that a rate is counted for.
const KEY_BYTES: usize = 64;
/// A challenge for a passkey, with the host that it is for; an agent's own passkeys come on top.
const CHALLENGE_BYTES: usize = 512;
/// Rates that are counted by address, network or account.
const PACES: usize = 7;
/// Keys that a slot is counted under: its address, the part of its network, its network.
const SLOT_BYTES: usize = 3 * KEY_BYTES;
/// A page of a log: the last event may overstep the bound.
const PAGE: usize = PAGE_BYTES_MAX + FRAME_BYTES_MAX + PAGE_EVENTS_MAX * EVENT_BYTES;
/// What compresses one answer with gzip: its window, hashes and codes (`miniz_oxide` and `zlib-rs` each take less).
const GZIP_BYTES: usize = 384 * 1024;
/// A transcript: the page, what of it is written, one event more, escaped, and what compresses it.
const TRANSCRIPT: usize = PAGE + TRANSCRIPT_CHUNK_BYTES + 6 * TEXT_CHARS_MAX + GZIP_BYTES;
/// An upload: parts being written, the one being filled, and the beginning that was looked at.
const UPLOAD: usize = (PARTS_IN_FLIGHT_MAX + 1) * PART_BYTES + UPLOAD_HEAD_BYTES;
/// An answer being written: what the library gathers, and the piece that was one too many.
const ANSWER: usize = HEAD_BYTES_MAX + 64 * 1024;

/// A topic that the relay is subscribed to: in the core's tree and in the bus's table, each half empty at worst.
const TOPIC_BYTES: usize = 2 * (size_of::<wire::ConversationId>() + size_of::<relay_core::Topic>());
/// There is room for what all visitors follow, and for as much of agents.
const _: () = assert!(TOPICS_MAX >= 5 * CONNECTIONS_MAX && OPEN_CONVERSATIONS_PER_VISITOR_MAX <= 3);

/// One connection, one address, one network, everybody.
type Figures = [usize; 4];

const CONNECTIONS: Figures = [1, CONNECTIONS_PER_ADDRESS_MAX, CONNECTIONS_PER_NETWORK_MAX, CONNECTIONS_MAX];
const HTTP: Figures = [
    1,
    CONNECTIONS_PER_ADDRESS_MAX + HTTP_CONNECTIONS_SPARE,
    if CONNECTIONS_PER_NETWORK_MAX < HTTP_CONNECTIONS_MAX / 8 {
        CONNECTIONS_PER_NETWORK_MAX
    } else {
        HTTP_CONNECTIONS_MAX / 8
    },
    HTTP_CONNECTIONS_MAX,
];

fn each(counts: Figures, bytes: usize) -> Figures {
    counts.map(|count| count * bytes)
}

/// Where nothing but the whole is bounded, one may have all of it.
fn whole(one: usize, all: usize) -> Figures {
    [one.min(all), all, all, all]
}

/// Every way to make the relay hold memory: what, how much, and what bounds it.
fn memory() -> Vec<(&'static str, Figures, &'static str)> {
    let unsent = [SEND_BYTES_MAX, SEND_BYTES_PER_ADDRESS_MAX, SEND_BYTES_PER_NETWORK_MAX, SEND_BYTES_TOTAL_MAX];
    let core = CORE_QUEUE_LONG_INPUTS_MAX * FRAME_BYTES_MAX + CORE_QUEUE_INPUTS_MAX * SHORT_TEXT_BYTES;
    let said = FRAMES_BURST_MAX as usize * FRAME_BYTES_MAX;
    let transcripts = [
        TRANSCRIPTS_PER_PERSON_MAX,
        TRANSCRIPTS_PER_ADDRESS_MAX,
        2 * TRANSCRIPTS_PER_ADDRESS_MAX,
        TRANSCRIPTS_OF_VISITORS_MAX,
    ];
    let uploads = [1, UPLOADS_PER_ADDRESS_MAX, 4 * UPLOADS_PER_ADDRESS_MAX, UPLOADS_MAX];
    let posts = [1, HTTP[1].min(CONNECTIONS[1]), HTTP[2], HTTP[3]];
    let slots = std::array::from_fn(|step| CONNECTIONS[step] + 2 * HTTP[step]);
    // Known browsers and strange ones wait apart, and one password is being checked.
    let passwords =
        [1, 2 * PASSWORDS_WAITING_PER_NETWORK_MAX, 2 * PASSWORDS_WAITING_PER_NETWORK_MAX, 2 * PASSWORDS_WAITING_MAX];
    let passwords = each(passwords, SIGN_IN_BYTES_MAX).map(|waiting| waiting + PASSWORD_BYTES);
    vec![
        ("connections that say nothing", each(CONNECTIONS, IDLE_BYTES), "`CONNECTIONS_…_MAX`; 8 KiB each, measured"),
        ("a frame on its way in (its room stays)", each(CONNECTIONS, FRAME_BYTES_MAX), "`FRAME_BYTES_MAX`"),
        ("frames that wait unsent", unsent, "`SEND_BYTES_…_MAX`; over it: closed as slow, freed at once"),
        (
            "a page being written to a socket (its room stays)",
            each(CONNECTIONS, PAGE),
            "`PAGE_BYTES_MAX`, `PAGE_EVENTS_MAX`; nothing taken for 30 s: closed as slow",
        ),
        ("frames held until the welcome", each(CONNECTIONS, HELD_BYTES_MAX), "`HELD_BYTES_MAX`; milliseconds"),
        ("posts to streams", each(posts, 2 * POST_BYTES_MAX), "`POST_BYTES_MAX`; 30 s; gathered, then put together"),
        ("heads of requests", each(HTTP, HEAD_BYTES_MAX), "`HEAD_BYTES_MAX`; 10 s"),
        ("answers being written", each(HTTP, ANSWER), "30 s of transfer time-out, bought back at 2 KiB a second"),
        ("transcripts", each(transcripts, TRANSCRIPT), "`TRANSCRIPTS_…_MAX`; the same time-out"),
        ("uploads", each(uploads, UPLOAD), "`UPLOADS_…_MAX`; the same time-out"),
        ("frames that wait for the core", whole(said, core), "`CORE_QUEUE_…_MAX`; over it: `busy`"),
        (
            "texts that wait for the store",
            whole(said, STORE_QUEUE_BYTES_MAX),
            "`STORE_QUEUE_BYTES_MAX`; over it: `busy`",
        ),
        (
            "recorded texts that wait to be moved",
            whole(RECENT_BYTES_MAX, RECENT_BYTES_MAX + RECENT_EVENTS_MAX * EVENT_BYTES),
            "`RECENT_…_MAX`; always there",
        ),
        ("slots, by whom they are held", each(slots, SLOT_BYTES), "connections, plain HTTP, a proxy's requests"),
        ("passwords that wait, and the one being checked", passwords, "`PASSWORDS_WAITING_…_MAX`; 5 s; always there"),
        (
            "topics of the bus that visitors follow",
            each(CONNECTIONS, OPEN_CONVERSATIONS_PER_VISITOR_MAX * TOPIC_BYTES),
            "`OPEN_CONVERSATIONS_PER_VISITOR_MAX`, `TOPICS_MAX`",
        ),
        (
            "challenges for passkeys",
            whole(CHALLENGES_MAX * CHALLENGE_BYTES, CHALLENGES_MAX * CHALLENGE_BYTES),
            "4,096; 5 min; over it: who has most loses the oldest",
        ),
        (
            "addresses and networks that are counted",
            [PACES * KEY_BYTES, PACES * KEY_BYTES, PACES * KEY_BYTES, PACES * KEYS_MAX * KEY_BYTES],
            "100,000 each; over it: who is new is refused",
        ),
    ]
}

/// Slots that are shared out, with the bounds of an address and a network.
fn slots() -> [(&'static str, Bounds); 4] {
    let bounds = |all, address, network| Bounds { all, address, network };
    [
        ("connections held (`limits.connections_…`)", bounds(CONNECTIONS[3], CONNECTIONS[1], CONNECTIONS[2])),
        ("plain HTTP; requests that a proxy brings", bounds(HTTP[3], HTTP[1], HTTP[2])),
        ("uploads", bounds(UPLOADS_MAX, UPLOADS_PER_ADDRESS_MAX, 4 * UPLOADS_PER_ADDRESS_MAX)),
        (
            "transcripts of visitors",
            bounds(TRANSCRIPTS_OF_VISITORS_MAX, TRANSCRIPTS_PER_ADDRESS_MAX, 2 * TRANSCRIPTS_PER_ADDRESS_MAX),
        ),
    ]
}

#[test]
fn the_document_says_what_hostile_networks_leave() {
    let mut out = String::from(
        "| slots | in all | one address | one network | left by 18 hostile networks |\n|---|--:|--:|--:|--:|\n",
    );
    for (what, bounds) in slots() {
        let left = crate::limit::share::left_by(bounds, 18);
        assert!(left > 0, "{what}");
        let Bounds { all, address, network } = bounds;
        writeln!(out, "| {what} | {all} | {address} | {network} | {left} |").expect("a text grows");
    }
    is_documented("slots", &out);
}

fn shown(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..10_737_418_240 => format!("{} MiB", bytes.div_ceil(1_048_576)),
        _ => format!("{} GiB", bytes.div_ceil(1_073_741_824)),
    }
}

fn table(rows: &[(&str, Figures, &str)]) -> String {
    let mut out = String::from(
        "| what | one connection | one address | one network | everybody | bounded by |\n|---|--:|--:|--:|--:|---|\n",
    );
    for (what, figures, bound) in rows {
        let [connection, address, network, all] = figures.map(shown);
        writeln!(out, "| {what} | {connection} | {address} | {network} | {all} | {bound} |").expect("a text grows");
    }
    out
}

/// Compares a part of the document with what was computed, or writes it with `UPDATE_GOLDEN=1`.
fn is_documented(name: &str, computed: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) = text.split_once(&begin).expect("it has the part");
    let (there, after) = rest.split_once(&end).expect("and its end");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, [before, &begin, computed, &end, after].concat()).expect("written");
    } else {
        assert_eq!(there, computed, "docs/limits.md: UPDATE_GOLDEN=1 cargo test -p relay --lib limits writes it");
    }
}

#[test]
fn the_document_says_what_memory_strangers_can_take() {
    is_documented("memory", &table(&memory()));
}

/// A connection is a socket or a stream, never both; what one address can do at the same time is below what the attacks allow it.
#[test]
fn one_address_stays_within_what_it_may_cost() {
    let [_, connections, ..] = CONNECTIONS;
    let [_, http, ..] = HTTP;
    let socket = FRAME_BYTES_MAX + PAGE;
    let stream = 2 * POST_BYTES_MAX + crate::transport::stream::down::PART_BYTES;
    let beside: usize = memory()
        .iter()
        .filter(|(what, ..)| {
            !["a frame on", "a page being", "posts to", "heads of", "answers being", "recorded"]
                .iter()
                .any(|own| what.starts_with(own))
        })
        .map(|(_, [_, address, ..], _)| address)
        .sum();
    let all = beside + connections * socket.max(stream) + http * HEAD_BYTES_MAX.max(ANSWER);
    assert!(all <= 256 * 1024 * 1024, "one address can cost {}", shown(all));
}
