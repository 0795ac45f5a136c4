//! HTTP as an attacker speaks it: heads without end, bytes without hurry, connections without number. Bounded, and others are served.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::limit::{CONNECTIONS_PER_ADDRESS_MAX, HEAD_BYTES_MAX, HTTP_CONNECTIONS_SPARE, TRANSFER_STALL_MS};
use wire::{Attachment, AttachmentId, Refusal};

use crate::file::{PNG, put};
use crate::support::{ANSWER_WITHIN, Relay, new_conversation};

/// How long the relay waits for a head; the bound in the listener is not public.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// Connections of the crowd, where the limit of open files allows as many.
const CROWD: usize = 10_000;
/// Files that the relay and the test itself hold open beside the crowd.
const FILES_BESIDE: usize = 400;

/// A connection from one of this machine's addresses: 127.0.0.1 attacks, the others are everybody else.
async fn from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).expect("loopback has many addresses");
    tokio::time::timeout(ANSWER_WITHIN, socket.connect(to)).await.expect("connected in time").expect("connected")
}

/// Everything that comes until the relay closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is an end, too.
    let _ =
        tokio::time::timeout(ANSWER_WITHIN + HEAD_WAIT, stream.read_to_end(&mut bytes)).await.expect("closed in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Somebody at another address gets an answer.
async fn others_are_served(relay: &Relay) {
    let mut stream = from(2, relay.running.address).await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Sends a head and gives the answer's first line; empty when there was none.
async fn answer_to(relay: &Relay, head: Vec<u8>) -> String {
    let mut stream = from(1, relay.running.address).await;
    let (mut reading, mut writing) = stream.split();
    let mut bytes = Vec::new();
    // The relay may close before all of it is sent.
    let both = async { tokio::join!(writing.write_all(&head), reading.read_to_end(&mut bytes)) };
    let _ = tokio::time::timeout(ANSWER_WITHIN + HEAD_WAIT, both).await.expect("closed in time");
    String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_bounded_in_bytes_and_number() {
    let relay = Relay::start().await;
    let head = |line: &str, rest: String| format!("{line}\r\nhost: x\r\nconnection: close\r\n{rest}\r\n").into_bytes();
    let get = "GET /health HTTP/1.1";
    let large = |bytes: usize| head(get, format!("cookie: {}\r\n", "a".repeat(bytes)));
    assert_eq!(answer_to(&relay, large(HEAD_BYTES_MAX / 2)).await, "HTTP/1.1 200 OK", "what proxies add fits");
    for (what, bomb) in [
        ("one large header", large(2 * HEAD_BYTES_MAX)),
        ("one without end", large(64 * 1024 * 1024)),
        ("many small ones", head(get, "a: b\r\n".repeat(1_000))),
        ("very many", head(get, "a: b\r\n".repeat(1_000_000))),
        ("a long address", head(&format!("GET /{} HTTP/1.1", "a".repeat(2 * HEAD_BYTES_MAX)), String::new())),
        ("an endless method", vec![b'A'; 1024 * 1024]),
        ("nonsense", b"\0\xff\r\n\r\n".repeat(1_000)),
    ] {
        let answer = answer_to(&relay, bomb).await;
        // A reset may overtake the answer when the relay closes on bytes it will not read.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        others_are_served(&relay).await;
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn dribbled_bytes_buy_no_time() {
    let relay = Relay::start().await;
    let mut chat = relay.registered().await;
    let began = Instant::now();
    let dribblers: Vec<_> = (0..100)
        .map(|number| {
            let address = relay.running.address;
            tokio::spawn(async move {
                let mut stream = from(1, address).await;
                let begun: &[u8] = match number % 3 {
                    0 => b"",
                    1 => b"GET /health HTTP/1.1\r\nhost: x\r\n",
                    _ => b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n",
                };
                stream.write_all(begun).await.expect("sent");
                let (mut reading, mut writing) = stream.split();
                let dribble = async {
                    let mut pause = tokio::time::interval(Duration::from_millis(250));
                    loop {
                        pause.tick().await;
                        if writing.write_all(b"a").await.is_err() {
                            return;
                        }
                    }
                };
                let mut bytes = Vec::new();
                tokio::select! {
                    () = dribble => {}
                    _ = reading.read_to_end(&mut bytes) => {}
                }
                began.elapsed()
            })
        })
        .collect();
    others_are_served(&relay).await;
    chat.say(new_conversation(), "still fine").await;
    for dribbler in dribblers {
        let held =
            tokio::time::timeout(HEAD_WAIT + ANSWER_WITHIN, dribbler).await.expect("closed in time").expect("ended");
        assert!(held < HEAD_WAIT + ANSWER_WITHIN, "held for {held:?}");
    }
    relay.running.stop().await.expect("stopped");
}

/// Whether the relay's end of the connection from this port is open, as the system sees it.
fn is_held_by_relay(relay: &Relay, port: u16) -> bool {
    /// In the system's list.
    const ESTABLISHED: &str = "01";
    let listed = std::fs::read_to_string("/proc/net/tcp").expect("Linux tells");
    let (own, other) = (format!(":{:04X}", relay.running.address.port()), format!(":{port:04X}"));
    listed.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        matches!(fields[..], [_, near, far, ESTABLISHED, ..] if near.ends_with(&own) && far.ends_with(&other))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_or_brings_next_to_nothing_is_cut() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let conversation = new_conversation();
    let mut picture = PNG.to_vec();
    picture.resize(8 * 1024 * 1024, 0);
    let bytes = picture.len();
    let kept = put(&relay, &visitor, conversation, "large.png", picture).await;
    let kept: Attachment = kept.json().await.expect("it was kept");
    let who = format!(
        "host: x\r\norigin: {}\r\nauthorization: {}\r\nx-causeway-site: demo\r\n",
        relay.origin(),
        visitor.bearer()
    );
    let mut taking = from(1, relay.running.address).await;
    taking.write_all(format!("GET /file/{} HTTP/1.1\r\n{who}\r\n", kept.id).as_bytes()).await.expect("asked");
    let mut bringing = from(1, relay.running.address).await;
    let place = format!("/upload/{conversation}/{}", AttachmentId(relay::clock::new_id()));
    let head = format!("PUT {place} HTTP/1.1\r\n{who}content-length: 100000\r\n\r\n");
    bringing.write_all(head.as_bytes()).await.expect("begun");
    let began = Instant::now();
    let (mut reading, mut writing) = bringing.split();
    let dribble = async {
        let mut pause = tokio::time::interval(Duration::from_millis(250));
        while writing.write_all(b"a").await.is_ok() {
            pause.tick().await;
        }
        std::future::pending::<()>().await;
    };
    let stall = Duration::from_millis(TRANSFER_STALL_MS);
    let mut answer = Vec::new();
    tokio::select! {
        () = dribble => {}
        // A reset after the answer is an end, too.
        _ = tokio::time::timeout(stall + ANSWER_WITHIN, reading.read_to_end(&mut answer)) => {}
    }
    let (answer, held) = (String::from_utf8_lossy(&answer).into_owned(), began.elapsed());
    let refusal = serde_json::to_string(&Refusal::UploadBroken).expect("JSON");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with(&refusal), "after {held:?}: {answer}");
    others_are_served(&relay).await;
    // The other one waited as long; once the relay has let go of it, what it finds is what was in the kernel.
    let port = taking.local_addr().expect("it is bound").port();
    let cut = async {
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        while is_held_by_relay(&relay, port) {
            pause.tick().await;
        }
    };
    tokio::time::timeout(ANSWER_WITHIN, cut).await.expect("whoever takes nothing is cut, too");
    let taken = rest(&mut taking).await.len();
    assert!(taken < bytes, "all {taken} bytes were still to be had");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_tls_handshake_is_cut_while_others_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let relay = Relay::start_with(&format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")).await;
    // The first bytes of a handshake record that promises more, and nothing at all.
    let slow: [&[u8]; 3] = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x16", b""];
    let mut slow_ones = Vec::new();
    for bytes in slow {
        let mut stream = from(1, relay.running.address).await;
        stream.write_all(bytes).await.expect("sent");
        slow_ones.push(stream);
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a certificate");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = from(2, relay.running.address).await;
    let name = "localhost".try_into().expect("a name");
    let mut stream = connector.connect(name, stream).await.expect("an honest handshake");
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    // The relay may end without a closing alert.
    let _ = tokio::time::timeout(ANSWER_WITHIN, stream.read_to_end(&mut answer)).await.expect("answered in time");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    for mut stream in slow_ones {
        assert_eq!(rest(&mut stream).await, "", "a handshake that never came is answered with nothing");
    }
    relay.running.stop().await.expect("stopped");
}

/// Raises the limit of open files as far as it goes and gives it.
fn open_files_max() -> usize {
    let raise = "prlimit --pid $1 --nofile=$(ulimit -Hn):";
    // prlimit is of util-linux, which every Debian has; where it is missing the crowd is smaller.
    let _ = std::process::Command::new("sh").args(["-c", raise, "sh", &std::process::id().to_string()]).output();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}

/// Memory of this process, in which the relay and the crowd both are.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_half_open_connections_is_bounded_for_its_address() {
    let relay = Relay::start().await;
    let mut chat = relay.registered().await;
    let bound = CONNECTIONS_PER_ADDRESS_MAX + HTTP_CONNECTIONS_SPARE;
    // Each one that is let in is open twice, here and in the relay.
    let room = open_files_max().saturating_sub(FILES_BESIDE + 2 * bound);
    let crowd = CROWD.min(room);
    assert!(crowd > 0, "the limit of open files leaves no room for a crowd");
    eprintln!("{crowd} half-open connections of {CROWD}");
    let before_kib = memory_kib();
    let mut sockets = Vec::with_capacity(crowd);
    for number in 0..crowd {
        let mut stream = from(1, relay.running.address).await;
        // Half a head from some; a relay that closed already is noticed below.
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /health HTTP/1.1\r\nhost:").await;
        }
        sockets.push(stream.into_std().expect("a plain socket"));
        if number % 1_000 == 0 {
            others_are_served(&relay).await;
        }
    }
    others_are_served(&relay).await;
    // Whoever came over the bound is closed at once: wait until all of those have noticed.
    let end = Instant::now() + ANSWER_WITHIN;
    let is_held = |socket: &mut std::net::TcpStream| matches!(socket.read(&mut [0; 64]), Err(error) if error.kind() == ErrorKind::WouldBlock);
    let held = loop {
        let held = sockets.iter_mut().filter_map(|socket| is_held(socket).then_some(())).count();
        if held <= bound || Instant::now() > end {
            break held;
        }
        tokio::task::yield_now().await;
    };
    assert!(held <= bound, "{held} are held for one address, {bound} at most");
    let sent = rest(&mut from(1, relay.running.address).await).await;
    assert!(
        sent.starts_with("HTTP/1.1 503 ") && sent.contains("\r\nretry-after: ") && sent.ends_with("try again soon.")
    );
    let grown_kib = memory_kib().saturating_sub(before_kib);
    assert!(grown_kib < 64 * 1024, "{crowd} half-open connections cost {grown_kib} KiB");
    // Who was here before from the very same address goes on.
    chat.say(new_conversation(), "the crowd is no concern of mine").await;
    relay.running.stop().await.expect("stopped");
}

/// A frame of a client, without a mask to speak of (RFC 6455, section 5.2).
fn piece(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..126) => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(payload.len()).expect("a short one").to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_a_frame_that_never_ends_are_cut() {
    let relay = Relay::start().await;
    let mut stream = from(1, relay.running.address).await;
    let head = format!(
        "GET /socket HTTP/1.1\r\nhost: {}\r\norigin: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        relay.running.address,
        crate::support::SITE_ORIGIN
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let hello = serde_json::to_vec(&crate::support::hello("demo", None)).expect("JSON");
    stream.write_all(&piece(0x81, &hello)).await.expect("sent");
    let mut welcome = [0; 512];
    assert!(stream.read(&mut welcome).await.expect("an answer") > 0);
    // A text begins, and goes on with nothing, as fast as it is taken.
    stream.write_all(&piece(0x01, b"a")).await.expect("sent");
    let empty = piece(0x00, b"").repeat(10_000);
    let began = Instant::now();
    let mut sent = 0;
    while stream.write_all(&empty).await.is_ok() {
        sent += empty.len();
        assert!(began.elapsed() < ANSWER_WITHIN, "after {sent} bytes it goes on");
    }
    assert!(sent < 40 << 20, "{sent} bytes were taken");
    others_are_served(&relay).await;
    relay.running.stop().await.expect("stopped");
}
