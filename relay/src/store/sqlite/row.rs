//! Rows to types and back: nothing else knows how ids, times and states are stored in columns.

use std::collections::VecDeque;

use relay_core::conversation::Conversation;
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use wire::{
    AgentId, Author, Body, ConversationId, ConversationState, Cursor, Event, Idle, Lane, MessageId, Party, Seq,
    ServiceKeyId, SiteId, Tag, VisitorId,
};

/// The columns of [`conversation`], in its order.
macro_rules! conversation_columns {
    () => {
        "id, site, visitor, opened_at_ms, language, state, state_at_ms, turn, agent, last_at_ms, last_line, last_party, \
         unread_by_staff, unread_by_visitor, seen_by_visitor, seen_by_staff, score, head_shared, head_staff, \
         aside, address, network, known, spam, answered, erased"
    };
}
/// The columns of [`event`], in its order.
macro_rules! event_columns {
    () => {
        "conversation, lane, seq, at_ms, id, author, agent, agent_name, body"
    };
}
pub(super) use {conversation_columns, event_columns};

/// A conversation.
pub(super) fn conversation(row: &Row<'_>) -> Result<Conversation> {
    let agent = optional_id(row, 8)?.map(AgentId);
    let state_at_ms = number(row, 6)?;
    let (last_party, unanswered) = last_by_of(row, 11)?;
    let state = match (row.get::<_, u8>(5)?, agent) {
        (0, _) => ConversationState::Idle { why: aside(row, 19)?, since_ms: state_at_ms },
        (1, _) => ConversationState::Waiting { since_ms: state_at_ms },
        (2, Some(agent)) => ConversationState::Assigned { agent },
        (3, _) => ConversationState::Closed { at_ms: state_at_ms },
        _ => return Err(broken(5)),
    };
    Ok(Conversation {
        id: ConversationId(id(row, 0)?),
        site: site(row, 1)?,
        visitor: VisitorId(id(row, 2)?),
        opened_at_ms: number(row, 3)?,
        language: row.get(4)?,
        state,
        turn: number(row, 7)?,
        agent,
        last_at_ms: number(row, 9)?,
        last_line: row.get(10)?,
        last_party,
        unanswered,
        unread_by_staff: seqs(row, 12)?,
        unread_by_visitor: seqs(row, 13)?,
        seen_by_visitor: Seq(number(row, 14)?),
        seen_by_staff: Seq(number(row, 15)?),
        score: row.get(16)?,
        head: Cursor { shared: Seq(number(row, 17)?), staff: Seq(number(row, 18)?) },
        address: tag(row, 20)?,
        network: tag(row, 21)?,
        known: row.get(22)?,
        spam: row.get(23)?,
        answered: row.get(24)?,
        erased: row.get::<_, u8>(25)? != 0,
    })
}

/// A recorded event.
pub(super) fn event(row: &Row<'_>) -> Result<Event> {
    let author = match row.get::<_, u8>(5)? {
        0 => Author::Visitor,
        1 => Author::Agent { id: AgentId(id(row, 6)?), name: row.get(7)? },
        2 => Author::System,
        3 => Author::Service { id: ServiceKeyId(id(row, 6)?), name: row.get(7)? },
        _ => return Err(broken(5)),
    };
    Ok(Event {
        conversation: ConversationId(id(row, 0)?),
        lane: if row.get(1)? { Lane::Staff } else { Lane::Shared },
        seq: Seq(number(row, 2)?),
        at_ms: number(row, 3)?,
        id: MessageId(id(row, 4)?),
        author,
        body: body(row, 8)?,
    })
}

/// A body.
pub(super) fn body(row: &Row<'_>, column: usize) -> Result<Body> {
    let text = row.get_ref(column)?.as_str().map_err(|_| broken(column))?;
    serde_json::from_str(text).map_err(|_| broken(column))
}

/// A 16-byte id.
pub(super) fn id(row: &Row<'_>, column: usize) -> Result<u128> {
    Ok(u128::from_be_bytes(row.get(column)?))
}

