//! SIGTERM under load: nothing acknowledged is lost, everybody is told to come back, and the process ends in time.

use std::time::{Duration, Instant};

use support::{Door, Relay, Setup, check_integrity};
use wire::Close;
use wire::limit::STOP_WAIT_MS;

use crate::crowd::{Crowd, Size};
use crate::form::turn;

/// What a busy machine may add to the relay's own bound.
const SLACK: Duration = Duration::from_secs(2);

#[test]
fn stopped_under_load_it_tells_everybody_and_ends_in_time() {
    let mut turn = turn("stop");
    let mut relay = Relay::start_with(Setup::moving());
    let mut crowd = Crowd::new(&relay, Size::BUSY, &turn.dice, &Door::of(&relay));
    let mut slowest = Duration::ZERO;
    crowd.act(|stage| {
        for _ in 0..turn.form.stops {
            stage.all_ready();
            stage.more(usize::try_from(turn.dice.between(1, 60)).expect("a small number"));
            stage.all_ready();
            let asked = Instant::now();
            assert!(relay.stop(), "the relay did not end cleanly");
            slowest = slowest.max(asked.elapsed());
            check_integrity(relay.data());
            relay.up();
        }
        stage.all_ready();
    });
    assert!(slowest < Duration::from_millis(STOP_WAIT_MS) + SLACK, "it took {slowest:?} to end");
    for client in crowd.clients() {
        let other: Vec<_> = client.closes().iter().filter(|code| **code != Close::Restart.code()).collect();
        assert!(other.is_empty(), "a client was closed with {other:?}");
        assert_eq!(client.closes().len(), turn.form.stops as usize, "each stop closes each connection once");
    }
    let (_, verdict) = crowd.judge(&relay);
    turn.tell(format_args!("{} stops, the slowest {slowest:?}: {verdict:?}", turn.form.stops));
}
