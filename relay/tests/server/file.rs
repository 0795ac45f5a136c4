//! Uploads in both directions, and every way they can go wrong.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::{Attachment, AttachmentId, Body, ClientFrame, ConversationId, Media, Refusal, Say};

use crate::support::{Relay, Visitor, new_conversation, new_message};

/// A picture of two by one.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0\x7b\x40\xe8\xdd\
\0\0\0\x0bIDATx\xdac\xf8\xcf\xc0\0\0\x03\x01\x01\0\xf7\x03A\x43\0\0\0\0IEND\xaeB\x60\x82";

/// Uploads under a new id.
pub(crate) async fn put(
    relay: &Relay,
    visitor: &Visitor,
    conversation: ConversationId,
    name: &str,
    body: Vec<u8>,
) -> reqwest::Response {
    let id = AttachmentId(relay::clock::new_id());
    request(relay, visitor, conversation, id, name).body(body).send().await.expect("answered")
}

fn request(
    relay: &Relay,
    visitor: &Visitor,
    conversation: ConversationId,
    id: AttachmentId,
    name: &str,
) -> reqwest::RequestBuilder {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    reqwest::Client::new()
        .put(relay.url(&format!("/upload/{conversation}/{id}")))
        .header("origin", relay.origin())
        .header("authorization", visitor.bearer())
        .header("x-causeway-site", "demo")
        .header("x-file-name", name)
}

async fn refused(response: reqwest::Response, status: u16, refusal: &Refusal) {
    assert_eq!(response.status(), status);
    assert_eq!(&response.json::<Refusal>().await.expect("a refusal"), refusal);
}

