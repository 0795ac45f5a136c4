//! What was refused because somebody, or everybody, had as much as they may.

use metrics::counter;

/// What there was no slot for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// A connection that speaks HTTP.
    Http,
    /// A request that a trusted proxy brought.
    Request,
    /// A connection of a chat or console.
    Connection,
    /// An upload.
    Upload,
    /// A transcript.
    Transcript,
}

impl Slots {
    const ALL: [Self; 5] = [Self::Http, Self::Request, Self::Connection, Self::Upload, Self::Transcript];

    const fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Request => "request",
            Self::Connection => "connection",
            Self::Upload => "upload",
            Self::Transcript => "transcript",
        }
    }
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The address holds as many as it may.
    Address,
    /// Its network does.
    Network,
    /// Few are left, and the network or address holds as many as that.
    Share,
    /// None is left.
    All,
}

impl Full {
    /// Every reason, for numbers.
    pub const ALL: [Self; 4] = [Self::Address, Self::Network, Self::Share, Self::All];

    /// Its name in numbers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::Share => "share",
            Self::All => "full",
        }
    }
}

/// What came too often from one address or network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// New connections.
    Connects,
    /// New visitors.
    Registrations,
    /// Frames of all connections together.
    Frames,
    /// Failed sign-ins.
    SignIns,
}

impl Rate {
    const ALL: [Self; 4] = [Self::Connects, Self::Registrations, Self::Frames, Self::SignIns];

    const fn label(self) -> &'static str {
        match self {
            Self::Connects => "connects",
            Self::Registrations => "registrations",
            Self::Frames => "frames",
            Self::SignIns => "sign_ins",
        }
    }
}

/// Shows all of them from the first page on.
pub(super) fn describe() {
    for slots in Slots::ALL {
        for full in Full::ALL {
            counter!("relay_slots_refused_total", "slots" => slots.label(), "reason" => full.label()).absolute(0);
        }
    }
    for rate in Rate::ALL {
        counter!("relay_rates_refused_total", "rate" => rate.label()).absolute(0);
    }
    counter!("relay_passwords_refused_total").absolute(0);
}

/// There was no slot.
pub fn no_slot(slots: Slots, full: Full) {
    counter!("relay_slots_refused_total", "slots" => slots.label(), "reason" => full.label()).increment(1);
}

/// Something came too often.
pub fn too_often(rate: Rate) {
    counter!("relay_rates_refused_total", "rate" => rate.label()).increment(1);
}

/// A password was not looked at.
pub fn password_refused() {
    counter!("relay_passwords_refused_total").increment(1);
}
