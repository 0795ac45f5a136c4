//! From a timeline of the core to rows: who stands on which side, where a day begins, where a group ends.

use std::mem::discriminant;

use widget_core::{Content, Item, ItemState, Notice, Timeline};
use wire::{Author, Body, ConversationId, MessageId, Party, Seq};

use crate::signal::{Shared, Signal};
use crate::time;

/// Lines of one author further apart than this are two groups.
const GROUP_MS_MAX: u64 = 5 * 60_000;

/// One line and how it stands among its neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it says.
    pub item: Item,
    /// Whether the reader's side wrote it.
    pub mine: bool,
    /// Whether a day begins with it.
    pub begins_day: bool,
    /// Whether name, time and state stand under it.
    pub ends_group: bool,
}

/// A row that changes in place, under the id it keeps.
#[derive(Clone)]
struct Kept {
    id: MessageId,
    row: Shared<Row>,
}

/// The rows on show. An arriving message touches its own row and its neighbour, nothing else; a key pressed, or anything else that leaves the
/// timeline as it was, touches and copies none.
#[derive(Clone, Copy)]
pub struct Board(Signal<Vec<Kept>>, Signal<Option<(ConversationId, u64)>>);

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// An empty board.
    #[must_use]
    pub fn new() -> Self {
        Self(Signal::new(Vec::new()), Signal::new(None))
    }

    /// Brings the rows in line with a timeline (none: no rows), as this side reads it.
    pub fn mirror(self, timeline: Option<&Timeline>, reader: Party) {
        let now = timeline.map(|timeline| (timeline.conversation(), timeline.revision()));
        if now.is_some() && self.1.get_untracked() == now {
            return;
        }
        self.1.set(now);
        let items: Vec<&Item> = timeline.into_iter().flat_map(Timeline::items).collect();
        let items = without_echoes(&items, reader);
        let mut same = true;
        let lines = self.0.with_untracked(|old| {
            let mut lines = Vec::with_capacity(items.len());
            for (index, place) in places(&items, reader, time::day).into_iter().enumerate() {
                let id = place.item.id;
                // Mostly the row that stood there before; a search only where something came in between.
                let there = old.get(index).filter(|line| line.id == id);
                same &= there.is_some();
                match there.or_else(|| old.iter().find(|line| line.id == id)) {
                    Some(line) => {
                        if line.row.with_untracked(|shown| !place.is(shown)) {
                            line.row.set(place.row());
                        }
                        lines.push(line.clone());
                    }
                    None => lines.push(Kept { id, row: Shared::new(place.row()) }),
                }
            }
            same &= lines.len() == old.len();
            lines
        });
        if !same {
            self.0.set(lines);
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.with(Vec::is_empty)
    }

    /// The keys of the rows, in order.
    pub(super) fn keys(self) -> Vec<u128> {
        self.0.with(|lines| lines.iter().map(|line| line.id.0).collect())
    }

    /// The row of a key.
    pub(super) fn line(self, key: u128) -> Shared<Row> {
        let found =
            self.0.with_untracked(|lines| lines.iter().find(|line| line.id.0 == key).map(|line| line.row.clone()));
        found.expect("a row is drawn from the keys that the board gave")
    }

    /// How many messages of the other side there are. Follows the lines, not their states.
    pub(super) fn others(self) -> usize {
        let other = |row: &Row| !row.mine && !row.item.content.is_notice();
        self.0.with(|lines| lines.iter().filter(|line| line.row.with_untracked(other)).count())
    }

    /// Whether the last line is being sent from here. Follows the lines, not their states.
    pub(super) fn last_is_own_draft(self) -> bool {
        self.0.with(|lines| {
            lines.last().is_some_and(|line| line.row.with_untracked(|row| row.mine && row.item.seq == Seq::ZERO))
        })
    }
}

/// Leaves out what says the same thing twice: an assignment next to a joining (only the team sees both), standing in line
/// where somebody joins at once, and to the visitor, who has a card for it, standing in line altogether.
fn without_echoes<'a>(items: &[&'a Item], reader: Party) -> Vec<&'a Item> {
    let joins = |at: Option<usize>| {
        at.and_then(|at| items.get(at))
            .is_some_and(|item| matches!(item.content, Content::Notice(Notice::Joined { .. })))
    };
    let assigns = |item: &Item| matches!(&item.content, Content::StaffNotice(notice) if matches!(**notice, Body::Assigned { .. }));
    let queues = |item: &Item| matches!(item.content, Content::Notice(Notice::Queued));
    let echo = |at: usize| {
        let next = at.checked_add(1);
        let assigned_next = next.and_then(|next| items.get(next)).is_some_and(|item| assigns(item));
        (assigns(items[at]) && (joins(at.checked_sub(1)) || joins(next)))
            || (queues(items[at]) && (reader == Party::Visitor || joins(next) || assigned_next))
    };
    (0..items.len()).filter(|at| !echo(*at)).map(|at| items[at]).collect()
}

/// How a line stands among its neighbours; a row once the line is copied.
struct Place<'a> {
    item: &'a Item,
    mine: bool,
    begins_day: bool,
    ends_group: bool,
}

