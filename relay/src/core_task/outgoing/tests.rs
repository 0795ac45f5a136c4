//! The queue by itself.

use std::sync::atomic::{AtomicBool, Ordering};

use wire::limit::SEND_BYTES_MAX;

use super::*;
use crate::address::Address;

fn all() -> (Unsent, Sender, Receiver) {
    let unsent = Unsent::default();
    let (sender, receiver) = queue(unsent.of_visitor(Address::new(std::net::IpAddr::from([203, 0, 113, 1]))));
    (unsent, sender, receiver)
}

fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.text().as_str()).collect()
}

#[tokio::test]
async fn frames_come_in_order_and_count_until_they_are_written() {
    let (unsent, sender, mut receiver) = all();
    let send = |text: &str| sender.try_send(unsent.frame(text.to_owned()));
    for text in ["0", "1", "2", "3"] {
        assert_eq!(send(text), Ok(()));
    }
    assert_eq!(receiver.recv().await.map(|frame| frame.text().to_string()).as_deref(), Some("0"));
    let mut batch = vec![unsent.frame("9")];
    assert_eq!(receiver.recv_many(&mut batch, 2).await, 2);
    assert_eq!(texts(&batch), ["9", "1", "2"]);
    assert_eq!(texts(&[receiver.try_recv().expect("the last")]), ["3"]);
    assert!(receiver.try_recv().is_none());
    let one = unsent.frame("0").bytes();
    assert_eq!(receiver.shared.state().bytes, 3 * one, "two and one that were taken together");
    let called = std::sync::Arc::new(AtomicBool::new(false));
    let copy = std::sync::Arc::clone(&called);
    assert!(!sender.is_below(one, move || copy.store(true, Ordering::Relaxed)));
    assert_eq!(send("4"), Ok(()));
    assert!(receiver.recv().await.is_some());
    assert!(called.load(Ordering::Relaxed), "what came before is written");
    assert_eq!(receiver.shared.state().bytes, one);
    assert!(sender.is_below(one, || panic!("it is called already")));
}

#[tokio::test]
async fn whoever_is_slow_gets_nothing_more_and_holds_nothing_more() {
    let (unsent, sender, mut receiver) = all();
    let long = "x".repeat(SEND_BYTES_MAX / 4);
    let send = || sender.try_send(unsent.frame(long.clone()));
    assert_eq!(send(), Ok(()));
    let taken = receiver.recv().await.expect("the first");
    assert_eq!((send(), send()), (Ok(()), Ok(())));
    assert_eq!(send(), Err(NotTaken::Slow), "the one that is being written counts");
    assert_eq!(send(), Err(NotTaken::Closed));
    assert_eq!(unsent.bytes(), taken.bytes(), "what waited is gone at once");
    drop(taken);
    let next = tokio::time::timeout(std::time::Duration::from_millis(1), receiver.recv()).await;
    assert!(next.is_err(), "it waits for the end of its connection");
    assert_eq!((unsent.bytes(), receiver.shared.state().bytes), (0, 0));
}

#[tokio::test]
async fn each_side_learns_of_the_others_end() {
    let (unsent, sender, mut receiver) = all();
    let other = sender.clone();
    assert_eq!(sender.try_send(unsent.frame("1")), Ok(()));
    drop((sender, other));
    assert!(receiver.recv().await.is_some(), "what was sent before the end still comes");
    assert!(receiver.recv().await.is_none());
    assert_eq!(receiver.recv_many(&mut Vec::new(), 8).await, 0);

    let (unsent, sender, receiver) = all();
    assert_eq!(sender.try_send(unsent.frame("1")), Ok(()));
    drop(receiver);
    assert_eq!(unsent.bytes(), 0);
    assert_eq!(sender.try_send(unsent.frame("1")), Err(NotTaken::Closed));
    sender.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_woken() {
    let (unsent, sender, mut receiver) = all();
    let reader = tokio::spawn(async move {
        let (mut batch, mut received) = (Vec::new(), 0);
        while receiver.recv_many(&mut batch, 3).await > 0 {
            for frame in batch.drain(..) {
                assert_eq!(frame.text().as_str(), received.to_string());
                received += 1;
            }
        }
        received
    });
    for number in 0..10_000 {
        // As fast as it is read, and no faster: too fast would be its end.
        while !sender.is_below(SEND_BYTES_MAX / 2, || {}) {
            tokio::task::yield_now().await;
        }
        assert_eq!(sender.try_send(unsent.frame(number.to_string())), Ok(()));
    }
    drop(sender);
    assert_eq!(reader.await.expect("no panic"), 10_000);

    let (_unsent, sender, receiver) = all();
    let watcher = tokio::spawn(async move { sender.closed().await });
    tokio::task::yield_now().await;
    drop(receiver);
    watcher.await.expect("no panic");
}

#[tokio::test]
async fn an_empty_queue_keeps_no_room() {
    let (unsent, sender, mut receiver) = all();
    for number in 0..200 {
        assert_eq!(sender.try_send(unsent.frame(number.to_string())), Ok(()));
    }
    while receiver.try_recv().is_some() {}
    assert!(receiver.shared.state().frames.capacity() <= KEPT_FRAMES_MAX);
}
