//! What uploaded files take, counted one by one.

use wire::{SiteId, VisitorId};

use super::Tables;
use crate::store::{AttachmentRecord, Kept, Uploader};

impl Tables {
    pub(super) fn kept(&self, visitor: Option<VisitorId>, site: &SiteId) -> Kept {
        let mut kept = Kept::default();
        for row in self.attachments.values() {
            let cost = Kept::cost(1, row.attachment.bytes);
            if visitor.is_some_and(|visitor| row.uploader == Uploader::Visitor(visitor)) {
                kept.visitor_bytes += cost;
            }
            if self.site_of(row) == Some(site) {
                kept.site_bytes += cost;
            }
        }
        kept
    }

    fn site_of(&self, row: &AttachmentRecord) -> Option<&SiteId> {
        match row.uploader {
            Uploader::Visitor(visitor) => self.visitors.get(&visitor).map(|visitor| &visitor.site),
            Uploader::Agent(_) => self.conversations.get(&row.conversation).map(|found| &found.site),
        }
    }
}
