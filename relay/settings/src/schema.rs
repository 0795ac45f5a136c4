//! What a kind's documents look like, as data: the generic check, the console's forms and the API's description are made from it.

use crate::Kind;

/// Entries of one list, unless its field says fewer.
pub const LIST_ITEMS_MAX: usize = 200;

/// The fields of a kind's documents, in the order in which a form shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The fields, in order. Names are unique.
    pub fields: Vec<Field>,
}

/// One field of a document or of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in JSON: a-z and `_`.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether it must be given. A field that need not be may be left out or `null`; both mean its default.
    pub is_required: bool,
    /// Whether something reads it yet. A form does not show what nothing reads; the API takes it.
    pub is_read: bool,
}

/// What a value looks like in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text of one line that is not blank.
    Line {
        /// Its characters at most.
        chars_max: usize,
    },
    /// Text that may have several lines and is not blank.
    Text {
        /// Its characters at most.
        chars_max: usize,
    },
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A colour as `#rrggbb`.
    Colour,
    /// A language as `en` or `zh-CN` (BCP 47: language, script, region).
    Language,
    /// An IANA time zone as `Europe/Berlin`.
    Zone,
    /// A web origin as `https://www.example.com`.
    Origin,
    /// A day as `2027-01-31`.
    Date,
    /// A time of day as `09:30`, `24:00` at the latest.
    Time,
    /// A moment: Unix time in milliseconds.
    Moment,
    /// A small PNG as a `data:` URL; see [`crate::image`].
    Image,
    /// The id of an agent (a UUID). Agents are no documents: that one exists is checked by the relay.
    Agent,
    /// The id of a document of this kind. One of the document's own kind is its parent; there are no circles.
    Reference(Kind),
    /// Values of one shape. Single values (no groups) stand in it once.
    List {
        /// The shape of each.
        of: Box<Self>,
        /// How many at least.
        items_min: usize,
        /// How many at most.
        items_max: usize,
    },
    /// A value for each language, as an object whose names are languages.
    ByLanguage(Box<Self>),
    /// Texts by key, as an object whose names are keys of the catalogue: a-z, 0-9, `_` and `.`.
    ByKey {
        /// The shape of each text.
        of: Box<Self>,
        /// How many at most.
        entries_max: usize,
    },
    /// An object with fields of its own.
    Group(Vec<Field>),
    /// A week's times: a list of `{"day": "monday", "from": "09:00", "to": "17:00"}`. An end that is not after its start is on the next day.
    Weekly,
}

impl Schema {
    /// Without fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// Adds a field that must be given.
    #[must_use]
    pub fn required(mut self, name: &'static str, shape: Shape) -> Self {
        self.fields.push(Field { name, shape, is_required: true, is_read: false });
        self
    }

    /// Adds a field that has a default.
    #[must_use]
    pub fn optional(mut self, name: &'static str, shape: Shape) -> Self {
        self.fields.push(Field { name, shape, is_required: false, is_read: false });
        self
    }

    /// Says of the field added last that something reads it.
    #[must_use]
    pub fn read(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.is_read = true;
        }
        self
    }

    /// As the shape of one field.
    #[must_use]
    pub fn group(self) -> Shape {
        Shape::Group(self.fields)
    }
}

impl Shape {
    /// A list of this shape, empty or with up to [`LIST_ITEMS_MAX`] entries.
    #[must_use]
    pub fn list(self) -> Self {
        self.list_of(0, LIST_ITEMS_MAX)
    }

    /// A list of this shape with bounds of its own.
    #[must_use]
    pub fn list_of(self, items_min: usize, items_max: usize) -> Self {
        Self::List { of: Box::new(self), items_min, items_max }
    }

    /// This shape for each language.
    #[must_use]
    pub fn by_language(self) -> Self {
        Self::ByLanguage(Box::new(self))
    }

    /// Whether it has fields or entries of its own.
    #[must_use]
    pub const fn is_nested(&self) -> bool {
        matches!(self, Self::List { .. } | Self::ByLanguage(_) | Self::ByKey { .. } | Self::Group(_) | Self::Weekly)
    }
}

/// The fields of one entry of [`Shape::Weekly`].
#[must_use]
pub fn weekly_fields() -> Vec<Field> {
    Schema::new()
        .required("day", Shape::Choice(crate::time::Day::NAMES))
        .required("from", Shape::Time)
        .required("to", Shape::Time)
        .fields
}
