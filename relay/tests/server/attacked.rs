//! Eighteen hostile networks at once, straight and through the trusted proxy: half-open requests, silent connections, slow uploads, guessed
//! passwords. Somebody from elsewhere gets in all the same, and agents sign in and connect.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wire::{AttachmentId, ClientFrame, Hello, PROTOCOL, ServerFrame};

use crate::support::{ANSWER_WITHIN, Connection, PASSWORD, Relay, Visitor, hello, new_conversation};

const NETWORKS: u8 = 18;
/// Small pools, so that the attack fills what it can.
const LIMITS: &str = "trusted_proxies = [\"127.0.0.1\"]\n[limits]\nconnections_max = 640\n\
    connections_per_address_max = 20\nconnections_per_network_max = 40\n";
/// Somebody real is in within this.
const SOON: Duration = Duration::from_secs(1);

/// A socket that the proxy brings from there; or the status it was refused with.
pub(crate) async fn socket(relay: &Relay, from: &str, cookie: Option<&str>) -> Result<Connection, u16> {
    let mut request = format!("ws://{}/socket", relay.running.address).into_client_request().expect("a request");
    let origin = relay.origin();
    for (name, value) in [("origin", Some(origin.as_str())), ("x-forwarded-for", Some(from)), ("cookie", cookie)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
    }
    let connected = tokio::time::timeout(2 * ANSWER_WITHIN, tokio_tungstenite::connect_async(request)).await;
    match connected.expect("answered in time") {
        Ok((socket, _)) => Ok(Connection::Socket(Box::new(socket))),
        Err(Error::Http(answer)) => {
            let retry = answer.headers().get("retry-after");
            assert!(retry.is_some_and(|value| value.to_str().is_ok_and(|text| text.parse::<u64>().is_ok())));
            assert!(answer.body().as_ref().is_some_and(|words| !words.is_empty()), "refused without a word");
            Err(answer.status().as_u16())
        }
        Err(error) => panic!("{error}"),
    }
}

async fn sign_in(relay: &Relay, from: &str, device: Option<&str>, password: &str) -> reqwest::Response {
    let body = serde_json::json!({ "email": "ann@example.com", "password": password });
    let mut request = reqwest::Client::new().post(relay.url("/api/v1/session")).header("origin", relay.origin());
    request = request.header("x-forwarded-for", from).json(&body);
    if let Some(device) = device {
        request = request.header("cookie", device);
    }
    request.send().await.expect("answered")
}

fn cookies(response: &reqwest::Response) -> Vec<String> {
    let all = response.headers().get_all("set-cookie").iter();
    all.map(|value| value.to_str().expect("text").split(';').next().expect("a pair").to_owned()).collect()
}

/// Gets in as a visitor does: until its first message is recorded.
async fn visit(relay: &Relay, from: &str) -> (Duration, Visitor) {
    let began = Instant::now();
    let mut connection = socket(relay, from, None).await.expect("there is room for somebody else");
    connection.send(&hello("demo", None)).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    let mut visitor = Visitor { connection, token: None, id: None };
    visitor.register().await;
    visitor.say(new_conversation(), "is anybody there?").await;
    (began.elapsed(), visitor)
}

/// As many half heads as one network may have, straight from it.
async fn half_open(to: SocketAddr, network: u8) -> Vec<TcpStream> {
    let one = async |last: u8| {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, network, last)), 0)).expect("loopback is wide");
        let mut stream = socket.connect(to).await.expect("connected");
        // One that is closed already is not counted.
        let _ = stream.write_all(b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-le").await;
        stream
    };
    join_all((1..=40).map(one)).await
}

