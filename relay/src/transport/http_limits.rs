//! Limits of plain HTTP: connections are counted, in all and for each address and network, before a byte is read. Requests through a trusted
//! proxy are counted when their head says where they come from. A connection without a slot gets an answer that says so.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use wire::limit::{HTTP_CONNECTIONS_MAX, HTTP_CONNECTIONS_SPARE, REFUSALS_AT_ONCE_MAX};

use crate::address::Address;
use crate::limit::share::{Bounds, Full, Share, Shares, Standing};

/// The answer to a connection that is refused unread.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
    content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\ncontent-length: 62\r\n\r\n\
    The relay holds as many connections as it may; try again soon.";
/// How long that answer and the end of the connection may take.
const REFUSAL_WAIT: Duration = Duration::from_secs(1);
/// Bytes that are read and dropped meanwhile: closing a connection with unread bytes would lose the answer.
const FORGOTTEN_BYTES_MAX: u64 = 16 * 1024;

/// Counts the connections of one listener until they are upgraded or end.
#[derive(Clone, Debug)]
pub struct HttpLimits {
    connections: Arc<Shares>,
    /// Requests through a trusted proxy, by their senders' addresses.
    requests: Arc<Shares>,
    /// Refused connections that are being answered.
    refusals: Arc<Semaphore>,
    /// Trusted proxies: their connections count in all only, and their requests for the addresses that sent them.
    trusted: Arc<[IpNet]>,
}

impl HttpLimits {
    /// No connection yet. `connections_max` is how many connections one address may hold, and `network_max` one network: they may open as many here.
    #[must_use]
    pub fn new(connections_max: usize, network_max: usize, trusted: &[IpNet]) -> Self {
        let address = connections_max.saturating_add(HTTP_CONNECTIONS_SPARE);
        let network = network_max.min(HTTP_CONNECTIONS_MAX / 8);
        let bounds = Bounds { all: HTTP_CONNECTIONS_MAX, address, network };
        Self {
            connections: Arc::new(Shares::new(bounds)),
            requests: Arc::new(Shares::new(bounds)),
            refusals: Arc::new(Semaphore::new(REFUSALS_AT_ONCE_MAX)),
            trusted: trusted.into(),
        }
    }

    /// A slot for a connection from this address.
    ///
    /// # Errors
    /// Which bound is reached.
    pub fn enter(&self, peer: IpAddr) -> Result<Share, Full> {
        if self.is_trusted(peer) {
            self.connections.take_for_many()
        } else {
            self.connections.take(Address::new(peer), Standing::Stranger)
        }
    }

    /// Whether this address is a proxy, whose requests come from elsewhere.
    #[must_use]
    pub fn is_trusted(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|net| net.contains(&peer))
    }

    /// A slot for a request through a trusted proxy.
    ///
    /// # Errors
    /// Which bound is reached.
    pub fn bring(&self, address: Address, standing: Standing) -> Result<Share, Full> {
        self.requests.take(address, standing)
    }

    /// Answers a connection that there is no slot. When too many are being answered, it is only closed.
    pub(crate) fn refuse(&self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let Ok(turn) = Arc::clone(&self.refusals).try_acquire_owned() else {
            if tls.is_none() {
                // Its send buffer is empty, so this never waits. The answer may be lost if the client has sent something already.
                let _ = stream.try_write(REFUSAL);
            }
            return;
        };
        tokio::spawn(async move {
            let telling = async {
                match tls {
                    Some(tls) => tell(tls.accept(stream).await?).await,
                    None => tell(stream).await,
                }
            };
            // A client that does not read it in time is closed without it.
            let _ = tokio::time::timeout(REFUSAL_WAIT, telling).await;
            drop(turn);
        });
    }
}

/// Sends the answer, and waits until the client has read it.
async fn tell<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> std::io::Result<()> {
    stream.write_all(REFUSAL).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(FORGOTTEN_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_never_takes_the_place_of_others() {
        let http_limits = HttpLimits::new(2, 4, &["10.0.0.1/32".parse().expect("a network")]);
        let mut inside = Vec::new();
        while let Ok(slot) = http_limits.enter(ip("203.0.113.1")) {
            inside.push(slot);
        }
        assert_eq!(inside.len(), 2 + HTTP_CONNECTIONS_SPARE);
        assert!(http_limits.enter(ip("203.0.113.2")).is_ok());
        inside.pop();
        assert!(http_limits.enter(ip("::ffff:203.0.113.1")).is_ok(), "a slot is free again");
    }

    #[test]
    fn a_trusted_proxy_brings_as_many_as_there_is_room_for_and_each_counts_for_its_own() {
        let http_limits = HttpLimits::new(2, 4, &["10.0.0.0/8".parse().expect("a network")]);
        let inside: Vec<_> = (0..HTTP_CONNECTIONS_MAX).map_while(|_| http_limits.enter(ip("10.1.2.3")).ok()).collect();
        assert_eq!(inside.len(), HTTP_CONNECTIONS_MAX);
        assert!(http_limits.enter(ip("203.0.113.2")).is_err(), "full is full");
        let mut requests = Vec::new();
        for network in 0..18_u8 {
            for last in 1..=255_u8 {
                let from = Address::new(IpAddr::from([198, 51, network, last]));
                while let Ok(request) = http_limits.bring(from, Standing::Stranger) {
                    requests.push(request);
                }
            }
        }
        assert!(http_limits.bring(Address::new(ip("203.0.113.2")), Standing::Stranger).is_ok(), "{}", requests.len());
    }

    #[tokio::test]
    async fn the_words_of_a_refusal_are_as_long_as_it_says_and_reach_who_has_sent_something() {
        let text = std::str::from_utf8(REFUSAL).expect("text");
        let (head, words) = text.split_once("\r\n\r\n").expect("a head and words");
        assert!(head.contains(&format!("content-length: {}", words.len())), "{text}");
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("sent");
        let telling = tokio::spawn(tell(near));
        let mut received = vec![0; REFUSAL.len()];
        far.read_exact(&mut received).await.expect("the answer");
        assert_eq!(received, REFUSAL);
        drop(far);
        telling.await.expect("joined").expect("telling");
    }
}
