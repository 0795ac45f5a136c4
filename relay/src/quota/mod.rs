//! Quotas: how many bytes people may upload and write, in a day for each visitor, network and site, and how many may be kept at once.
//!
//! Everything here is in memory and costs no more than a few look-ups. What is kept is counted by the store, in its transactions. Uploads of
//! agents count for their site only.

mod meter;
pub mod reserve;
mod text;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::limit::{FILE_COST_BYTES, UPLOAD_ORPHAN_MS};
use wire::{AttachmentId, SiteId, VisitorId};

use self::meter::Meter;
pub(crate) use self::text::{cost_of_frame, may_record};
use crate::address::{Address, Network};
use crate::config::Quota;
pub use crate::numbers::Measure;
use crate::store::Kept;

/// A quota is used up; it says when it allows more, 0 when waiting does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// Milliseconds.
    pub retry_after_ms: u64,
    /// Which quota.
    pub measure: Measure,
}

/// Who uploads a file.
#[derive(Clone, Debug)]
pub struct UploadSource {
    /// The visitor and where they come from; none for an agent.
    pub visitor: Option<(VisitorId, Address)>,
    /// To which site it belongs.
    pub site: SiteId,
}

/// The quotas and what was used of them.
#[derive(Debug)]
pub struct Quotas {
    quota: Quota,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    uploads: Spent,
    texts: Spent,
    /// Under way or not named by a message yet: bytes of each visitor, of each network, of all visitors.
    pending_of: BTreeMap<VisitorId, u64>,
    pending_from: BTreeMap<Network, u64>,
    pending: u64,
    /// Under way: bytes of each visitor and each site, beside what the store has counted.
    coming_of: BTreeMap<VisitorId, u64>,
    coming_to: BTreeMap<SiteId, u64>,
    /// Kept and not named by a message yet.
    files: BTreeMap<AttachmentId, Pending>,
}

#[derive(Debug, Default)]
struct Spent {
    visitors: Meter<VisitorId>,
    networks: Meter<Network>,
    sites: Meter<SiteId>,
}

#[derive(Clone, Debug)]
struct Pending {
    visitor: VisitorId,
    /// None for files from before the start.
    network: Option<Network>,
    cost: u64,
    since_ms: u64,
}

/// An upload under way; dropped without [`PendingUpload::keep`], all that it counted is undone.
#[derive(Debug)]
pub struct PendingUpload {
    quotas: Arc<Quotas>,
    source: UploadSource,
    cost: u64,
    kept: bool,
}

impl Quotas {
    /// Nothing used.
    #[must_use]
    pub fn new(quota: Quota) -> Arc<Self> {
        Arc::new(Self { quota, taken: Mutex::default() })
    }

    /// Adds the files that no message named at the start.
    pub fn found(&self, id: AttachmentId, visitor: VisitorId, bytes: u64, since_ms: u64) {
        let mut taken = self.taken();
        let pending = Pending { visitor, network: None, cost: cost(bytes), since_ms };
        taken.add_pending(&pending);
        taken.files.insert(id, pending);
    }

    /// Counts a text that is to be recorded, by source and by site.
    ///
    /// # Errors
    /// When one of them is used up; then nothing is counted.
    pub fn text(&self, address: Address, site: &SiteId, bytes: u64, now_ms: u64) -> Result<(), Over> {
        let taken = &mut *self.taken();
        let quota = &self.quota;
        let most = |network: Network| {
            among(network, address, quota.text_bytes_per_address_a_day, quota.text_bytes_per_network_a_day)
        };
        for network in address.steps() {
            over(taken.texts.networks.has(&network, bytes, most(network), now_ms), Measure::TextNetwork)?;
        }
        let site_max = quota.text_bytes_per_site_a_day;
        over(taken.texts.sites.has(site, bytes, site_max, now_ms), Measure::TextSite)?;
        for network in address.steps() {
            taken.texts.networks.spend(&network, bytes, most(network), now_ms);
        }
        taken.texts.sites.spend(site, bytes, site_max, now_ms);
        Ok(())
    }

    /// Counts what a visitor is about to record.
    ///
    /// # Errors
    /// When the visitor's quota is used up; then nothing is counted.
    pub fn text_of(&self, visitor: VisitorId, bytes: u64, now_ms: u64) -> Result<(), Over> {
        let texts = &mut self.taken().texts.visitors;
        let bytes_max = self.quota.text_bytes_per_visitor_a_day;
        over(texts.has(&visitor, bytes, bytes_max, now_ms), Measure::TextVisitor)?;
        texts.spend(&visitor, bytes, bytes_max, now_ms);
        Ok(())
    }