/// Uploads that bring nothing.
async fn slow_uploads(relay: &Relay, network: u8) -> Vec<TcpStream> {
    let from = format!("198.51.{network}.9");
    let (_, visitor) = visit(relay, &from).await;
    let conversation = new_conversation();
    let (origin, bearer) = (relay.origin(), visitor.bearer());
    let one = async |number: u8| {
        let mut stream = TcpStream::connect(relay.running.address).await.expect("connected");
        let id = AttachmentId(relay::clock::new_id());
        let head = format!(
            "PUT /upload/{conversation}/{id} HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\nauthorization: {bearer}\r\n\
             x-forwarded-for: 198.51.{network}.{number}\r\ncontent-length: 100000\r\n\r\nx"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream
    };
    join_all((1..=40).map(one)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn eighteen_networks_keep_neither_visitors_nor_agents_out() {
    let relay = Arc::new(Relay::start_with(LIMITS).await);
    let first = sign_in(&relay, "203.0.113.20", None, PASSWORD).await;
    let known = cookies(&first);
    let address = relay.running.address;

    // Slow uploads first: each network needs a visitor of its own for them.
    let uploads = join_all((1..=NETWORKS).map(|network| slow_uploads(&relay, network))).await;
    let halves = join_all((1..=NETWORKS).map(|network| half_open(address, network))).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let mut attack = JoinSet::new();
    for network in 1..=NETWORKS {
        for guesser in 0..4 {
            let relay = Arc::clone(&relay);
            attack.spawn(async move {
                let mut pause = tokio::time::interval(Duration::from_millis(100));
                loop {
                    pause.tick().await;
                    sign_in(&relay, &format!("198.51.{network}.{guesser}"), None, "a wrong password").await;
                }
            });
        }
    }
    let silent = (1..=NETWORKS).map(|network| {
        let (relay, refused) = (Arc::clone(&relay), Arc::clone(&refused));
        async move {
            let mut held = Vec::new();
            for number in 0..60 {
                match socket(&relay, &format!("198.51.{network}.{}", number % 5), None).await {
                    Ok(connection) => held.push(connection),
                    Err(_) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                }
            }
            held
        }
    });
    let silent = join_all(silent).await;
    assert!(refused.load(Ordering::Relaxed) > 0, "the attack met its bounds");

    let mut took = Vec::new();
    for last in 1..=5 {
        took.push(visit(&relay, &format!("203.0.113.{last}")).await.0);
    }
    took.sort();
    // The middle one: this machine may be busy with something else for a moment.
    assert!(took[2] <= SOON, "visitors got in after {took:?}");

    let strange = sign_in(&relay, "203.0.113.21", None, PASSWORD).await;
    assert_eq!(strange.status(), 204, "the right password from a browser that is not known");
    let again = sign_in(&relay, "198.51.1.1", Some(&known[1]), PASSWORD).await;
    assert_eq!(again.status(), 204, "the right password from a known browser, even beside the guessers");
    let cookie = cookies(&again).remove(0);
    let began = Instant::now();
    let mut console = socket(&relay, "198.51.1.1", Some(&cookie)).await.expect("an agent always gets in");
    console
        .send(&ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() })
        .await;
    console.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    assert!(began.elapsed() <= 2 * SOON, "{:?}", began.elapsed());
    attack.shutdown().await;
    drop((uploads, halves, silent));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_from_everywhere_lock_nobody_out() {
    let relay = Relay::start_with("trusted_proxies = [\"127.0.0.1\"]\n").await;
    let first = sign_in(&relay, "203.0.113.20", None, PASSWORD).await;
    assert_eq!(first.status(), 204);
    let device = cookies(&first).remove(1);
    // Ten wrong ones from ten addresses were enough once.
    for network in 1..=NETWORKS {
        assert_eq!(sign_in(&relay, &format!("198.51.{network}.1"), None, "a wrong password").await.status(), 401);
    }
    let known = sign_in(&relay, "198.51.1.1", Some(&device), PASSWORD).await;
    assert_eq!(known.status(), 204);
    let began = Instant::now();
    assert_eq!(sign_in(&relay, "203.0.113.99", None, PASSWORD).await.status(), 204);
    assert!(began.elapsed() >= Duration::from_millis(wire::limit::SIGN_IN_SLOWED_MS), "strange browsers wait");
    // One address that guesses on meets its own bound, which is its own.
    let mut last = 0;
    for _ in 0..=wire::limit::SIGN_IN_FAILURES_MAX {
        last = sign_in(&relay, "198.51.100.77", None, "a wrong password").await.status().as_u16();
    }
    assert_eq!(last, 429);
    // A cookie that the relay has not made, or that it has replaced, makes nobody known.
    for device in [&device, &format!("causeway_device={}", "0".repeat(64))] {
        assert_eq!(sign_in(&relay, "198.51.100.77", Some(device), PASSWORD).await.status(), 429);
    }
    relay.running.stop().await.expect("stopped");
}
