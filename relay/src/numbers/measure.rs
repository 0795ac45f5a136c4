//! The quotas by name.

/// A quota in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Files of one visitor in a day.
    UploadVisitor,
    /// Files of one address or network in a day.
    UploadNetwork,
    /// Files of one site in a day.
    UploadSite,
    /// Files kept of one visitor.
    KeptVisitor,
    /// Files kept of one site.
    KeptSite,
    /// Files of one visitor that no message names.
    PendingVisitor,
    /// Files of one network that no message names.
    PendingNetwork,
    /// Files that no message names, in all.
    Pending,
    /// Texts of one visitor in a day.
    TextVisitor,
    /// Texts of one address or network in a day.
    TextNetwork,
    /// Texts of one site in a day.
    TextSite,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::UploadVisitor,
        Self::UploadNetwork,
        Self::UploadSite,
        Self::KeptVisitor,
        Self::KeptSite,
        Self::PendingVisitor,
        Self::PendingNetwork,
        Self::Pending,
        Self::TextVisitor,
        Self::TextNetwork,
        Self::TextSite,
    ];

    /// As the numbers name it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::UploadVisitor => "upload_visitor",
            Self::UploadNetwork => "upload_network",
            Self::UploadSite => "upload_site",
            Self::KeptVisitor => "kept_visitor",
            Self::KeptSite => "kept_site",
            Self::PendingVisitor => "pending_visitor",
            Self::PendingNetwork => "pending_network",
            Self::Pending => "pending",
            Self::TextVisitor => "text_visitor",
            Self::TextNetwork => "text_network",
            Self::TextSite => "text_site",
        }
    }
}