    /// Begins an upload of at most this many bytes; `kept` is what the store has of this visitor and this site.
    ///
    /// # Errors
    /// When it would exceed a quota; then nothing is counted.
    pub fn upload(
        self: &Arc<Self>,
        source: UploadSource,
        bytes: u64,
        kept: Kept,
        now_ms: u64,
    ) -> Result<PendingUpload, Over> {
        let cost = cost(bytes);
        let mut taken = self.taken();
        self.has_room(&taken, &source, cost, kept)?;
        self.has_measure(&taken, &source, cost, now_ms)?;
        let quota = &self.quota;
        taken.uploads.sites.spend(&source.site, cost, quota.upload_bytes_per_site_a_day, now_ms);
        *taken.coming_to.entry(source.site.clone()).or_default() += cost;
        if let Some((visitor, address)) = source.visitor {
            taken.uploads.visitors.spend(&visitor, cost, quota.upload_bytes_per_visitor_a_day, now_ms);
            for network in address.steps() {
                taken.uploads.networks.spend(&network, cost, self.upload_max(network, address), now_ms);
            }
            *taken.coming_of.entry(visitor).or_default() += cost;
            let network = Some(address.network());
            taken.add_pending(&Pending { visitor, network, cost, since_ms: now_ms });
        }
        drop(taken);
        Ok(PendingUpload { quotas: Arc::clone(self), source, cost, kept: false })
    }

    /// A message has named a file, or it was removed: it is no longer pending.
    pub fn settled(&self, id: AttachmentId) {
        let mut taken = self.taken();
        if let Some(pending) = taken.files.remove(&id) {
            taken.remove_pending(&pending);
        }
    }

    /// Forgets what must have been named or removed by now, in case a message about it was lost.
    pub fn forget_settled(&self, now_ms: u64) {
        let before_ms = now_ms.saturating_sub(2 * UPLOAD_ORPHAN_MS);
        let mut taken = self.taken();
        let old = taken.files.iter().filter(|(_, pending)| pending.since_ms < before_ms);
        let old: Vec<AttachmentId> = old.map(|(id, _)| *id).collect();
        for id in old {
            if let Some(pending) = taken.files.remove(&id) {
                taken.remove_pending(&pending);
            }
        }
    }

    /// Bytes of visitors' files that are under way or not named by a message.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.taken().pending
    }

    /// Bytes that are under way.
    #[must_use]
    pub fn coming_bytes(&self) -> u64 {
        self.taken().coming_to.values().sum()
    }

    fn has_room(&self, taken: &Taken, source: &UploadSource, cost: u64, kept: Kept) -> Result<(), Over> {
        let quota = &self.quota;
        let held = |map: Option<&u64>| map.copied().unwrap_or(0);
        let room = |held: u64, bytes_max: u64, measure: Measure, retry_after_ms: u64| {
            let fits = held.saturating_add(cost) <= bytes_max;
            if fits { Ok(()) } else { Err(Over { retry_after_ms, measure }) }
        };
        let of_site = kept.site_bytes + held(taken.coming_to.get(&source.site));
        room(of_site, quota.kept_bytes_per_site_max, Measure::KeptSite, 0)?;
        let Some((visitor, address)) = source.visitor else { return Ok(()) };
        let of_visitor = kept.visitor_bytes + held(taken.coming_of.get(&visitor));
        room(of_visitor, quota.kept_bytes_per_visitor_max, Measure::KeptVisitor, 0)?;
        let pending_of = held(taken.pending_of.get(&visitor));
        room(pending_of, quota.pending_bytes_per_visitor_max, Measure::PendingVisitor, UPLOAD_ORPHAN_MS)?;
        let pending_from = held(taken.pending_from.get(&address.network()));
        room(pending_from, quota.pending_bytes_per_network_max, Measure::PendingNetwork, UPLOAD_ORPHAN_MS)?;
        room(taken.pending, quota.pending_bytes_max, Measure::Pending, UPLOAD_ORPHAN_MS)
    }

    fn has_measure(&self, taken: &Taken, source: &UploadSource, cost: u64, now_ms: u64) -> Result<(), Over> {
        let (quota, uploads) = (&self.quota, &taken.uploads);
        over(uploads.sites.has(&source.site, cost, quota.upload_bytes_per_site_a_day, now_ms), Measure::UploadSite)?;
        let Some((visitor, address)) = source.visitor else { return Ok(()) };
        let of_visitor = uploads.visitors.has(&visitor, cost, quota.upload_bytes_per_visitor_a_day, now_ms);
        over(of_visitor, Measure::UploadVisitor)?;
        for network in address.steps() {
            let from = uploads.networks.has(&network, cost, self.upload_max(network, address), now_ms);
            over(from, Measure::UploadNetwork)?;
        }
        Ok(())
    }

    fn upload_max(&self, network: Network, address: Address) -> u64 {
        let quota = &self.quota;
        among(network, address, quota.upload_bytes_per_address_a_day, quota.upload_bytes_per_network_a_day)
    }

    /// A panic elsewhere leaves the counts valid, so a poisoned lock is used all the same.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn add_pending(&mut self, pending: &Pending) {
        self.pending += pending.cost;
        *self.pending_of.entry(pending.visitor).or_default() += pending.cost;
        if let Some(network) = pending.network {
            *self.pending_from.entry(network).or_default() += pending.cost;
        }
    }

    fn remove_pending(&mut self, pending: &Pending) {
        self.pending = self.pending.saturating_sub(pending.cost);
        less(&mut self.pending_of, &pending.visitor, pending.cost);
        if let Some(network) = &pending.network {
            less(&mut self.pending_from, network, pending.cost);
        }
    }
}

