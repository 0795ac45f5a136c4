//! What each role may do with each route, written by hand. Nothing of the product is used here.

use super::table::{Outcome, SCOPES};
use Outcome::{Done, Gone, NotAllowed, Without};

/// What a route is about, and with it what those who have the right are answered in each scope (in the order of `SCOPES`), on each site: `+` it is
/// done, `-` it is not allowed, `g` it is answered as what does not exist, `w` it is answered without what was looked for.
pub(super) type Of = &'static str;

/// Oneself, or nobody at all.
const ANYBODY: Of = "++ ++ ++ ++ ++";
/// What belongs to no site.
const RELAY: Of = "++ -- -- -- --";
/// A conversation, which has no department.
const CONVERSATION: Of = "++ +g g+ ++ gg";
/// A site's document is read by those who have the site …
const READ: Of = "++ +g g+ ++ ++";
/// … and in a list, too …
const LISTED: Of = "++ +w w+ ++ ++";
/// … and changed by those who have all departments as well.
const CHANGED: Of = "++ +g g+ ++ --";
/// A colleague of one site and all departments, or a key or an invitation with that scope: for those who have all of it.
const COVERED: Of = "++ +g g+ ++ gg";
/// The same in a list.
const COVERED_LISTED: Of = "++ +w w+ ++ ww";