pub(super) fn optional_id(row: &Row<'_>, column: usize) -> Result<Option<u128>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(u128::from_be_bytes))
}

/// A site's id.
pub(super) fn site(row: &Row<'_>, column: usize) -> Result<SiteId> {
    let text = row.get_ref(column)?.as_str().map_err(|_| broken(column))?;
    text.parse().map_err(|_| broken(column))
}

fn aside(row: &Row<'_>, column: usize) -> Result<Idle> {
    match row.get::<_, u8>(column)? {
        0 => Ok(Idle::SteppedOut),
        1 => Ok(Idle::Left),
        2 => Ok(Idle::Message),
        _ => Err(broken(column)),
    }
}

/// A tag's 64 bits; the column is a signed number.
pub(super) fn tag(row: &Row<'_>, column: usize) -> Result<Option<Tag>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|bits| Tag(bits.cast_unsigned())))
}

/// A tag for a column.
pub(super) const fn tag_column(tag: Tag) -> i64 {
    tag.0.cast_signed()
}

/// A number that is never negative.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| broken(column))
}

/// The column `last_party`: who wrote the last message, and whether the visitor waits for an agent's answer although that was a program.
pub(super) const fn last_by(conversation: &Conversation) -> u8 {
    match (conversation.last_party, conversation.unanswered) {
        (Party::Visitor, _) => 0,
        (Party::Staff, false) => 1,
        (Party::Staff, true) => 2,
    }
}

fn last_by_of(row: &Row<'_>, column: usize) -> Result<(Party, bool)> {
    match row.get::<_, u8>(column)? {
        0 => Ok((Party::Visitor, true)),
        1 => Ok((Party::Staff, false)),
        2 => Ok((Party::Staff, true)),
        _ => Err(broken(column)),
    }
}

/// A column holds what no relay of this version writes.
fn broken(column: usize) -> Error {
    Error::InvalidColumnType(column, "a value this relay does not write".to_owned(), Type::Null)
}

/// A number for a column; times and counts are far below 2^63.
pub(super) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A state's number, its time, and while it is idle why.
pub(super) const fn state_columns(state: ConversationState) -> (u8, u64, u8) {
    match state {
        ConversationState::Idle { why: Idle::SteppedOut, since_ms } => (0, since_ms, 0),
        ConversationState::Idle { why: Idle::Left, since_ms } => (0, since_ms, 1),
        ConversationState::Idle { why: Idle::Message, since_ms } => (0, since_ms, 2),
        ConversationState::Waiting { since_ms } => (1, since_ms, 0),
        ConversationState::Assigned { .. } => (2, 0, 0),
        ConversationState::Closed { at_ms } => (3, at_ms, 0),
    }
}

/// Rising numbers as their differences, in LEB128: usually one byte each.
pub(super) fn pack(seqs: &VecDeque<Seq>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(seqs.len() + 8);
    let mut last = 0;
    for seq in seqs {
        let mut rest = seq.0.saturating_sub(last);
        last = seq.0;
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

fn seqs(row: &Row<'_>, column: usize) -> Result<VecDeque<Seq>> {
    unpack(row.get_ref(column)?.as_blob().map_err(|_| broken(column))?).ok_or_else(|| broken(column))
}

fn unpack(bytes: &[u8]) -> Option<VecDeque<Seq>> {
    let mut seqs = VecDeque::with_capacity(bytes.len());
    let (mut last, mut rest, mut shift) = (0_u64, 0_u64, 0_u32);
    for byte in bytes {
        rest |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            last = last.checked_add(rest)?;
            seqs.push_back(Seq(last));
            (rest, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(seqs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_read_back() {
        for numbers in [vec![], vec![1], vec![1, 2, 3, 200, 20_000, 1 << 40], vec![u64::MAX]] {
            let seqs: VecDeque<Seq> = numbers.into_iter().map(Seq).collect();
            assert_eq!(unpack(&pack(&seqs)), Some(seqs));
        }
        assert_eq!(unpack(&[0x80]), None);
        assert_eq!(unpack(&[0xff; 20]), None);
    }
}
