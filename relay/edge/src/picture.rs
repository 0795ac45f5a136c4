//! How many pixels a picture makes a browser hold, found while it is uploaded: a few bytes of a file may unpack to gigabytes.

use wire::limit::{PICTURE_FRAMES_PIXELS_MAX, PICTURE_PIXELS_MAX};

use crate::sniff::Kind;

/// Bytes of one header that are looked at together: more than any has.
const HEADER_BYTES: usize = 32;

/// Watches the headers of a picture; everything between them is skipped. A picture that makes no sense is somebody else's affair: no browser shows it.
#[derive(Debug)]
pub struct PixelCheck {
    kind: Kind,
    state: State,
    /// The beginning of a header whose end has not come yet.
    begun: Vec<u8>,
    /// Bytes to pass over.
    skip: u64,
    /// Of the whole picture, and of the largest frame.
    canvas: u64,
    frames: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// A chunk of PNG or WebP, a segment of JPEG, a block of GIF.
    Part,
    /// A piece of a GIF's data: its length, then as many bytes.
    Pieces,
    /// Nothing more is of interest.
    End,
}

impl PixelCheck {
    /// At the beginning of a file of this kind; for what is no picture nothing is checked.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let state = match kind {
            Kind::Png | Kind::Jpeg | Kind::Webp | Kind::Gif => State::Start,
            Kind::Pdf | Kind::Mp4 | Kind::Webm | Kind::Text | Kind::Csv => State::End,
        };
        Self { kind, state, begun: Vec::with_capacity(HEADER_BYTES), skip: 0, canvas: 0, frames: 0 }
    }

    /// Looks at the next piece.
    ///
    /// # Errors
    /// The bound that is passed, in pixels.
    pub fn take(&mut self, mut piece: &[u8]) -> Result<(), u64> {
        while self.state != State::End && !piece.is_empty() {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
            piece = &piece[skipped..];
            self.skip -= skipped as u64;
            if self.skip > 0 {
                break;
            }
            let wanted = self.header_bytes();
            let taken = (wanted - self.begun.len().min(wanted)).min(piece.len());
            self.begun.extend_from_slice(&piece[..taken]);
            piece = &piece[taken..];
            if self.begun.len() < wanted {
                break;
            }
            let header = std::mem::take(&mut self.begun);
            match self.kind {
                Kind::Png => self.png(&header),
                Kind::Jpeg => self.jpeg(&header),
                Kind::Webp => self.webp(&header),
                Kind::Gif => self.gif(&header),
                Kind::Pdf | Kind::Mp4 | Kind::Webm | Kind::Text | Kind::Csv => {
                    self.state = State::End;
                }
            }
            self.check()?;
        }
        Ok(())
    }

    /// Looks at what was begun when the file ends: the last header may be shorter than others.
    ///
    /// # Errors
    /// As [`PixelCheck::take`].
    pub fn finish(mut self) -> Result<(), u64> {
        self.take(&[0; HEADER_BYTES])
    }

    fn check(&self) -> Result<(), u64> {
        if self.canvas > PICTURE_PIXELS_MAX {
            return Err(PICTURE_PIXELS_MAX);
        }
        if self.canvas.saturating_mul(self.frames) > PICTURE_FRAMES_PIXELS_MAX {
            return Err(PICTURE_FRAMES_PIXELS_MAX);
        }
        Ok(())
    }

    /// How long the next header is.
    const fn header_bytes(&self) -> usize {
        match (self.kind, self.state) {
            (Kind::Png, State::Start) => 8,
            // Length, type, and as much of the content as is looked at.
            (Kind::Png, _) => 16,
            (Kind::Jpeg, State::Start) => 2,
            // Marker, length, precision, height, width.
            (Kind::Jpeg, _) => 9,
            (Kind::Webp, State::Start) => 12,
            (Kind::Webp, _) => 24,
            (Kind::Gif, State::Start) => 13,
            (Kind::Gif, State::Pieces) => 1,
            (Kind::Gif, _) => 10,
            _ => 1,
        }
    }

    fn see(&mut self, width: u64, height: u64) {
        self.canvas = self.canvas.max(width.saturating_mul(height));
    }

    /// PNG: chunks of length, type, content, checksum. An animated one has an `fcTL` before each frame.
    fn png(&mut self, header: &[u8]) {
        if self.state == State::Start {
            self.state = State::Part;
            return;
        }
        let number =
            |at: usize| u64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
        match &header[4..8] {
            b"IHDR" => self.see(number(8), number(12)),
            b"acTL" => self.frames = self.frames.max(number(8)),
            b"IEND" => self.state = State::End,
            _ => {}
        }
        // Eight bytes of content were read already; with the checksum a chunk has at least four.
        self.pass_or_again(number(0) + 4, 8, header);
    }

    /// WebP: chunks of type, length, content, to an even length. `VP8X` names the canvas, `ANMF` is a frame.
    fn webp(&mut self, header: &[u8]) {
        if self.state == State::Start {
            self.state = State::Part;
            return;
        }
        let byte = |at: usize| u64::from(header[at]);
        let three = |at: usize| byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16;
        let two = |at: usize| byte(at) | byte(at + 1) << 8;
        let length = two(4) | two(6) << 16;
        match &header[..4] {
            b"VP8X" => self.see(three(12) + 1, three(15) + 1),
            b"ANMF" => {
                self.frames += 1;
                self.see(three(14) + 1, three(17) + 1);
            }
            b"VP8 " => self.see(two(14) & 0x3fff, two(16) & 0x3fff),
            b"VP8L" => {
                let bits = two(9) | two(11) << 16;
                self.see((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
            }
            _ => {}
        }
        self.pass_or_again(length + length % 2, 16, header);
    }

    /// JPEG: segments of marker, length, content, until the scan begins. Any start-of-frame names the size.
    fn jpeg(&mut self, header: &[u8]) {
        if self.state == State::Start {
            self.state = State::Part;
            return;
        }
        // Fill bytes may stand before a marker.
        if header[0] != 0xff || header[1] == 0xff {
            self.begun = header[1..].to_vec();
            return;
        }
        let two = |at: usize| u64::from(header[at]) << 8 | u64::from(header[at + 1]);
        match header[1] {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => self.see(two(5), two(7)),
            // The scan, or the end.
            0xda | 0xd9 => self.state = State::End,
            // These have no length.
            0x01 | 0xd0..=0xd8 => {
                self.begun = header[2..].to_vec();
                return;
            }
            _ => {}
        }
        self.pass_or_again(two(2).saturating_sub(2), 5, header);
    }

    /// GIF: a screen, then extensions and frames, each with data in pieces.
    fn gif(&mut self, header: &[u8]) {
        let two = |at: usize| u64::from(header[at]) | u64::from(header[at + 1]) << 8;
        let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << (1 + (flags & 7)) };
        match self.state {
            State::Start => {
                self.see(two(6), two(8));
                self.skip = colours(header[10]);
                self.state = State::Part;
            }
            State::Pieces => {
                self.skip = u64::from(header[0]);
                if header[0] == 0 {
                    self.state = State::Part;
                }
            }
            State::Part if header[0] == 0x2c => {
                self.frames += 1;
                // A frame beyond the screen makes the screen larger.
                self.see(two(1) + two(5), two(3) + two(7));
                // The table of colours, then how the pieces are packed.
                self.skip = colours(header[9]) + 1;
                self.state = State::Pieces;
            }
            State::Part if header[0] == 0x21 => {
                self.begun = header[2..].to_vec();
                self.state = State::Pieces;
                self.pieces_in_hand();
            }
            State::Part | State::End => self.state = State::End,
        }
    }

    /// Goes through the pieces that were read together with the header of their block.
    fn pieces_in_hand(&mut self) {
        let mut rest = std::mem::take(&mut self.begun);
        while self.state == State::Pieces && !rest.is_empty() {
            let length = usize::from(rest[0]);
            if length == 0 {
                self.state = State::Part;
                rest.remove(0);
            } else if length < rest.len() {
                rest.drain(..=length);
            } else {
                self.skip = (length + 1 - rest.len()) as u64;
                rest.clear();
            }
        }
        self.begun = rest;
    }

    /// Passes over the rest of a part with so many bytes of content, of which the header has read `read`; what it has read too much is the
    /// beginning of the next.
    fn pass_or_again(&mut self, content: u64, read: usize, header: &[u8]) {
        if content >= read as u64 {
            self.skip = content - read as u64;
        } else {
            let over = read - usize::try_from(content).unwrap_or(read);
            self.begun = header[header.len() - over..].to_vec();
        }
    }
}

#[cfg(test)]
mod tests;