/// Files lying in the data folder, finished or not.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| !path.ends_with("causeway.id"));
    paths.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_both_ways() {
    let relay = Relay::start().await;
    let mut agent = relay.agent("ann").await;
    let mut visitor = relay.registered().await;
    // The first message may be a file.
    let conversation = new_conversation();
    let sent = put(&relay, &visitor, conversation, "Снимок 1.png", PNG.to_vec()).await;
    assert_eq!(sent.status(), 201);
    let attachment: Attachment = sent.json().await.expect("JSON");
    assert_eq!((attachment.name.as_str(), attachment.media_type.as_str()), ("Снимок 1.png", "image/png"));
    assert_eq!((attachment.media, attachment.width, attachment.height), (Media::Image, 2, 1));
    let say = Say::File { attachment: attachment.id };
    visitor.connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    let body = Body::File { attachment: attachment.clone() };
    visitor.connection.event(|event| event.body == body).await;

    let client = reqwest::Client::new();
    let got = client.get(relay.url(&format!("/api/v1/files/{}", attachment.id))).header("cookie", &agent.cookie);
    let got = got.send().await.expect("answered");
    let header = |name: &str| got.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(header("cache-control"), "private, no-store");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    assert!(header("content-disposition").starts_with("attachment; "), "never shown under the relay's own address");
    assert_eq!(got.bytes().await.expect("bytes"), PNG);

    // And back: a document from the agent.
    agent.follow(conversation).await;
    visitor.connection.event(|event| event.body == Body::Joined).await;
    let id = AttachmentId(relay::clock::new_id());
    let sent = client
        .put(relay.url(&format!("/api/v1/conversations/{conversation}/files/{id}")))
        .header("origin", relay.origin())
        .header("cookie", &agent.cookie)
        .header("x-file-name", "statement.csv")
        .body("time,price\n1,2\n");
    assert_eq!(sent.send().await.expect("answered").status(), 201);
    let message = new_message();
    agent.connection.send(&ClientFrame::Say { conversation, id: message, say: Say::File { attachment: id } }).await;
    visitor.connection.event(|event| event.id == message).await;
    let got = client.get(relay.url(&format!("/file/{id}"))).header("authorization", visitor.bearer());
    let got = got.send().await.expect("answered");
    assert_eq!(got.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(got.headers()["content-disposition"].to_str().expect("text").starts_with("attachment; "));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_kinds_are_refused_and_leave_nothing() {
    let relay = Relay::start_with("[limits]\nattachment_bytes_max = 100000\n").await;
    let visitor = relay.registered().await;
    let conversation = new_conversation();
    let send = async |name: &str, body: Vec<u8>| put(&relay, &visitor, conversation, name, body).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    refused(send("picture.svg", svg.clone()).await, 415, &Refusal::FileKind).await;
    refused(send("picture.png", svg).await, 415, &Refusal::FileKind).await;
    refused(send("picture.png", b"<html><script>1</script>".to_vec()).await, 415, &Refusal::FileKind).await;
    refused(send("run.txt", b"MZ\x90\0\x03\0\0\0".to_vec()).await, 415, &Refusal::FileKind).await;
    refused(send("empty.txt", Vec::new()).await, 400, &Refusal::FileEmpty).await;
    // Text in another encoding is refused as such, also where that shows late.
    refused(send("a.txt", b"caf\xe9\n".to_vec()).await, 415, &Refusal::FileEncoding).await;
    let mut late = vec![b'a'; 70_000];
    late.extend(b"\xcf\xf0\xe8");
    refused(send("late.csv", late).await, 415, &Refusal::FileEncoding).await;
    // A few bytes that unpack to gigabytes.
    let mut large = PNG.to_vec();
    large[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let pixels_max = wire::limit::PICTURE_PIXELS_MAX;
    refused(send("large.png", large).await, 413, &Refusal::PictureTooLarge { pixels_max }).await;
    let mut late = vec![b'a'; 90_000];
    late.push(0);
    refused(send("nul-at-the-end.txt", late).await, 415, &Refusal::FileKind).await;
    let too_large = Refusal::FileTooLarge { bytes_max: 100_000 };
    refused(send("long.txt", vec![b'a'; 100_001]).await, 413, &too_large).await;
    // Without an announced length the bound holds as well.
    let pieces = futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 1_000])));
    let id = AttachmentId(relay::clock::new_id());
    let sent = request(&relay, &visitor, conversation, id, "long.txt");
    let sent = sent.body(reqwest::Body::wrap_stream(pieces)).send().await.expect("answered");
    refused(sent, 413, &too_large).await;
    assert_eq!(files(&relay.folder.path().join("files")), 0);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_cut_in_half_leaves_nothing() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let mut socket = tokio::net::TcpStream::connect(relay.running.address).await.expect("connected");
    let head = format!(
        "PUT /upload/{}/{} HTTP/1.1\r\nhost: x\r\norigin: {}\r\nauthorization: {}\r\nx-file-name: a.png\r\n\
         content-length: 1000000\r\n\r\n",
        new_conversation(),
        AttachmentId(relay::clock::new_id()),
        relay.origin(),
        visitor.bearer()
    );
    socket.write_all(head.as_bytes()).await.expect("sent");
    socket.write_all(PNG).await.expect("sent");
    socket.write_all(&vec![7; 400_000]).await.expect("sent");
    let folder = relay.folder.path().join("files");
    // It is being written, then the connection breaks.
    wait_for(|| files(&folder) > 0).await;
    drop(socket);
    wait_for(|| files(&folder) == 0).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_may_end_its_sending_too_early() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let mut socket = tokio::net::TcpStream::connect(relay.running.address).await.expect("connected");
    let head = format!(
        "PUT /upload/{}/{} HTTP/1.1\r\nhost: x\r\norigin: {}\r\nauthorization: {}\r\ncontent-length: 1000\r\n\r\n",
        new_conversation(),
        AttachmentId(relay::clock::new_id()),
        relay.origin(),
        visitor.bearer()
    );
    socket.write_all(head.as_bytes()).await.expect("sent");
    socket.write_all(PNG).await.expect("sent");
    socket.shutdown().await.expect("half closed");
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(files(&relay.folder.path().join("files")), 0);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_become_harmless() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let conversation = new_conversation();
    for (name, kept) in [
        ("../../x".to_owned(), "x.png".to_owned()),
        ("a".repeat(4_000), format!("{}.png", "a".repeat(116))),
        ("b\r\nset-cookie: x=y\u{202e}gnp".to_owned(), "bset-cookie: x=ygnp.png".to_owned()),
    ] {
        let sent = put(&relay, &visitor, conversation, &name, PNG.to_vec()).await;
        assert_eq!(sent.status(), 201);
        let attachment: Attachment = sent.json().await.expect("JSON");
        assert_eq!(attachment.name, kept);
        let got = reqwest::Client::new().get(relay.url(&format!("/file/{}", attachment.id)));
        let got = got.header("authorization", visitor.bearer()).send().await.expect("answered");
        assert_eq!(got.status(), 200);
        assert!(!got.headers().contains_key("set-cookie"));
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_twice_is_one_file() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let conversation = new_conversation();
    let id = AttachmentId(relay::clock::new_id());
    let mut answers = Vec::new();
    for _ in 0..2 {
        let sent = request(&relay, &visitor, conversation, id, "a.png").body(PNG).send().await.expect("answered");
        assert_eq!(sent.status(), 201);
        answers.push(sent.json::<Attachment>().await.expect("JSON"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(files(&relay.folder.path().join("files")), 1);
    let elsewhere = request(&relay, &visitor, new_conversation(), id, "a.png").body(PNG).send().await;
    assert_eq!(elsewhere.expect("answered").status(), 404);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_come_from_allowed_pages_only() {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    let conversation = new_conversation();
    for (origin, status) in
        [("http://evil.example.com", 403), ("http://other.example.com", 403), (crate::support::SITE_ORIGIN, 201)]
    {
        let id = AttachmentId(relay::clock::new_id());
        let sent = reqwest::Client::new()
            .put(relay.url(&format!("/upload/{conversation}/{id}")))
            .header("origin", origin)
            .header("authorization", visitor.bearer())
            .body(PNG);
        assert_eq!(sent.send().await.expect("answered").status(), status, "{origin}");
    }
    relay.running.stop().await.expect("stopped");
}

async fn wait_for(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::ANSWER_WITHIN, waiting).await.expect("in time");
}
