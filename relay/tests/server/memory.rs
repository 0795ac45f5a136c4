//! What strangers can make the relay hold: every way that `docs/limits.md` names is tried on the real binary, by 200 connections of one
//! address, and its memory is read before, meanwhile and afterwards.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::limit::{
    CONNECTIONS_PER_ADDRESS_MAX, FRAME_BYTES_MAX, HEAD_BYTES_MAX, HTTP_CONNECTIONS_SPARE, POST_BYTES_MAX,
    TEXT_CHARS_MAX,
};
use wire::{AttachmentId, ClientFrame, ConversationId, Lane, Seq, Token};

use crate::command::{relay, start};
use crate::support::{ANSWER_WITHIN, Connection, SITE_ORIGIN, Visitor, add_site, hello, new_conversation};

/// Connections of the address that attacks: as many as it may have.
const HOSTILE: usize = CONNECTIONS_PER_ADDRESS_MAX;
/// What they may cost for as long as they stay …
const HELD_KIB_MAX: u64 = 256 * 1024;
/// … and soon after they are gone.
const LEFT_KIB_MAX: u64 = 32 * 1024;
/// How soon that must be.
const SOON: Duration = Duration::from_secs(60);
/// Texts of the longest kind in the conversation that is asked for again and again.
const TEXTS: usize = 40;
/// Pages that each connection asks for, within what it may say at once.
const PAGES: usize = 60;
/// A mask that changes nothing.
const MASK: [u8; 4] = [0; 4];

/// The relay under attack, and what an attacker knows of it.
struct Target {
    address: SocketAddr,
    process: u32,
    /// Its memory before the first attack.
    before_kib: u64,
    origin: String,
    token: Token,
    conversation: ConversationId,
}

impl Target {
    /// A connection from an address of its own, with hardly any room to take something in.
    async fn connect(&self, from: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4 * 1024).expect("a small one");
        let own = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, from)), 0);
        socket.bind(own).expect("loopback has many addresses");
        tokio::time::timeout(ANSWER_WITHIN, socket.connect(self.address)).await.expect("in time").expect("connected")
    }

    /// The same, and this said.
    async fn say(&self, from: u8, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = self.connect(from).await;
        stream.write_all(head.as_bytes()).await.expect("said");
        // Whoever is refused may be cut off meanwhile.
        let _ = stream.write_all(body).await;
        stream
    }

    fn who(&self) -> String {
        format!(
            "host: x\r\norigin: {}\r\nauthorization: Bearer {}\r\nx-causeway-site: demo\r\n",
            self.origin,
            self.token.reveal()
        )
    }

    fn hello(&self) -> String {
        serde_json::to_string(&hello("demo", Some(&self.token))).expect("JSON")
    }

    /// A WebSocket that has not said hello.
    async fn socket(&self, from: u8) -> TcpStream {
        let head = format!(
            "GET /socket HTTP/1.1\r\nhost: x\r\norigin: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.origin
        );
        let mut stream = self.say(from, &head, b"").await;
        let answer = read_until(&mut stream, "\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        stream
    }

    /// One that has, and was welcomed.
    async fn chat(&self, from: u8) -> TcpStream {
        let mut stream = self.socket(from).await;
        stream.write_all(&frame(self.hello().as_bytes())).await.expect("said");
        read_until(&mut stream, "\"welcome\"").await;
        stream
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process)).expect("the process runs");
        let connection =
            text.lines().find_map(|connection| connection.strip_prefix(name)).expect("the system counts memory");
        connection
            .trim_matches([':', ' ', '\t'])
            .split_whitespace()
            .next()
            .and_then(|kib| kib.parse().ok())
            .expect("a number")
    }

    /// From now on the peak counts anew.
    fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.process), "5").expect("the process is ours");
    }

    /// Waits until the memory has not grown for a while.
    async fn settled(&self) {
        let end = Instant::now() + ANSWER_WITHIN;
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        let (mut peak, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_millis(500) && Instant::now() < end {
            pause.tick().await;
            let now = self.memory_kib("VmHWM");
            if now > peak {
                (peak, since) = (now, Instant::now());
            }
        }
    }
}

/// A whole text frame, as a client sends it.
fn frame(text: &[u8]) -> Vec<u8> {
    let mut bytes = frame_head(text.len());
    bytes.extend_from_slice(text);
    bytes
}

/// The head of a text frame of this length.
fn frame_head(length: usize) -> Vec<u8> {
    let mut bytes = vec![0x81];
    if length < 126 {
        bytes.push(0x80 | u8::try_from(length).expect("short"));
    } else if let Ok(length) = u16::try_from(length) {
        bytes.push(0x80 | 126);
        bytes.extend_from_slice(&length.to_be_bytes());
    } else {
        bytes.push(0x80 | 127);
        bytes.extend_from_slice(&(length as u64).to_be_bytes());
    }
    bytes.extend_from_slice(&MASK);
    bytes
}

