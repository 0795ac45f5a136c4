//! The decision: whether somebody may do something to something.

use wire::SiteId;

use super::{Right, RightSet, Scope};
use crate::{DocumentId, Kind};

/// Somebody on the staff, or a key of the API, as far as rights are concerned: what their roles add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The rights of all their roles.
    pub rights: RightSet,
    /// Where these count.
    pub scope: Scope,
    /// Disabled staff may do nothing.
    pub disabled: bool,
}

impl Staff {
    /// Somebody with these roles' rights.
    #[must_use]
    pub fn new(roles: impl IntoIterator<Item = RightSet>, scope: Scope) -> Self {
        let rights = roles.into_iter().fold(RightSet::NONE, RightSet::union);
        Self { rights, scope, disabled: false }
    }

    /// Whether they may do everything everywhere, so that they can give any right to anybody.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        !self.disabled && self.rights == RightSet::ALL && self.scope.is_everywhere()
    }
}

/// What something is done to. Whoever asks looks up first what it belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A conversation, with its files and transcript.
    Conversation {
        /// Of which site.
        site: &'a SiteId,
        /// Of which department, if of any.
        department: Option<&'a DocumentId>,
    },
    /// What is counted or listed over a part of a site: the board, a report, a search.
    Part {
        /// Of which site.
        site: &'a SiteId,
        /// Of which department; none for all of the site.
        department: Option<&'a DocumentId>,
    },
    /// A visitor, who belongs to a site and to no department.
    Visitor {
        /// Of which site.
        site: &'a SiteId,
    },
    /// A document.
    Document {
        /// Of which kind.
        kind: Kind,
        /// Of which site; none when it is for all sites.
        site: Option<&'a SiteId>,
        /// Of which department; none when it is for all of them.
        department: Option<&'a DocumentId>,
    },
    /// A colleague, or a key of the API.
    Colleague(&'a Staff),
    /// What belongs to no site: the audit log, all settings at once, a flood.
    Relay,
}

/// Whether somebody may do something to something: they are not disabled, have the right, and the subject is in their scope.
///
/// Reading is wider than changing in two cases. A document for all sites or departments is for those of each, so that they may read it; only who has
/// all may change it. Colleagues are seen by those who share a part of their scope; they are changed only by those who have all their rights and all
/// their scope, because who can give somebody a new password can act as them.
#[must_use]
pub fn may(staff: &Staff, right: Right, subject: &Subject<'_>) -> bool {
    !staff.disabled && staff.rights.has(right) && in_scope(staff, right, subject)
}

fn in_scope(staff: &Staff, right: Right, subject: &Subject<'_>) -> bool {
    let Scope { sites, departments } = &staff.scope;
    match *subject {
        Subject::Conversation { site, department } | Subject::Part { site, department } => {
            sites.has(site) && departments.has_or_all(department)
        }
        Subject::Visitor { site } => sites.has(site),
        Subject::Document { kind, site, department } => {
            if right == Right::SettingsRead || right == Right::to_read(kind) {
                site.is_none_or(|site| sites.has(site))
            } else {
                right == Right::to_change(kind) && sites.has_or_all(site) && departments.has_or_all(department)
            }
        }
        Subject::Colleague(other) => {
            if matches!(right, Right::StaffRead | Right::BoardRead | Right::PresenceRead) {
                staff.scope.meets(&other.scope)
            } else {
                grants(staff, other).is_ok()
            }
        }
        Subject::Relay => staff.scope.is_everywhere(),
    }
}

/// Why a right cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Who gives has not got it.
    #[error("nobody gives rights that they do not have: {}", names(.0))]
    Rights(RightSet),
    /// Who gives has it in a smaller scope.
    #[error("nobody gives rights for sites or departments that they do not have themselves")]
    Scope,
    /// Disabled staff give nothing.
    #[error("disabled staff give no rights")]
    Disabled,
}

fn names(rights: &RightSet) -> String {
    rights.iter().map(Right::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether `giver` may make somebody what `receiver` is: nobody grants what they do not have. A change is checked for what somebody was before and
/// for what they are after it.
///
/// # Errors
/// With what `giver` has not got.
pub fn grants(giver: &Staff, receiver: &Staff) -> Result<(), GrantError> {
    if giver.disabled {
        return Err(GrantError::Disabled);
    }
    if !giver.rights.covers(receiver.rights) {
        return Err(GrantError::Rights(receiver.rights.without(giver.rights)));
    }
    if giver.scope.covers(&receiver.scope) { Ok(()) } else { Err(GrantError::Scope) }
}

/// Whether one of all staff can still give any right to anybody. A change after which this is false is refused: nobody could undo it.
pub fn administrator_remains<'a>(staff: impl IntoIterator<Item = &'a Staff>) -> bool {
    staff.into_iter().any(Staff::is_administrator)
}
