//! Pages are filled for each site, so they cannot be compressed by the build: done once for each, and kept.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use wire::limit::PACKED_PAGES_MAX;

/// The best compression: it is done once for each page.
const BROTLI_QUALITY: u32 = 11;
/// As a power of two, in bytes: a page is far smaller.
const BROTLI_WINDOW: u32 = 16;

/// Filled pages and their compressed form.
#[derive(Default)]
pub struct Packed(Mutex<BTreeMap<String, Bytes>>);

impl Packed {
    /// The page compressed with brotli; nothing where that fails.
    pub(crate) fn brotli(&self, page: &str) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packed) = kept.get(page) {
            return Some(packed.clone());
        }
        let mut writer = brotli::CompressorWriter::new(Vec::new(), page.len().max(1), BROTLI_QUALITY, BROTLI_WINDOW);
        writer.write_all(page.as_bytes()).ok()?;
        let packed = Bytes::from(writer.into_inner());
        // Sites are few and rarely change; one that changed leaves its old page behind.
        if kept.len() >= PACKED_PAGES_MAX {
            kept.clear();
        }
        kept.insert(page.to_owned(), packed.clone());
        Some(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_whole_and_only_so_many_are_kept() {
        let packed = Packed::default();
        for number in 0..PACKED_PAGES_MAX + 3 {
            let page = format!("<html data-site=\"{number}\">");
            for _ in 0..2 {
                let bytes = packed.brotli(&page).expect("compressed");
                let mut plain = Vec::new();
                brotli::BrotliDecompress(&mut bytes.as_ref(), &mut plain).expect("readable");
                assert_eq!(plain, page.as_bytes());
            }
            assert!(packed.0.lock().expect("whole").len() <= PACKED_PAGES_MAX);
        }
    }
}
