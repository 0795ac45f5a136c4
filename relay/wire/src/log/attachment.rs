//! A file that was uploaded, as an event names it.

use serde::{Deserialize, Serialize};

use crate::id::AttachmentId;

/// How an attachment may be shown. A way that is not known here reads as a document, which is only offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// Shown in the timeline.
    Image,
    /// Played in the timeline.
    Video,
    /// Offered for download only.
    #[serde(other)]
    Document,
}

/// An uploaded file, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name in requests; the file has another, random name.
    pub id: AttachmentId,
    /// What its sender called it, shortened and without path or control characters.
    pub name: String,
    /// The media type found in its content, one of the allow-list (`image/png` …).
    pub media_type: String,
    /// How it may be shown.
    pub media: Media,
    /// Its length in bytes.
    pub bytes: u64,
    /// Pixels across, 0 when unknown or not an image; lets the timeline reserve space before the image is loaded.
    pub width: u32,
    /// Pixels down, 0 when unknown or not an image.
    pub height: u32,
}
