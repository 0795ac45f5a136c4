//! A site's own times go before the relay's, and a change of them is for whoever is gone already, too.

use relay_settings::{DocumentKey, Kind, Snapshot};
use serde_json::{Value, json};

use super::*;

fn documents(times: &Value) -> Snapshot {
    let key = |id: &str| DocumentKey { kind: Kind::Site, id: id.parse().unwrap() };
    let site = json!({ "name": "Demo", "times": times });
    // Another site's times are no concern of this one.
    let other = json!({ "name": "Other", "times": { "left_after_seconds": 5 } });
    Snapshot::build(2, [(key("demo"), 2, site), (key("other"), 2, other)])
}

/// A world with these times, after these happenings.
fn world(times: &Value, given: &[When]) -> World {
    let mut world = World::new();
    world.all.set_documents(&documents(times), &mut world.step);
    for when in given {
        world.happens(when);
    }
    world.step.take_news();
    world
}

/// What the relay appends by itself when this happens.
fn appended(world: &mut World, when: &When) -> Vec<String> {
    world.happens(when);
    world.step.take_news().iter().map(brief).filter(|news| news.starts_with("append")).collect()
}

#[test]
fn a_sites_own_times_go_before_the_relays() {
    let queued = [Comes, Recorded(opened()), Waits(100), Goes];
    let held = [Comes, Recorded(opened()), Recorded(assigned()), Goes];
    let answered = [&held[..3], &[Recorded(vec![Body::Text { text: "yes".to_owned() }]), Goes]].concat();
    let relay = Settings::default();
    for (given, times, after_ms) in [
        (&queued[..], json!({}), relay.left_after_ms),
        (&queued[..], json!({ "left_after_seconds": 60 }), 60_000),
        (&queued[..], json!({ "owned_left_after_seconds": 60 }), relay.left_after_ms),
        (&held[..], json!({ "left_after_seconds": 60, "owned_left_after_seconds": 7 }), 60_000),
        (&answered[..], json!({ "left_after_seconds": 60 }), 60_000),
    ] {
        let mut early = world(&times, given);
        assert_eq!(appended(&mut early, &Waits(after_ms - 1)), Vec::<String>::new(), "{times}");
        assert_eq!(appended(&mut early, &Waits(1)).len(), 1, "{times} after {after_ms} ms");
    }
}

#[test]
fn changed_times_hold_for_whoever_is_gone_already() {
    let queued = [Comes, Recorded(opened()), Waits(100), Goes];
    let mut world = world(&json!({}), &queued);
    assert_eq!(appended(&mut world, &Waits(60_000)), Vec::<String>::new());
    world.all.set_documents(&documents(&json!({ "left_after_seconds": 30 })), &mut world.step);
    let now: Vec<_> = world.step.take_news().iter().map(brief).collect();
    assert_eq!(now, [aside("Left", 1)]);
}
