//! How many transcripts may be written at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::Refusal;
use wire::limit::{
    TRANSCRIPTS_OF_AGENTS_MAX, TRANSCRIPTS_OF_VISITORS_MAX, TRANSCRIPTS_PER_ADDRESS_MAX, TRANSCRIPTS_PER_PERSON_MAX,
};

use crate::address::Address;
use crate::limit::rate::{Slot, Slots};
use crate::limit::share::{Bounds, Full, Share, Shares, Standing};
use crate::numbers;
use crate::store::Uploader;

/// When somebody may try again who has as many under way as they may.
const RETRY_AFTER_MS: u64 = 2_000;

/// Those of visitors: a network has twice what an address has.
const OF_VISITORS: Bounds = Bounds {
    all: TRANSCRIPTS_OF_VISITORS_MAX,
    address: TRANSCRIPTS_PER_ADDRESS_MAX,
    network: 2 * TRANSCRIPTS_PER_ADDRESS_MAX,
};

/// The transcripts that are being written now. Agents have slots of their own: no visitor can take them.
pub struct TranscriptSlots {
    agents: Arc<Semaphore>,
    persons: Arc<Slots<Uploader>>,
    visitors: Arc<Shares>,
}

/// A slot for one transcript; free again when dropped.
pub(crate) struct TranscriptSlot {
    _all: Option<OwnedSemaphorePermit>,
    _person: Slot<Uploader>,
    _share: Option<Share>,
}

impl Default for TranscriptSlots {
    fn default() -> Self {
        Self {
            visitors: Arc::new(Shares::new(OF_VISITORS)),
            agents: Arc::new(Semaphore::new(TRANSCRIPTS_OF_AGENTS_MAX)),
            persons: Arc::new(Slots::new(usize::MAX, TRANSCRIPTS_PER_PERSON_MAX)),
        }
    }
}

impl TranscriptSlots {
    /// Takes a slot.
    pub(crate) fn take(
        &self,
        person: Uploader,
        standing: Standing,
        address: Address,
    ) -> Result<TranscriptSlot, Refusal> {
        let later = Refusal::RateLimited { retry_after_ms: RETRY_AFTER_MS };
        let of_person = self.persons.take(person).ok_or_else(|| later.clone())?;
        match person {
            Uploader::Visitor(_) => {
                let share = self.visitors.take(address, standing).map_err(|full| {
                    numbers::no_slot(numbers::Slots::Transcript, full);
                    if full == Full::All { Refusal::Busy } else { later }
                })?;
                Ok(TranscriptSlot { _all: None, _person: of_person, _share: Some(share) })
            }
            Uploader::Agent(_) => {
                let all = Arc::clone(&self.agents).try_acquire_owned().map_err(|_| Refusal::Busy)?;
                Ok(TranscriptSlot { _all: Some(all), _person: of_person, _share: None })
            }
        }
    }
}
