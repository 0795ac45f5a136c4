//! The quota of what visitors record, in bytes.

use relay_core::append::{Append, AppendError, NewBody};
use wire::{FromVisitor, PageContext, Say};

use super::Quotas;
use crate::clock::now_ms;
use crate::quota::reserve::{Reserve, Step};

/// What one event costs beside its text: its row and its part of the indexes.
const EVENT_COST_BYTES: u64 = 256;

/// Whether disk and quotas allow what a visitor wants recorded: an atomic load and a look-up. Agents and the relay itself are always allowed.
pub(crate) fn may_record(quotas: &Quotas, reserve: &Reserve, append: &Append) -> Result<(), AppendError> {
    let Some(visitor) = append.owner() else { return Ok(()) };
    let step = reserve.step();
    let says = append.new_events.iter().any(|new_event| match &new_event.body {
        NewBody::Ready(body) => body.is_message(),
        NewBody::File(_) => true,
        NewBody::Turn(_) => false,
    });
    if step >= Step::Texts && says || step >= Step::Visitors && append.open.is_some() {
        return Err(AppendError::DiskFull);
    }
    let bytes = append.new_events.iter().map(|new_event| cost_of(&new_event.body)).sum();
    quotas.text_of(visitor, bytes, now_ms()).map_err(|over| {
        crate::numbers::over_quota(over.measure);
        AppendError::OverQuota { retry_after_ms: over.retry_after_ms }
    })
}

/// What a new event of a visitor costs when it is recorded.
fn cost_of(body: &NewBody) -> u64 {
    let mut bytes = EVENT_COST_BYTES;
    if let NewBody::Ready(body) = body {
        body.for_each_text(|text| bytes += text.len() as u64);
    }
    bytes
}

/// What a visitor's frame costs when it is recorded; none when it asks for nothing to be recorded.
pub(crate) fn cost_of_frame(frame: &FromVisitor) -> Option<u64> {
    let text = match frame {
        FromVisitor::Say { say: Say::Text { text }, .. } => text.len(),
        FromVisitor::Rate { comment, .. } => comment.len(),
        FromVisitor::Page { page } => page_bytes(page),
        FromVisitor::Say { say: Say::File { .. }, .. }
        | FromVisitor::Register
        | FromVisitor::Seen { .. }
        | FromVisitor::LeaveQueue { .. }
        | FromVisitor::End { .. } => 0,
        FromVisitor::Typing { .. }
        | FromVisitor::Follow { .. }
        | FromVisitor::Unfollow { .. }
        | FromVisitor::Fetch { .. }
        | FromVisitor::Ping => return None,
    };
    Some(EVENT_COST_BYTES + text as u64)
}

fn page_bytes(page: &PageContext) -> usize {
    let PageContext { url, title, language, time_zone, browser, languages } = page;
    [url, title, language, time_zone, browser, languages].map(String::len).iter().sum()
}
