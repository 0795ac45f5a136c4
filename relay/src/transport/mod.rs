//! How clients are connected: accepting, the first frame, WebSocket, and a stream where WebSocket is blocked.

pub(crate) mod connection;
pub mod http_limits;
pub mod listen;
pub mod socket;
pub mod stream;
