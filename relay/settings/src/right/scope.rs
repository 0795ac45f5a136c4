//! Scopes: where rights count, by site and by department.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wire::SiteId;

use crate::DocumentId;

/// All things of a sort, or some of them. As JSON `"all"` or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "Form<T>",
    into = "Form<T>",
    bound(deserialize = "T: Ord + Deserialize<'de>", serialize = "T: Ord + Clone + Serialize")
)]
pub enum Reach<T> {
    /// All, also those that are made later.
    All,
    /// These.
    Some(BTreeSet<T>),
}

/// How it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged, bound(deserialize = "T: Ord + Deserialize<'de>"))]
enum Form<T> {
    Word(All),
    List(BTreeSet<T>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum All {
    All,
}

impl<T> From<Form<T>> for Reach<T> {
    fn from(form: Form<T>) -> Self {
        match form {
            Form::Word(All::All) => Self::All,
            Form::List(some) => Self::Some(some),
        }
    }
}

impl<T> From<Reach<T>> for Form<T> {
    fn from(reach: Reach<T>) -> Self {
        match reach {
            Reach::All => Self::Word(All::All),
            Reach::Some(some) => Self::List(some),
        }
    }
}

impl<T: Ord> Reach<T> {
    /// Whether this one is reached.
    #[must_use]
    pub fn has(&self, one: &T) -> bool {
        match self {
            Self::All => true,
            Self::Some(some) => some.contains(one),
        }
    }

    /// Whether this one is reached; with none, whether all are.
    #[must_use]
    pub fn has_or_all(&self, one: Option<&T>) -> bool {
        one.map_or(matches!(self, Self::All), |one| self.has(one))
    }

    /// Whether everything is reached that the other reaches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Some(_), Self::All) => false,
            (Self::Some(mine), Self::Some(theirs)) => mine.is_superset(theirs),
        }
    }

    /// Whether both reach something that is the same.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::All, Self::Some(some)) | (Self::Some(some), Self::All) => !some.is_empty(),
            (Self::Some(mine), Self::Some(theirs)) => !mine.is_disjoint(theirs),
        }
    }
}

/// Where somebody's rights count: what is of one of these sites **and** of one of these departments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Of which sites.
    pub sites: Reach<SiteId>,
    /// Of which departments. What has no department is only for those who have all.
    pub departments: Reach<DocumentId>,
}

impl Scope {
    /// Everywhere.
    pub const EVERYWHERE: Self = Self { sites: Reach::All, departments: Reach::All };

    /// Whether there are no bounds.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        *self == Self::EVERYWHERE
    }

    /// Whether it reaches everything that the other reaches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.sites.covers(&other.sites) && self.departments.covers(&other.departments)
    }

    /// Whether there is something that both may reach.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.sites.meets(&other.sites) && self.departments.meets(&other.departments)
    }
}
