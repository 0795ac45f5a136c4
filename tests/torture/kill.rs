//! `kill -9` at random instants under load: nothing acknowledged is lost or doubled, everybody keeps their place in line, and the counter, which
//! reads the feed, has counted every event once.

use std::time::Duration;

use support::{Door, Relay, Setup, check_counter, check_integrity, check_queue};

use crate::crowd::{Crowd, Size};
use crate::form::turn;

#[test]
fn killed_at_random_instants_it_loses_nothing_and_nobody_their_place() {
    let mut turn = turn("kill");
    let mut relay = Relay::start_with(Setup::moving());
    let mut crowd = Crowd::new(&relay, Size::BUSY, &turn.dice, &Door::of(&relay));
    let mut killed = 0;
    while killed < turn.form.kills {
        crowd.act(|stage| {
            for _ in 0..turn.form.kills_between_verdicts {
                stage.more(usize::try_from(turn.dice.between(1, 40)).expect("a small number"));
                // The instant is the point: anywhere within some commits.
                stage.last(Duration::from_micros(turn.dice.below(30_000)));
                relay.kill();
                killed += 1;
                relay.up();
            }
        });
        let (log, verdict) = crowd.judge(&relay);
        let before = check_queue(&relay, &crowd.cookie, &log);
        let counted = check_counter(relay.data());
        relay.kill();
        check_integrity(relay.data());
        relay.up();
        let log = crowd.judge.read(&relay, &crowd.cookie);
        let _ = crowd.judge.verdict(&log);
        let waiting = check_queue(&relay, &crowd.cookie, &log);
        assert_eq!(waiting, before, "after another kill somebody is missing in line");
        turn.tell(format_args!("{killed} kills, {waiting} wait in line, {counted} events counted once: {verdict:?}"));
    }
}
