//! What goes between the browser and the relay: frames over a WebSocket or a stream, files and requests over HTTP.

mod download;
mod request;
mod socket;
mod stream;
mod upload;

pub use download::{Downloads, Preview};
pub use request::{Headers, Request, RequestNews, Response, Want};
pub use socket::{ConnectionNews, Socket};
pub use stream::Stream;
pub(crate) use upload::Upload;
