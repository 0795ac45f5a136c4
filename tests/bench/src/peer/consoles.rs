//! The relay's consoles: many that follow one conversation, whose visitor writes.

use anyhow::Result;
use futures_util::future::{FutureExt, LocalBoxFuture};
use wire::{ClientFrame, ConversationId, Cursor, Follow, MessageId, Say, ServerFrame};

use super::relay::{Relay, Side, Words, new_id, received, say};
use super::{Crowd, Publish, Server};
use crate::board::BODY_BYTES;
use crate::socket::{Connection, Socket};

/// Signed-in agents; each has its part of the consoles open.
const AGENTS: usize = 10;

/// A running relay with one conversation.
pub(crate) struct Consoles {
    relay: Relay,
    conversation: ConversationId,
}

impl Consoles {
    /// Starts the relay.
    pub(crate) fn start() -> Result<Self> {
        let relay = Relay::start(Crowd { visitors: 1, agents: AGENTS })?;
        Ok(Self { relay, conversation: ConversationId(new_id()) })
    }

    /// The visitor opens the conversation: before it there is nothing to follow.
    async fn opened(&self) -> Result<Socket> {
        let mut socket = self.relay.greeted(0).await?;
        let (conversation, id) = (self.conversation, MessageId(new_id()));
        let text = "x".repeat(BODY_BYTES);
        say(&mut socket, &ClientFrame::Say { conversation, id, say: Say::Text { text } }).await?;
        received(&mut socket, "the own event", |frame| matches!(frame, ServerFrame::Event { .. })).await?;
        Ok(socket)
    }
}

impl Publish for Consoles {
    fn server(&self) -> &Server {
        self.relay.processes()
    }

    fn publisher(&self) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let socket = self.opened().await?;
            Ok(Connection { socket, codec: Box::new(Words { side: Side::Visitor(self.conversation) }) })
        }
        .boxed_local()
    }

    fn watcher(&self, number: usize) -> LocalBoxFuture<'_, Result<Connection>> {
        async move {
            let mut socket = self.relay.console(number % AGENTS, number).await?;
            let follow = Follow { conversation: self.conversation, after: Cursor::default() };
            say(&mut socket, &ClientFrame::Follow { follow }).await?;
            received(&mut socket, "the conversation", |frame| matches!(frame, ServerFrame::Events { .. })).await?;
            Ok(Connection { socket, codec: Box::new(Words { side: Side::Agent }) })
        }
        .boxed_local()
    }
}
