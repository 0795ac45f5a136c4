//! The generator's connections: one WebSocket each, and what is read and written on it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::board::{Board, Received};

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// No step of a handshake takes longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// A connection that said nothing for this long pings: before the relay takes it for dead, and so rarely that a short
/// measurement has none of it.
const SILENCE_MAX: Duration = Duration::from_secs(100);
/// The library's own read buffer would be 128 KiB for each of thousands of lines.
const READ_BUFFER_BYTES: usize = 8 * 1024;

/// One side's words of one protocol.
pub(crate) trait Codec {
    /// The frames that send the message with this number.
    fn say(&mut self, index: u64, frames: &mut Vec<String>);
    /// What a frame means.
    fn receive(&mut self, text: &str, received: &mut Vec<Received>);
    /// What a client says that has long had nothing to say, where the server expects that.
    fn ping(&self) -> Option<&'static str> {
        None
    }
}

/// A connection that is ready to write and to receive messages.
pub(crate) struct Connection {
    /// The socket, past every handshake.
    pub(crate) socket: Socket,
    /// What is spoken on it.
    pub(crate) codec: Box<dyn Codec>,
}

/// Opens a WebSocket on loopback.
pub(crate) async fn open(port: u16, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket> {
    let mut request = format!("ws://127.0.0.1:{port}{path}").into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    let opened = async {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        anyhow::Ok(socket)
    };
    timeout(ANSWER_WITHIN, opened).await.context("no handshake in time")?
}

/// Sends one text frame.
pub(crate) async fn send(socket: &mut Socket, text: impl Into<String>) -> Result<()> {
    Ok(socket.send(Message::text(text.into())).await?)
}

/// Hears frames until one is what is looked for.
pub(crate) async fn until<T>(socket: &mut Socket, what: &str, mut pick: impl FnMut(&str) -> Option<T>) -> Result<T> {
    let found = async {
        let mut last = String::new();
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => bail!("closed ({frame:?}) instead of {what}; last received: {last}"),
                Some(Ok(message)) => {
                    let Some(text) = words(&message) else { continue };
                    if let Some(found) = pick(text) {
                        return Ok(found);
                    }
                    text.clone_into(&mut last);
                }
                Some(Err(error)) => return Err(anyhow!(error).context(format!("no {what}; last received: {last}"))),
                None => bail!("ended instead of {what}; last received: {last}"),
            }
        }
    };
    timeout(ANSWER_WITHIN, found).await.with_context(|| format!("no {what} in time"))?
}

/// What a message says: text, whether its frame is marked as text or, as with NATS, as binary.
fn words(message: &Message) -> Option<&str> {
    match message {
        Message::Text(text) => Some(text),
        Message::Binary(bytes) => std::str::from_utf8(bytes).ok(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

/// The life of a connection under load: sends the messages it is told to, and notes on the board what it receives.
pub(crate) async fn drive(connection: Connection, mut orders: UnboundedReceiver<u64>, board: Rc<RefCell<Board>>) {
    let Connection { mut socket, mut codec } = connection;
    let (mut frames, mut received) = (Vec::new(), Vec::new());
    let mut said = Instant::now();
    let silence = sleep_until(said + SILENCE_MAX);
    tokio::pin!(silence);
    let end = loop {
        tokio::select! {
            () = &mut silence => {
                if said.elapsed() >= SILENCE_MAX {
                    frames.extend(codec.ping().map(str::to_owned));
                    said = Instant::now();
                }
                silence.as_mut().reset(said + SILENCE_MAX);
            }
            order = orders.recv() => {
                // The measurement is over: nothing is noted any more.
                let Some(index) = order else { return };
                codec.say(index, &mut frames);
            }
            message = socket.next() => match message {
                Some(Ok(Message::Close(frame))) => break frame.map_or(1005, |frame| frame.code.into()).to_string(),
                Some(Ok(message)) => {
                    let Some(text) = words(&message) else { continue };
                    codec.receive(text, &mut received);
                    let mut board = board.borrow_mut();
                    for one in received.drain(..) {
                        match one {
                            Received::Answer(text) => frames.push(text),
                            noted @ (Received::Acknowledged(_) | Received::Delivered(_) | Received::Refused(_) | Received::Closed(_)) => {
                                board.receive(noted);
                            }
                        }
                    }
                }
                Some(Err(error)) => break error.to_string(),
                None => break "ended".to_owned(),
            },
        }
        if !frames.is_empty() {
            said = Instant::now();
            if let Err(error) = write(&mut socket, &mut frames).await {
                break error.to_string();
            }
        }
    };
    board.borrow_mut().receive(Received::Closed(end));
}

async fn write(socket: &mut Socket, frames: &mut Vec<String>) -> Result<(), Error> {
    for frame in frames.drain(..) {
        socket.feed(Message::text(frame)).await?;
    }
    socket.flush().await
}