impl PendingUpload {
    /// The file is complete: from here on it is pending until [`Quotas::settled`]. Called before its record is written, so that no message can name it
    /// earlier. A file that was uploaded twice under one id is pending once; returns whether this one is.
    pub fn keep(mut self, id: AttachmentId, bytes: u64, now_ms: u64) -> bool {
        self.kept = true;
        let kept = cost(bytes).min(self.cost);
        let quotas = Arc::clone(&self.quotas);
        let taken = &mut *quotas.taken();
        self.arrived(taken);
        self.refund(taken, self.cost - kept);
        let Some((visitor, address)) = self.source.visitor else { return false };
        let network = Some(address.network());
        taken.remove_pending(&Pending { visitor, network, cost: self.cost, since_ms: now_ms });
        let pending = Pending { visitor, network, cost: kept, since_ms: now_ms };
        let first = !taken.files.contains_key(&id);
        if first {
            taken.add_pending(&pending);
            taken.files.insert(id, pending);
        }
        first
    }

    /// It is no longer under way.
    fn arrived(&self, taken: &mut Taken) {
        less(&mut taken.coming_to, &self.source.site, self.cost);
        if let Some((visitor, _)) = &self.source.visitor {
            less(&mut taken.coming_of, visitor, self.cost);
        }
    }

    /// Undoes bytes in every quota that counted them.
    fn refund(&self, taken: &mut Taken, cost: u64) {
        let quota = &self.quotas.quota;
        taken.uploads.sites.give_back(&self.source.site, cost, quota.upload_bytes_per_site_a_day);
        let Some((visitor, address)) = self.source.visitor else { return };
        taken.uploads.visitors.give_back(&visitor, cost, quota.upload_bytes_per_visitor_a_day);
        for network in address.steps() {
            taken.uploads.networks.give_back(&network, cost, self.quotas.upload_max(network, address));
        }
    }
}

impl Drop for PendingUpload {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let quotas = Arc::clone(&self.quotas);
        let taken = &mut *quotas.taken();
        self.arrived(taken);
        self.refund(taken, self.cost);
        if let Some((visitor, address)) = self.source.visitor {
            let network = Some(address.network());
            taken.remove_pending(&Pending { visitor, network, cost: self.cost, since_ms: 0 });
        }
    }
}

/// What a file of this many bytes takes of the disk at most: with its last block, its inode and its record.
#[must_use]
pub const fn cost(bytes: u64) -> u64 {
    bytes.saturating_add(FILE_COST_BYTES)
}

/// The quota of one step between an address and its network: the narrowest has the address's, the widest the network's, and the one between
/// (IPv6 /56) the middle of both.
fn among(step: Network, address: Address, address_max: u64, network_max: u64) -> u64 {
    if Some(step) == address.steps().next() {
        address_max
    } else if step == address.network() {
        network_max
    } else {
        address_max.midpoint(network_max)
    }
}

fn over(has: Result<(), u64>, measure: Measure) -> Result<(), Over> {
    has.map_err(|retry_after_ms| Over { retry_after_ms, measure })
}

fn less<K: Ord>(map: &mut BTreeMap<K, u64>, key: &K, bytes: u64) {
    if let Some(held) = map.get_mut(key) {
        *held = held.saturating_sub(bytes);
        if *held == 0 {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
