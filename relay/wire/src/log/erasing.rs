//! Which parts of what is kept of a conversation are erased.

/// A part of what is kept of a conversation, as retention names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What people wrote: messages, notes, labels, the words beside a rating.
    Texts,
    /// Who the visitor is and where they write from: pages, browser, languages.
    Names,
    /// Attachments and their names.
    Files,
}

/// Which parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// [`Part::Texts`].
    pub texts: bool,
    /// [`Part::Names`].
    pub names: bool,
    /// [`Part::Files`].
    pub files: bool,
}

impl Parts {
    /// All of them.
    pub const ALL: Self = Self { texts: true, names: true, files: true };

    /// This one alone.
    #[must_use]
    pub const fn only(part: Part) -> Self {
        Self {
            texts: matches!(part, Part::Texts),
            names: matches!(part, Part::Names),
            files: matches!(part, Part::Files),
        }
    }

    /// As one number, for a column: 1 texts, 2 names, 4 files.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.texts) | u8::from(self.names) << 1 | u8::from(self.files) << 2
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self { texts: self.texts || others.texts, names: self.names || others.names, files: self.files || others.files }
    }

    /// Whether a part is among them.
    #[must_use]
    pub const fn has(self, part: Part) -> bool {
        match part {
            Part::Texts => self.texts,
            Part::Names => self.names,
            Part::Files => self.files,
        }
    }
}
