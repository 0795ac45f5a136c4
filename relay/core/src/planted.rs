//! Faults that the simulation must find: present only with the feature `planted`, and then only the one that was chosen.

/// A known fault of the relay's core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A staff event goes to the visitor too.
    LeaksNotes,
    /// A page is given to whoever asks.
    SkipsOwner,
    /// The turn in the queue is forgotten when the relay starts again.
    ForgetsTurns,
    /// Visitors are given to agents who have no room.
    IgnoresRoom,
    /// A retry of what was recorded gets no answer.
    SilentOnRetry,
    /// A page begins one event too late.
    ResumesOffByOne,
    /// An agent who is gone stays online.
    KeepsGoneOnline,
    /// A change of a conversation is not sent to the consoles.
    QuietInbox,
    /// Whoever has left stays in the queue.
    KeepsLeftQueued,
    /// Somebody who is blocked gets in.
    IgnoresBlocks,
    /// Agents are given visitors who are gone.
    ServesGone,
    /// A network that was served stays first.
    SkipsRounds,
    /// What an agent has who is gone stays with it.
    ForgetsGivenBack,
    /// What was recorded before is recorded again.
    RecordsTwice,
    /// The condition on the staff lane is not checked.
    SkipsCompare,
    /// The bus is not asked for conversations that clients follow.
    ForgetsToSubscribe,
    /// A conversation's row goes to the consoles of all agents, whatever their scope.
    SkipsScope,
    /// The relay stays subscribed to conversations that no client follows any more.
    KeepsSubscriptions,
}

#[cfg(feature = "planted")]
std::thread_local! {
    static CHOSEN: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in every core of this thread, or none.
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
