//! Known faults: with the feature `planted`, each is put in by itself, and the checks must find it.

/// A fault of the shell or the store, which are models here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// The answer goes out before the disk has it.
    AnswersBeforeCommit,
    /// A frame that finds a full queue is dropped.
    DropsWhenFull,
    /// After a restart a number is given twice.
    Renumbers,
}

/// A fault, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Shell(Planted),
    Relay(relay_core::planted::Planted),
    Widget(widget_core::planted::Planted),
}

/// Puts a fault into everything that runs on this thread.
#[cfg(feature = "planted")]
pub(crate) fn plant(fault: Option<Fault>) {
    relay_core::planted::plant(match fault {
        Some(Fault::Relay(fault)) => Some(fault),
        _ => None,
    });
    widget_core::planted::plant(match fault {
        Some(Fault::Widget(fault)) => Some(fault),
        _ => None,
    });
}

/// There is nothing to plant in this build.
#[cfg(not(feature = "planted"))]
pub(crate) const fn plant(_: Option<Fault>) {}

/// Every known fault.
pub(crate) fn all() -> Vec<Fault> {
    use relay_core::planted::Planted as Relay;
    use widget_core::planted::Planted as Widget;
    let shell = [Planted::AnswersBeforeCommit, Planted::DropsWhenFull, Planted::Renumbers];
    let relay = [
        Relay::LeaksNotes,
        Relay::SkipsOwner,
        Relay::ForgetsTurns,
        Relay::IgnoresRoom,
        Relay::SilentOnRetry,
        Relay::ResumesOffByOne,
        Relay::KeepsGoneOnline,
        Relay::QuietInbox,
        Relay::KeepsLeftQueued,
        Relay::IgnoresBlocks,
        Relay::ServesGone,
        Relay::SkipsRounds,
        Relay::ForgetsGivenBack,
        Relay::RecordsTwice,
        Relay::SkipsCompare,
        Relay::ForgetsToSubscribe,
        Relay::KeepsSubscriptions,
        Relay::SkipsScope,
    ];
    let widget = [
        Widget::ForgetsOutbox,
        Widget::AppliesTwice,
        Widget::RetriesWithNewId,
        Widget::TakesGaps,
        Widget::IgnoresHeads,
        Widget::TypesForEver,
        Widget::SendsOutOfOrder,
    ];
    shell.map(Fault::Shell).into_iter().chain(relay.map(Fault::Relay)).chain(widget.map(Fault::Widget)).collect()
}