impl Place<'_> {
    /// Whether this is what is shown already.
    fn is(&self, shown: &Row) -> bool {
        (shown.mine, shown.begins_day, shown.ends_group) == (self.mine, self.begins_day, self.ends_group)
            && looks_alike(&shown.item, self.item)
    }

    fn row(&self) -> Row {
        let Self { item, mine, begins_day, ends_group } = *self;
        Row { item: item.clone(), mine, begins_day, ends_group }
    }
}

/// Whether one line, before and after, looks the same: its words never change, but an upload becomes a file. Comparing whole contents would
/// weigh more than all the rest of this.
fn looks_alike(before: &Item, after: &Item) -> bool {
    discriminant(&before.content) == discriminant(&after.content)
        && (before.seq, before.at_ms) == (after.seq, after.at_ms)
        && before.state == after.state
        && before.author == after.author
}

fn places<'a>(items: &[&'a Item], reader: Party, day: impl Fn(u64) -> u64) -> Vec<Place<'a>> {
    let mut places: Vec<Place<'a>> = Vec::with_capacity(items.len());
    let mut day_before = None;
    for item in items {
        let today = day(item.at_ms);
        let begins_day = day_before != Some(today);
        day_before = Some(today);
        let mine = is_mine(item, reader);
        if let Some(last) = places.last_mut() {
            last.ends_group = begins_day || last.mine != mine || !together(last.item, item);
        }
        places.push(Place { item, mine, begins_day, ends_group: true });
    }
    places
}

/// What is not recorded yet was written here.
fn is_mine(item: &Item, reader: Party) -> bool {
    item.author.party() == Some(reader) || (item.seq == Seq::ZERO && item.author == Author::System)
}

/// Whether two neighbours stand in one group: same author, same state, not far apart.
fn together(one: &Item, other: &Item) -> bool {
    let kind = |item: &Item| match (&item.content, &item.state) {
        (Content::Notice(_) | Content::StaffNotice(_), _) => 0,
        (Content::Note(_), ItemState::Failed(_)) | (_, ItemState::Failed(_)) => 1,
        (Content::Note(_), _) => 2,
        (_, ItemState::Recorded) => 3,
        (_, ItemState::Sending) => 4,
        (_, ItemState::Waiting) => 5,
        (_, ItemState::Uploading { .. }) => 6,
        (_, ItemState::Sent) => 7,
        (_, ItemState::Seen) => 8,
    };
    let (first, second) = (kind(one), kind(other));
    // A failed line has a reason and actions of its own, a notice has no group.
    first == second && first > 1 && one.author == other.author && other.at_ms.abs_diff(one.at_ms) <= GROUP_MS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Refusal;

    fn item(seq: u64, at_ms: u64, author: Author, state: ItemState) -> Item {
        let content = Content::Text(String::from("words"));
        Item { id: MessageId(u128::from(seq)), seq: Seq(seq), at_ms, author, content, state }
    }

    fn check(items: &[Item], wanted: &[(bool, bool, bool)]) {
        let items: Vec<&Item> = items.iter().collect();
        let places = places(&items, Party::Visitor, |at_ms| at_ms / 1_000_000);
        let seen: Vec<_> = places.iter().map(|row| (row.mine, row.begins_day, row.ends_group)).collect();
        assert_eq!(seen, wanted);
    }

    fn agent() -> Author {
        Author::Agent { id: wire::AgentId(1), name: String::from("Agent") }
    }

    #[test]
    fn a_group_ends_where_the_author_the_state_or_the_day_changes() {
        check(
            &[
                item(1, 0, Author::Visitor, ItemState::Seen),
                item(2, 1, Author::Visitor, ItemState::Seen),
                item(3, 2, Author::Visitor, ItemState::Sent),
                item(4, 3, agent(), ItemState::Recorded),
                item(5, 4, agent(), ItemState::Recorded),
                item(6, 4 + GROUP_MS_MAX + 1, agent(), ItemState::Recorded),
                item(7, 1_000_000, agent(), ItemState::Recorded),
            ],
            &[
                (true, true, false),
                (true, false, true),
                (true, false, true),
                (false, false, false),
                (false, false, true),
                (false, false, true),
                (false, true, true),
            ],
        );
    }

    #[test]
    fn each_failed_line_says_its_own_reason() {
        let failed = || ItemState::Failed(Refusal::Ended);
        check(
            &[item(1, 0, Author::Visitor, failed()), item(2, 0, Author::Visitor, failed())],
            &[(true, true, true), (true, false, true)],
        );
    }

    #[test]
    fn standing_in_line_is_told_once() {
        let notice = |seq, notice| Item {
            content: Content::Notice(notice),
            ..item(seq, 0, Author::System, ItemState::Recorded)
        };
        let joined = || Notice::Joined { name: String::from("Agent") };
        let (queued, joins, queued_again) = (notice(1, Notice::Queued), notice(2, joined()), notice(3, Notice::Queued));
        let items = [&queued, &joins, &queued_again];
        assert_eq!(without_echoes(&items, Party::Visitor), [&joins]);
        assert_eq!(without_echoes(&items, Party::Staff), [&joins, &queued_again]);
    }
}
