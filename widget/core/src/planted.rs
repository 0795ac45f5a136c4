//! Faults that the simulation must find: present only with the feature `planted`, and then only the one that was chosen.

/// A known fault of the client's core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Drafts do not survive a reload.
    ForgetsOutbox,
    /// An event that was taken before is taken once more.
    AppliesTwice,
    /// A retry has another id.
    RetriesWithNewId,
    /// An event that does not follow the last one is taken all the same.
    TakesGaps,
    /// The heads in a pong are ignored.
    IgnoresHeads,
    /// The sign of typing never ends.
    TypesForEver,
    /// A later draft does not wait for an earlier one.
    SendsOutOfOrder,
}

#[cfg(feature = "planted")]
std::thread_local! {
    static CHOSEN: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in every session of this thread, or none.
#[cfg(feature = "planted")]
pub fn plant(fault: Option<Planted>) {
    CHOSEN.set(fault);
}

/// Whether this fault is planted.
#[cfg(feature = "planted")]
pub(crate) fn planted(fault: Planted) -> bool {
    CHOSEN.get() == Some(fault)
}

/// No fault is.
#[cfg(not(feature = "planted"))]
pub(crate) const fn planted(_: Planted) -> bool {
    false
}
