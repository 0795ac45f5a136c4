//! Very many wait when a relay starts: lists reach everything, the numbers are true, and a network's are ended by one wish.

use std::collections::BTreeSet;
use std::time::Duration;

use wire::{ClientFrame, ConversationId, Counts, Many, Refusal, RowCursor, ServerFrame, View};

use crate::blocked::run;
use crate::filled;
use crate::support::{Agent, Relay};

/// More than ten times what a console's first picture holds, from so many networks.
const WAITING: u32 = 2_000;
const NETWORKS: u32 = 4;

/// A whole list, page by page.
async fn all(desk: &mut Agent, view: View, find: &str) -> Vec<ConversationId> {
    let (mut after, mut seen): (Option<RowCursor>, Vec<_>) = (None, Vec::new());
    loop {
        desk.connection.send(&ClientFrame::ListOpen { view, find: find.to_owned(), after }).await;
        let page = desk.connection.until(|frame| match frame {
            ServerFrame::Open { rows, next, total, .. } => Some(Ok((rows.clone(), *next, *total))),
            ServerFrame::Refused { refusal: Refusal::RateLimited { retry_after_ms }, .. } => Some(Err(*retry_after_ms)),
            _ => None,
        });
        let (rows, next, total) = match page.await {
            Ok(page) => page,
            // Nobody turns pages that fast; the next word is let through after a while.
            Err(retry_after_ms) => {
                let again = std::future::pending::<()>();
                let _ = tokio::time::timeout(Duration::from_millis(retry_after_ms.max(1_000)), again).await;
                continue;
            }
        };
        seen.extend(rows.iter().map(|row| row.conversation));
        after = next;
        if after.is_none() {
            assert_eq!(seen.len(), total as usize);
            return seen;
        }
    }
}

async fn counts(desk: &mut Agent, wanted: impl Fn(&Counts) -> bool) -> Counts {
    desk.connection
        .until(|frame| match frame {
            ServerFrame::Counts { counts } if wanted(counts) => Some(*counts),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn two_thousand_that_wait_are_all_reached_counted_and_ended_by_network() {
    let relay = Relay::start_filled("", |folder| filled::waiting(folder, WAITING, NETWORKS)).await;
    run(&relay, &["agent", "role", "ann@example.com", "supervisor"]).await;
    let mut desk = relay.away("ann").await;
    let sent = counts(&mut desk, |_| true).await;
    assert_eq!((sent.waiting, sent.owned), (WAITING, 0));

    let listed = all(&mut desk, View::Waiting, "").await;
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), WAITING as usize, "each once");
    assert_eq!(all(&mut desk, View::Open, "").await, listed);
    assert_eq!(all(&mut desk, View::Owned, "").await, []);
    let [last] = all(&mut desk, View::Waiting, "number 1999 waits").await[..] else { panic!("one has these words") };
    assert!(listed.contains(&last));

    desk.connection.send(&ClientFrame::EndMany { many: Many::OfNetwork { conversation: last } }).await;
    let mut sent = Vec::new();
    while sent.last().is_none_or(|(_, left)| *left > 0) {
        let next = desk.connection.until(|frame| match frame {
            ServerFrame::Ending { ended, left } => Some((*ended, *left)),
            _ => None,
        });
        sent.push(next.await);
    }
    let of_one = WAITING / NETWORKS;
    assert_eq!(sent.last(), Some(&(of_one, 0)));
    assert!(sent.iter().all(|(ended, left)| ended + left == of_one), "{sent:?}");
    let left = counts(&mut desk, |counts| counts.waiting == WAITING - of_one).await;
    assert_eq!(left.owned, 0);
    let rest = all(&mut desk, View::Waiting, "").await;
    assert_eq!(rest.len(), (WAITING - of_one) as usize);
    assert!(!rest.contains(&last));
    // So it stands in the store, too.
    let relay = relay.restart().await;
    let mut desk = relay.away("ann").await;
    assert_eq!(all(&mut desk, View::Open, "").await, rest);
}
