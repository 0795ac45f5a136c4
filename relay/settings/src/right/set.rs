//! Sets of rights, and their names as a newer version may have written them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Right;

/// Rights, ordered. As JSON a list of their names.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RightSet(u64);

const _: () = assert!(Right::ALL.len() <= 64, "a set of rights has 64 bits");

impl RightSet {
    /// No right.
    pub const NONE: Self = Self(0);
    /// Every right.
    pub const ALL: Self = Self::of(Right::ALL);

    /// These rights.
    #[must_use]
    pub const fn of(rights: &[Right]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < rights.len() {
            bits |= 1 << rights[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// The rights of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights that are not in the other set.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a right is in it.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u32) != 0
    }

    /// Whether all rights of the other set are in it.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.without(self).0 == 0
    }

    /// Its rights, in the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.iter().copied().filter(move |right| self.has(*right))
    }
}

impl FromIterator<Right> for RightSet {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        rights.into_iter().fold(Self::NONE, |set, right| set.union(Self::of(&[right])))
    }
}

impl fmt::Debug for RightSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for RightSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for RightSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Right>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Names of rights, of which a newer version may know more: those that are known here count, the others are left out and reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightNames {
    /// The rights that count.
    pub known: RightSet,
    /// Names that this version does not know.
    pub unknown: BTreeSet<String>,
}

impl<S: AsRef<str>> FromIterator<S> for RightNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut read = Self::default();
        for name in names {
            match name.as_ref().parse::<Right>() {
                Ok(right) => read.known = read.known.union(RightSet::of(&[right])),
                Err(_) => drop(read.unknown.insert(name.as_ref().to_owned())),
            }
        }
        read
    }
}