/// Reads until this has come, and little more.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(stream.read_u8().await.expect("it goes on"));
        }
    };
    tokio::time::timeout(ANSWER_WITHIN, read).await.expect("in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A visitor with a conversation of long texts, at a relay of its own.
async fn target(address: &str, process: u32) -> Target {
    let origin = format!("http://{address}");
    let mut connection = Connection::connect(address, Some(&origin), None).await;
    connection.send(&hello("demo", None)).await;
    let mut visitor = Visitor { connection, token: None, id: None };
    visitor.register().await;
    let conversation = new_conversation();
    for number in 0..TEXTS {
        visitor.say(conversation, &format!("{number} {}", "😀".repeat(TEXT_CHARS_MAX - 4))).await;
    }
    let token = visitor.token.expect("registered");
    let address = address.parse().expect("an address");
    let mut target = Target { address, process, before_kib: 0, origin, token, conversation };
    target.before_kib = target.memory_kib("VmRSS");
    target
}

/// One way to make the relay hold something: so many connections, of which each does this.
async fn attack(target: &Target, name: &str, connections: usize, each: impl AsyncFn(usize) -> Vec<TcpStream>) {
    target.forget_peak();
    let mut held = Vec::with_capacity(connections);
    for number in 0..connections {
        held.extend(each(number).await);
    }
    target.settled().await;
    let peak_kib = target.memory_kib("VmHWM").saturating_sub(target.before_kib);
    drop(held);
    let gone = Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let left_kib = loop {
        pause.tick().await;
        let left_kib = target.memory_kib("VmRSS").saturating_sub(target.before_kib);
        if left_kib <= LEFT_KIB_MAX || gone.elapsed() > SOON {
            break left_kib;
        }
    };
    eprintln!("{name}: {peak_kib} KiB at most, {left_kib} KiB after {:.1} s", gone.elapsed().as_secs_f32());
    assert!(peak_kib <= HELD_KIB_MAX, "{name} cost {peak_kib} KiB");
    assert!(left_kib <= LEFT_KIB_MAX, "{name} left {left_kib} KiB behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_hostile_connections_cost_little_and_nothing_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    add_site(folder.path(), "demo", SITE_ORIGIN);
    let (mut child, _out, address) = start(&mut relay(folder.path()));
    let target = target(&address, child.id()).await;
    let conversation = target.conversation;
    let fetch = ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO };
    let fetch = serde_json::to_string(&fetch).expect("JSON");
    let length = |bytes: usize| format!("content-length: {bytes}\r\n");

    attack(&target, "pages that nobody reads, on sockets", HOSTILE, async |_| {
        let mut stream = target.chat(1).await;
        stream.write_all(&frame(fetch.as_bytes()).repeat(PAGES)).await.expect("asked");
        vec![stream]
    })
    .await;
    attack(&target, "pages that nobody reads, on streams", HOSTILE, async |_| {
        let hello = target.hello();
        let head = format!("POST /stream HTTP/1.1\r\n{}{}\r\n", target.who(), length(hello.len()));
        let mut stream = target.say(2, &head, hello.as_bytes()).await;
        read_until(&mut stream, "event: open\ndata: ").await;
        let key = read_until(&mut stream, "\n").await;
        let body = vec![fetch.as_str(); 30].join("\n");
        let head = format!("POST /frame HTTP/1.1\r\nhost: x\r\nx-line: {}\r\n{}\r\n", key.trim(), length(body.len()));
        let mut post = target.say(2, &head, body.as_bytes()).await;
        read_until(&mut post, "204").await;
        // The next one is begun and never finished.
        let head =
            format!("POST /frame HTTP/1.1\r\nhost: x\r\nx-line: {}\r\n{}\r\n", key.trim(), length(POST_BYTES_MAX));
        vec![stream, post, target.say(2, &head, &vec![b'a'; POST_BYTES_MAX - 1]).await]
    })
    .await;
    attack(&target, "half frames", HOSTILE, async |_| {
        let mut stream = target.chat(3).await;
        stream.write_all(&frame_head(FRAME_BYTES_MAX)).await.expect("begun");
        stream.write_all(&vec![b'a'; FRAME_BYTES_MAX - 1]).await.expect("begun");
        vec![stream]
    })
    .await;
    attack(&target, "half hellos", HOSTILE, async |_| {
        let mut stream = target.socket(4).await;
        stream.write_all(&frame_head(FRAME_BYTES_MAX)).await.expect("begun");
        stream.write_all(&vec![b'a'; FRAME_BYTES_MAX - 1]).await.expect("begun");
        vec![stream]
    })
    .await;
    attack(&target, "transcripts that nobody reads", HOSTILE, async |number| {
        let format = ["text", "json", "html"][number % 3];
        let head = format!("GET /transcript/{conversation}?format={format} HTTP/1.1\r\n{}\r\n", target.who());
        vec![target.say(5, &head, b"").await]
    })
    .await;
    attack(&target, "uploads that come to no end", HOSTILE, async |_| {
        let file = AttachmentId(::relay::clock::new_id());
        let head = format!("PUT /upload/{conversation}/{file} HTTP/1.1\r\n{}{}\r\n", target.who(), length(16 << 20));
        vec![target.say(6, &head, &vec![b'a'; 256 * 1024]).await]
    })
    .await;
    attack(&target, "half heads", HOSTILE + HTTP_CONNECTIONS_SPARE, async |_| {
        let head = format!("GET /health HTTP/1.1\r\nhost: x\r\ncookie: {}", "a".repeat(HEAD_BYTES_MAX - 200));
        vec![target.say(7, &head, b"").await]
    })
    .await;
    child.kill().expect("killed");
    child.wait().expect("ended");
}
