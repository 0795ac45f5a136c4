//! Makes rows of a timeline of the core: on which side each is, where a day begins, where a group ends.

use std::mem::discriminant;

use widget_core::{Content, Item, ItemState, Notice, Timeline};
use wire::{Author, Body, ConversationId, MessageId, Party, Seq};

use crate::signal::{Shared, Signal};
use crate::time;

/// Messages of one author that are further apart than this are two groups.
const GROUP_MS_MAX: u64 = 5 * 60_000;

/// An item, and how it is shown among its neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it says.
    pub item: Item,
    /// Whether the reader's side wrote it.
    pub mine: bool,
    /// Whether a day begins with it.
    pub begins_day: bool,
    /// Whether name, time and state are shown under it.
    pub ends_group: bool,
}

/// A row with the id of its item, which stays when the row changes.
#[derive(Clone)]
struct KeyedRow {
    id: MessageId,
    live: Shared<Row>,
}

/// The rows of the shown timeline. A new message changes its own row and its neighbour's, no others. What does not change the timeline, such as
/// a pressed key, changes and copies none.
#[derive(Clone, Copy)]
pub struct Rows(Signal<Vec<KeyedRow>>, Signal<Option<(ConversationId, u64)>>);

impl Default for Rows {
    fn default() -> Self {
        Self::new()
    }
}

impl Rows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self(Signal::new(Vec::new()), Signal::new(None))
    }

    /// Brings the rows up to date with a timeline (none: no rows), as this side reads it.
    pub fn update(self, timeline: Option<&Timeline>, reader: Party) {
        let now = timeline.map(|timeline| (timeline.conversation(), timeline.revision()));
        if now.is_some() && self.1.get_untracked() == now {
            return;
        }
        self.1.set(now);
        let items: Vec<&Item> = timeline.into_iter().flat_map(Timeline::items).collect();
        let items = without_repeats(&items, reader);
        let mut same = true;
        let rows = self.0.with_untracked(|old| {
            let mut rows = Vec::with_capacity(items.len());
            for (index, arranged) in arrange(&items, reader, time::day).into_iter().enumerate() {
                let id = arranged.item.id;
                // Usually the row that was there before. Searched for only where another came in between.
                let there = old.get(index).filter(|row| row.id == id);
                same &= there.is_some();
                match there.or_else(|| old.iter().find(|row| row.id == id)) {
                    Some(row) => {
                        if row.live.with_untracked(|shown| !arranged.is(shown)) {
                            row.live.set(arranged.row());
                        }
                        rows.push(row.clone());
                    }
                    None => rows.push(KeyedRow { id, live: Shared::new(arranged.row()) }),
                }
            }
            same &= rows.len() == old.len();
            rows
        });
        if !same {
            self.0.set(rows);
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.with(Vec::is_empty)
    }

    /// The keys of the rows, in order.
    pub(super) fn keys(self) -> Vec<u128> {
        self.0.with(|rows| rows.iter().map(|row| row.id.0).collect())
    }

    /// The row of a key.
    pub(super) fn row(self, key: u128) -> Shared<Row> {
        let found = self.0.with_untracked(|rows| rows.iter().find(|row| row.id.0 == key).map(|row| row.live.clone()));
        found.expect("a row is drawn from the keys that the board gave")
    }

    /// How many messages of the other side there are. Follows the rows, not their states.
    pub(super) fn others(self) -> usize {
        let other = |row: &Row| !row.mine && !row.item.content.is_notice();
        self.0.with(|rows| rows.iter().filter(|row| row.live.with_untracked(other)).count())
    }

    /// Whether the last row is being sent from here. Follows the rows, not their states.
    pub(super) fn last_is_own_draft(self) -> bool {
        self.0.with(|rows| {
            rows.last().is_some_and(|row| row.live.with_untracked(|row| row.mine && row.item.seq == Seq::ZERO))
        })
    }
}

/// Leaves out notices that say nothing new: an assignment next to *joined* (only agents see both), and *queued* where somebody joins at once.
/// Visitors never see *queued*: they have a card for it.
fn without_repeats<'a>(items: &[&'a Item], reader: Party) -> Vec<&'a Item> {
    let joins = |at: Option<usize>| {
        at.and_then(|at| items.get(at))
            .is_some_and(|item| matches!(item.content, Content::Notice(Notice::Joined { .. })))
    };
    let assigns = |item: &Item| matches!(&item.content, Content::StaffNotice(notice) if matches!(**notice, Body::Assigned { .. }));
    let queues = |item: &Item| matches!(item.content, Content::Notice(Notice::Queued));
    let repeats = |at: usize| {
        let next = at.checked_add(1);
        let assigned_next = next.and_then(|next| items.get(next)).is_some_and(|item| assigns(item));
        (assigns(items[at]) && (joins(at.checked_sub(1)) || joins(next)))
            || (queues(items[at]) && (reader == Party::Visitor || joins(next) || assigned_next))
    };
    (0..items.len()).filter(|at| !repeats(*at)).map(|at| items[at]).collect()
}

/// A row that does not own its item yet: it is copied only if the row changed.
struct Arranged<'a> {
    item: &'a Item,
    mine: bool,
    begins_day: bool,
    ends_group: bool,
}

impl Arranged<'_> {
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

/// Whether an item looks the same before and after. Its text never changes, but an upload becomes a file. Code that compares whole contents
/// would weigh more than all the rest here.
fn looks_alike(before: &Item, after: &Item) -> bool {
    discriminant(&before.content) == discriminant(&after.content)
        && (before.seq, before.at_ms) == (after.seq, after.at_ms)
        && before.state == after.state
        && before.author == after.author
}

fn arrange<'a>(items: &[&'a Item], reader: Party, day: impl Fn(u64) -> u64) -> Vec<Arranged<'a>> {
    let mut arranged: Vec<Arranged<'a>> = Vec::with_capacity(items.len());
    let mut day_before = None;
    for item in items {
        let today = day(item.at_ms);
        let begins_day = day_before != Some(today);
        day_before = Some(today);
        let mine = is_mine(item, reader);
        if let Some(last) = arranged.last_mut() {
            last.ends_group = begins_day || last.mine != mine || !together(last.item, item);
        }
        arranged.push(Arranged { item, mine, begins_day, ends_group: true });
    }
    arranged
}

/// Whether the reader's side wrote it; what is not recorded yet was written here.
fn is_mine(item: &Item, reader: Party) -> bool {
    item.author.party() == Some(reader) || (item.seq == Seq::ZERO && item.author == Author::System)
}

/// Whether two neighbours are in one group: same author, same state, not far apart.
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
    // A failed row has a reason and buttons of its own; a notice has no group.
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
        let arranged = arrange(&items, Party::Visitor, |at_ms| at_ms / 1_000_000);
        let seen: Vec<_> = arranged.iter().map(|row| (row.mine, row.begins_day, row.ends_group)).collect();
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
    fn waiting_in_the_queue_is_said_once() {
        let notice = |seq, notice| Item {
            content: Content::Notice(notice),
            ..item(seq, 0, Author::System, ItemState::Recorded)
        };
        let joined = || Notice::Joined { name: String::from("Agent") };
        let (queued, joins, queued_again) = (notice(1, Notice::Queued), notice(2, joined()), notice(3, Notice::Queued));
        let items = [&queued, &joins, &queued_again];
        assert_eq!(without_repeats(&items, Party::Visitor), [&joins]);
        assert_eq!(without_repeats(&items, Party::Staff), [&joins, &queued_again]);
    }
}