/// Method, path, what it is about, and a column for each role: `+` it has the right, `-` it is refused at once, `r` it may only read it, `g` and `w` it may
/// not even read it.
pub(super) type Route = (&'static str, &'static str, Of, &'static str);

pub(super) const ROUTES: &[Route] = &[
    //                                                                       ag su ad re wr en gu au
    ("GET", "/api/v1/version", ANYBODY, "                                    +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/health", ANYBODY, "                                     +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/setup", ANYBODY, "                                      +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/setup", ANYBODY, "                                     +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/session", ANYBODY, "                                   +  +  +  +  +  +  +  +"),
    ("DELETE", "/api/v1/session", ANYBODY, "                                 +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/session/confirm", ANYBODY, "                           +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/session/second-factor", ANYBODY, "                     +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/session/passkey", ANYBODY, "                           +  +  +  +  +  +  +  +"),
    ("PUT", "/api/v1/session/passkey", ANYBODY, "                            +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/invitations/look", ANYBODY, "                          +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/invitations/accept", ANYBODY, "                        +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/me", ANYBODY, "                                         +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/me/second-factor", ANYBODY, "                           +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/me/second-factor", ANYBODY, "                          +  +  +  +  +  +  +  +"),
    ("PUT", "/api/v1/me/second-factor", ANYBODY, "                           +  +  +  +  +  +  +  +"),
    ("DELETE", "/api/v1/me/second-factor", ANYBODY, "                        +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/me/passkeys", ANYBODY, "                                +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/me/passkeys", ANYBODY, "                               +  +  +  +  +  +  +  +"),
    ("PUT", "/api/v1/me/passkeys", ANYBODY, "                                +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/me/passkeys/challenge", ANYBODY, "                     +  +  +  +  +  +  +  +"),
    ("DELETE", "/api/v1/me/passkeys/{id}", ANYBODY, "                        +  +  +  +  +  +  +  +"),
    ("PUT", "/api/v1/me/password", ANYBODY, "                                +  +  +  +  +  +  +  +"),
    ("POST", "/api/v1/me/recovery-codes", ANYBODY, "                         +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/audit", RELAY, "                                        -  -  +  -  -  -  -  +"),
    ("GET", "/api/v1/audit/export", RELAY, "                                 -  -  +  -  -  -  -  +"),
    ("GET", "/api/v1/settings/{kind}", LISTED, "                             w  +  +  w  w  w  w  +"),
    ("POST", "/api/v1/settings/{kind}", RELAY, "                             -  -  +  -  -  -  -  -"),
    ("GET", "/api/v1/settings/{kind}/{id}", READ, "                          g  +  +  g  g  g  g  +"),
    ("GET", "/api/v1/settings/{kind}/{id}/history", READ, "                  g  +  +  g  g  g  g  +"),
    ("PUT", "/api/v1/settings/{kind}/{id}", CHANGED, "                       g  r  +  g  g  g  g  r"),
    ("DELETE", "/api/v1/settings/{kind}/{id}", CHANGED, "                    g  r  +  g  g  g  g  r"),
    ("POST", "/api/v1/sites/{id}/look", READ, "                              g  +  +  g  g  g  g  +"),
    ("GET", "/api/v1/texts/{language}", ANYBODY, "                           +  +  +  +  +  +  +  +"),
    ("GET", "/api/v1/staff", LISTED, "                                       -  +  +  -  -  -  -  -"),
    ("GET", "/api/v1/staff/{id}", READ, "                                    g  +  +  g  g  g  g  g"),
    ("PATCH", "/api/v1/staff/{id}", CHANGED, "                               g  r  +  g  g  g  g  g"),
    ("DELETE", "/api/v1/staff/{id}", CHANGED, "                              g  r  +  g  g  g  g  g"),
    ("POST", "/api/v1/staff/{id}/password_link", CHANGED, "                  g  r  +  g  g  g  g  g"),
    ("POST", "/api/v1/staff/{id}/second-factor/remove", COVERED, "           g  g  +  g  g  g  g  g"),
    ("GET", "/api/v1/sessions", COVERED, "                                   g  g  +  g  g  g  g  g"),
    ("DELETE", "/api/v1/sessions/{id}", COVERED, "                           g  g  +  g  g  g  g  g"),
    ("GET", "/api/v1/invitations", COVERED_LISTED, "                         -  -  +  -  -  -  -  -"),
    ("POST", "/api/v1/invitations", ANYBODY, "                               -  -  +  -  -  -  -  -"),
    ("DELETE", "/api/v1/invitations/{id}", COVERED, "                        g  g  +  g  g  g  g  g"),
    ("GET", "/api/v1/conversations", COVERED_LISTED, "                       +  +  +  +  +  +  +  -"),
    ("GET", "/api/v1/conversations/{id}", CONVERSATION, "                    +  +  +  +  +  +  +  -"),
    ("GET", "/api/v1/conversations/{id}/events", CONVERSATION, "             +  +  +  +  +  +  +  -"),
    // Without a text, or without the agent who gets it, they say so to those who may write or give somewhere.
    ("POST", "/api/v1/conversations/{id}/messages", CONVERSATION, "          +  +  +  -  +  -  -  -"),
    ("POST", "/api/v1/conversations/{id}/assign", CONVERSATION, "            +  +  +  -  +  +  -  -"),
    ("POST", "/api/v1/conversations/{id}/end", CONVERSATION, "               +  +  +  -  -  +  -  -"),
    ("GET", "/api/v1/conversations/{id}/transcript", CONVERSATION, "         +  +  +  -  -  -  -  -"),
    ("GET", "/api/v1/conversations/{id}/files", CONVERSATION, "              +  +  +  -  -  -  -  -"),
    ("PUT", "/api/v1/conversations/{id}/files/{file}", CONVERSATION, "       +  +  +  -  +  -  -  -"),
    ("GET", "/api/v1/files/{id}", CONVERSATION, "                            +  +  +  -  -  -  -  -"),
    ("GET", "/api/v1/visitors", COVERED_LISTED, "                              +  +  +  -  -  -  +  -"),
    ("GET", "/api/v1/visitors/{id}", CONVERSATION, "                         +  +  +  -  -  -  +  -"),
    ("POST", "/api/v1/visitors/{id}/block", CONVERSATION, "                  -  +  +  -  -  -  +  -"),
    ("DELETE", "/api/v1/visitors/{id}/block", CONVERSATION, "                -  +  +  -  -  -  +  -"),
    ("GET", "/api/v1/visitors/{id}/erase", CONVERSATION, "                   -  -  +  -  -  -  -  -"),
    ("POST", "/api/v1/visitors/{id}/erase", CONVERSATION, "                  -  -  +  -  -  -  -  -"),
    ("GET", "/api/v1/conversations/{id}/hold", CONVERSATION, "               -  -  +  -  -  -  -  -"),
    ("PUT", "/api/v1/conversations/{id}/hold", CONVERSATION, "               -  -  +  -  -  -  -  -"),
    ("DELETE", "/api/v1/conversations/{id}/hold", CONVERSATION, "            -  -  +  -  -  -  -  -"),
    ("GET", "/api/v1/keys", COVERED_LISTED, "                                -  -  +  -  -  -  -  -"),
    ("POST", "/api/v1/keys", ANYBODY, "                                      -  -  +  -  -  -  -  -"),
    ("GET", "/api/v1/keys/{id}", COVERED, "                                  -  -  +  -  -  -  -  -"),
    ("DELETE", "/api/v1/keys/{id}", COVERED, "                               -  -  +  -  -  -  -  -"),
];

/// Whether a route is of people alone, so that a key is refused.
pub(super) fn is_of_people(route: &Route) -> bool {
    matches!(route.1, "/api/v1/me/second-factor" | "/api/v1/me/password" | "/api/v1/me/recovery-codes")
        || route.1.starts_with("/api/v1/me/passkeys")
}

/// What is to be expected in one cell.
pub(super) fn expected(route: &Route, role: usize, scope: usize, site: usize) -> Outcome {
    let (.., of, columns) = route;
    assert!(of.split_whitespace().count() == SCOPES.len(), "{of}");
    let within = of.split_whitespace().nth(scope).and_then(|sites| sites.as_bytes().get(site));
    match (columns.split_whitespace().nth(role), within) {
        (Some("+"), Some(b'+')) => Done,
        (Some("-"), _) | (Some("+"), Some(b'-')) | (Some("r"), Some(b'+' | b'-')) => NotAllowed,
        (Some("g"), _) | (Some("+" | "r"), Some(b'g')) => Gone,
        (Some("w"), _) | (Some("+"), Some(b'w')) => Without,
        other => panic!("no such cell: {other:?}"),
    }
}
