//! What ejabberd and Prosody share: XMPP over WebSocket (RFC 7395), acknowledged by stream management (XEP-0198).

use std::collections::VecDeque;

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Crowd;
use crate::board::{Received, body, index};
use crate::socket::{Codec, Connection, Socket, open, send, until};

/// Every account's password.
pub(crate) const PASSWORD: &str = "secret";
/// What stands in an acknowledgement of stream management.
pub(crate) const ACK_MARK: &str = "<a ";
/// The one host that is served.
pub(crate) const HOST: &str = "localhost";

/// The name of an agent's account.
pub(crate) fn agent_name(number: usize) -> String {
    format!("agent{number}")
}

/// The name of a visitor's account.
pub(crate) fn visitor_name(number: usize) -> String {
    format!("visitor{number}")
}

/// Every account's name.
pub(crate) fn names(crowd: Crowd) -> impl Iterator<Item = String> {
    (0..crowd.agents).map(agent_name).chain((0..crowd.visitors).map(visitor_name))
}

/// A socket with a stream that is authenticated and bound to a resource.
pub(crate) async fn bound(port: u16, path: &str, name: &str) -> Result<Socket> {
    let mut socket = open(port, path, &[("sec-websocket-protocol", "xmpp")]).await?;
    let hello = format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{HOST}' version='1.0'/>");
    send(&mut socket, &*hello).await?;
    wait(&mut socket, "PLAIN").await?;
    let secret = BASE64_STANDARD.encode(format!("\0{name}\0{PASSWORD}"));
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>");
    send(&mut socket, auth).await?;
    wait(&mut socket, "<success").await?;
    send(&mut socket, hello).await?;
    wait(&mut socket, "xmpp-bind").await?;
    let bind = "<iq xmlns='jabber:client' type='set' id='bind'>\
                <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>";
    send(&mut socket, bind).await?;
    wait(&mut socket, "<jid>").await?;
    Ok(socket)
}

async fn wait(socket: &mut Socket, what: &str) -> Result<()> {
    until(socket, what, |text| text.contains(what).then_some(())).await
}

/// A visitor who writes to an agent.
pub(crate) async fn visitor(port: u16, path: &str, number: usize, agent: usize) -> Result<Connection> {
    let mut socket = bound(port, path, &visitor_name(number)).await?;
    send(&mut socket, "<enable xmlns='urn:xmpp:sm:3'/>").await?;
    wait(&mut socket, "<enabled").await?;
    let to = format!("{}@{HOST}", agent_name(agent));
    Ok(Connection { socket, codec: Box::new(Stanzas { to, acknowledged: 0, waiting: VecDeque::new(), received: 0 }) })
}

/// An agent who is present. What it gets is not archived a second time: each message is stored once, with its sender.
pub(crate) async fn agent(port: u16, path: &str, number: usize) -> Result<Connection> {
    let mut socket = bound(port, path, &agent_name(number)).await?;
    let never = "<iq xmlns='jabber:client' type='set' id='prefs'>\
                 <prefs xmlns='urn:xmpp:mam:2' default='never'><always/><never/></prefs></iq>";
    send(&mut socket, never).await?;
    until(&mut socket, "the archive's setting", |text| {
        (text.contains("prefs") && text.contains("result")).then_some(())
    })
    .await?;
    send(&mut socket, "<presence xmlns='jabber:client'/>").await?;
    wait(&mut socket, "<presence").await?;
    let to = String::new();
    Ok(Connection { socket, codec: Box::new(Stanzas { to, acknowledged: 0, waiting: VecDeque::new(), received: 0 }) })
}

/// Messages, each followed by a request to acknowledge it.
struct Stanzas {
    to: String,
    /// Stanzas of ours that the server has counted.
    acknowledged: u64,
    /// Messages that it has not counted yet.
    waiting: VecDeque<u64>,
    /// Stanzas of the server that we have counted.
    received: u64,
}

impl Codec for Stanzas {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        self.waiting.push_back(index);
        let (to, text) = (&self.to, body(index));
        frames.push(format!(
            "<message xmlns='jabber:client' to='{to}' type='chat' id='m{index}'><body>{text}</body></message>"
        ));
        frames.push("<r xmlns='urn:xmpp:sm:3'/>".to_owned());
    }

    fn receive(&mut self, text: &str, received: &mut Vec<Received>) {
        if text.starts_with("<a ") {
            let Some(count) = attribute(text, "h").and_then(|count| count.parse::<u64>().ok()) else { return };
            while self.acknowledged < count {
                self.acknowledged += 1;
                received.extend(self.waiting.pop_front().map(Received::Acknowledged));
            }
        } else if text.starts_with("<r ") {
            received.push(Received::Answer(format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.received)));
        } else if text.starts_with("<message") {
            self.received += 1;
            match (text.contains("type='error'"), index(text)) {
                (false, Some(index)) => received.push(Received::Delivered(index)),
                _ => received.push(Received::Refused(text.to_owned())),
            }
        } else if text.starts_with("<iq") || text.starts_with("<presence") {
            self.received += 1;
        }
    }
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.split(&format!(" {name}=")).nth(1)?;
    let quote = rest.chars().next()?;
    rest[1..].split(quote).next()
}
