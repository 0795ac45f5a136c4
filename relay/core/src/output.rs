//! What the core tells the shell to do. Outputs are drained fully after each input, in order.

use wire::{Author, BlockId, BlockSummary, Close, ServerFrame, SiteId};

use crate::append::Append;
use crate::input::{ConnectionId, Presence, RequestId, Typing};
use crate::store::Query;
use crate::topic::Topic;

/// Something to do outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Record; answered with `Committed` (through the bus) and then `Appended`. When the store's queue is full the
    /// shell answers at once with `Appended { Err(Busy) }`.
    Append {
        /// Ties the answer to this.
        request: RequestId,
        /// What, and under which conditions.
        append: Append,
    },
    /// Read; answered with `Answered`.
    Query {
        /// Ties the answer to this.
        request: RequestId,
        /// What.
        query: Query,
    },
    /// Put one frame, encoded once, into the bounded queue of each of these connections; a full one is closed as `Slow`.
    Send {
        /// To whom.
        to: Vec<ConnectionId>,
        /// What.
        frame: ServerFrame,
    },
    /// End a connection; `Disconnected` follows.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        close: Close,
    },
    /// Make a visitor and a token for this connection; answered with `Registered` or `RegisterFailed`.
    Register {
        /// For whom.
        connection: ConnectionId,
        /// On which site.
        site: SiteId,
    },
    /// Block somebody: store it, hand over `Blocks` as they are then, and answer with `BlockAnswered`.
    Block {
        /// Whose request it is.
        connection: ConnectionId,
        /// Who blocks.
        by: Author,
        /// What.
        block: BlockSummary,
    },
    /// Undo a block, and answer in the same way.
    Unblock {
        /// Whose request it is.
        connection: ConnectionId,
        /// Who undoes it.
        by: Author,
        /// Which.
        block: BlockId,
    },
    /// Tell every relay (this one too) through the bus that somebody is typing.
    Typing(Typing),
    /// Tell every other relay through the bus who of the agents has a console here.
    Presence(Presence),
    /// Subscribe to this topic of the bus. Comes before the query for what was recorded earlier, so that no event is missed in between.
    Subscribe(Topic),
    /// Unsubscribe: no client of this relay follows this topic any more.
    Unsubscribe(Topic),
}
