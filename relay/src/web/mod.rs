//! The built browser files and the pages filled from them, as they are sent.

mod kept;
mod packed;

use std::borrow::Cow;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

pub use kept::{ASSETS_FOLDER, KeptAssets};
pub use packed::Packed;

/// The finished folder of the web build, carried inside the binary (debug builds read it from disk).
#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/web"]
struct Built;

/// Where the browser files come from.
#[derive(Clone, Debug)]
pub enum Web {
    /// The build that was there when the relay was compiled.
    Built,
    /// A folder of the same shape.
    Folder(PathBuf),
}

/// One file.
pub(crate) struct WebFile {
    /// As built.
    pub(crate) content: Cow<'static, [u8]>,
    /// SHA-256 of the content.
    pub(crate) hash: [u8; 32],
}

impl Web {
    /// The file of this name, if there is one.
    pub(crate) fn get(&self, name: &str) -> Option<WebFile> {
        match self {
            Self::Built => {
                let file = Built::get(name)?;
                Some(WebFile { content: file.data, hash: file.metadata.sha256_hash() })
            }
            Self::Folder(folder) => {
                let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
                let content = if plain { std::fs::read(folder.join(name)).ok()? } else { return None };
                let hash = Sha256::digest(&content).into();
                Some(WebFile { content: content.into(), hash })
            }
        }
    }

    /// The names of all files in `assets/`.
    pub(crate) fn assets(&self) -> Vec<String> {
        match self {
            Self::Built => Built::iter().filter_map(|name| Some(name.strip_prefix("assets/")?.to_owned())).collect(),
            Self::Folder(folder) => {
                let entries = std::fs::read_dir(folder.join(ASSETS_FOLDER)).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
        }
    }

    /// The file as text; a build is UTF-8.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.get(name)?.content.into_owned()).ok()
    }
}

/// Text made harmless in HTML, between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}
