//! Blocks: who is blocked, and for how long.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, BlockId, SiteId, Tag, VisitorId};

/// How far a block reaches from the conversation it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockScope {
    /// Its visitor, wherever they come from.
    Visitor,
    /// Everybody who comes from its visitor's address (IPv6: /64).
    Address,
    /// Everybody who comes from that address's network (IPv4 /24, IPv6 /48).
    Network,
    /// A reach that is not known here: listed, and never asked for.
    #[serde(other)]
    Other,
}

/// A block as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockSummary {
    /// Its id, by which it can be undone.
    pub block: BlockId,
    /// How far it reaches.
    pub scope: BlockScope,
    /// The visitor, when it is one that is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<VisitorId>,
    /// The tag of the address or the network, when it is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// The visitor's site; none for an address or a network, which hold for all sites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Why, in the words of whoever blocked; may be empty.
    pub reason: String,
    /// The agent who blocked; none for the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AgentId>,
    /// When it began.
    pub since_ms: u64,
    /// When it ends by itself.
    pub until_ms: u64,
}
