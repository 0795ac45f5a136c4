//! Lines on which a message is its bare text: what is published, watched, echoed or only held.

use crate::board::{Heard, body, index};
use crate::socket::{Codec, Line, Socket};

/// What one side of such a line does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plain {
    /// Writes; its own words do not come back.
    Publisher,
    /// Reads.
    Watcher,
    /// Writes, and reads its own words.
    Echo,
}

impl Plain {
    /// A line that speaks so.
    pub(crate) fn on(self, socket: Socket) -> Line {
        Line { socket, codec: Box::new(self) }
    }
}

impl Codec for Plain {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        frames.push(body(index));
    }

    fn hear(&mut self, text: &str, heard: &mut Vec<Heard>) {
        let Some(index) = index(text) else { return };
        match self {
            Self::Publisher => {}
            Self::Watcher => heard.push(Heard::Delivered(index)),
            Self::Echo => heard.extend([Heard::Delivered(index), Heard::Acknowledged(index)]),
        }
    }
}
