//! What each role may do with each frame of an agent, written by hand. Nothing of the product is used here.

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is carried out; of a list, what was looked for is in it.
    Done,
    /// The role has no such right, or not in so small a scope.
    NotAllowed,
    /// It is answered as what does not exist.
    Gone,
    /// It is answered without what was looked for.
    Without,
    /// A colleague has the conversation.
    Taken,
}

use Outcome::{Done, Gone, NotAllowed, Taken, Without};

/// The roles, in the order of the columns. Those with rights are documents, the others are built in.
pub(super) const ROLES: [(&str, &[&str]); 8] = [
    ("agent", &[]),
    ("supervisor", &[]),
    ("administrator", &[]),
    ("reader", &["conversation_read"]),
    ("writer", &["conversation_read", "conversation_answer", "conversation_note"]),
    ("ender", &["conversation_read", "conversation_end", "conversation_end_many", "conversation_release_any"]),
    ("guard", &["conversation_read", "visitor_block", "visitor_read", "conversation_search"]),
    ("auditor", &["audit_read", "settings_read"]),
];

/// Ids; none for all.
type Names = Option<&'static [&'static str]>;

/// The scopes: sites and departments by name (none for all), and whether the first and the second site are in it. Conversations have no department, so
/// that they are only for those who have all.
pub(super) const SCOPES: [(Names, Names, [bool; 2]); 5] = [
    (None, None, [true, true]),
    (Some(&["demo"]), None, [true, false]),
    (Some(&["other"]), None, [false, true]),
    (Some(&["demo", "other"]), None, [true, true]),
    (None, Some(&["cards"]), [false, false]),
];

/// A frame: its name, what is answered out of scope, and within it in a scope that is not everything, and a column for each role:
/// `+` it may, `-` it may not; `t` it may, but not with what a colleague has; `o` it may, but nobody has it.
pub(super) type Row = (&'static str, Outcome, Outcome, &'static str);

/// Every frame, some of them in more than one situation.
pub(super) const FRAMES: &[Row] = &[
    //                                             ag su ad re wr en gu au
    ("follow", Gone, Done, "                       +  +  +  +  +  +  +  -"),
    ("fetch shared", Gone, Done, "                 +  +  +  +  +  +  +  -"),
    ("fetch staff", Gone, Done, "                  +  +  +  +  +  +  +  -"),
    ("say", Gone, Done, "                          +  +  +  -  +  -  -  -"),
    ("seen", Gone, Done, "                         +  +  +  -  +  -  -  -"),
    ("take", Gone, Done, "                         +  +  +  -  +  -  -  -"),
    ("release", Gone, Done, "                      +  +  +  -  +  o  -  -"),
    ("take, a colleague's", Gone, Done, "          t  +  +  -  t  -  -  -"),
    ("release, a colleague's", Gone, Done, "       t  +  +  -  t  +  -  -"),
    ("end, a colleague's", Gone, Done, "           t  +  +  -  -  t  -  -"),
    ("spam, a colleague's", Gone, Done, "          t  +  +  -  -  t  -  -"),
    ("note", Gone, Done, "                         +  +  +  -  +  -  -  -"),
    ("record", Gone, Done, "                       +  +  +  -  +  -  -  -"),
    ("end", Gone, Done, "                          +  +  +  -  -  +  -  -"),
    ("spam", Gone, Done, "                         +  +  +  -  -  +  -  -"),
    ("end many, listed", Without, Done, "          -  +  +  -  -  +  -  -"),
    ("end many, of a network", Gone, Done, "       -  +  +  -  -  +  -  -"),
    ("block a visitor", Gone, Done, "              -  +  +  -  -  -  +  -"),
    ("block an address", Gone, NotAllowed, "       -  +  +  -  -  -  +  -"),
    ("unblock", Gone, Done, "                      -  +  +  -  -  -  +  -"),
    ("list blocks", Without, Done, "               -  +  +  -  -  -  +  -"),
    ("list open", Without, Done, "                 +  +  +  +  +  +  +  -"),
    ("list open, found", Without, Done, "          +  +  +  -  -  -  +  -"),
    ("list closed", Without, Done, "               +  +  +  +  +  +  +  -"),
    ("list of visitor", Without, Done, "           +  +  +  -  -  -  +  -"),
    ("flood", NotAllowed, NotAllowed, "            -  +  +  -  -  -  -  -"),
    ("presence", Done, Done, "                     +  +  +  -  +  -  -  -"),
    // Typing that may not be passed on is dropped without a word.
    ("typing", Done, Done, "                       +  +  +  +  +  +  +  +"),
    ("unfollow", Done, Done, "                     +  +  +  +  +  +  +  +"),
];

/// What is to be expected in one cell.
pub(super) fn expected(row: &Row, role: usize, scope: usize, site: usize) -> Outcome {
    let (_, outside, in_part, columns) = row;
    let (sites, departments, inside) = SCOPES[scope];
    match columns.split_whitespace().nth(role) {
        Some("-") => NotAllowed,
        Some("+" | "t" | "o") if !inside[site] => *outside,
        Some("t") => Taken,
        Some("o") => NotAllowed,
        Some("+") if sites.is_some() || departments.is_some() => *in_part,
        Some("+") => Done,
        other => panic!("a column is +, -, t or o, not {other:?}"),
    }
}
