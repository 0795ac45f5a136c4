//! Ending a visitor's session: only a page of the site may, and where the relay does not answer nothing is taken half away.

use serde_json::Value;
use support::{Site, Visitor, World, wait_until};

const KEPT: &str = "return Object.keys(localStorage).filter((name) => name.startsWith('causeway.')).length;";

fn talked(world: &World) -> Visitor {
    let visitor = world.visitor();
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    visitor.say("My private affairs");
    visitor.sent("My private affairs");
    visitor.top();
    visitor
}

/// What the chat's storage holds, and whether the chat shows what was said.
fn is_whole(visitor: &Visitor, world: &World) -> Value {
    visitor.top();
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    visitor.sees("visitor", "My private affairs");
    let kept = visitor.script(KEPT, &[]);
    visitor.top();
    kept
}

/// Calls `shutdown()` on another page of the site; what it comes to is in `window.told`.
fn shut_down(visitor: &Visitor, world: &World) {
    visitor.go(&world.site.page("odd/other.html"));
    wait_until("the page's own script", || (visitor.script("return 'Causeway' in window;", &[]) == true).then_some(()));
    visitor.script("window.told = 'nothing'; Causeway.shutdown().then((done) => { window.told = done; });", &[]);
}

fn told(visitor: &Visitor) -> Value {
    let told = || Some(visitor.script("return window.told;", &[])).filter(|told| *told != "nothing");
    wait_until("an answer", told)
}

#[test]
fn a_session_that_could_not_be_ended_is_whole_and_ends_the_next_time() {
    let (world, gate) = World::start_behind_gate();
    gate.open();
    let visitor = talked(&world);
    let before = is_whole(&visitor, &world);
    gate.keep(true);
    shut_down(&visitor, &world);
    assert_eq!(told(&visitor), false, "the relay did not do it");
    assert!(gate.refused() > 1, "it was tried more than once");
    assert_eq!(is_whole(&visitor, &world), before, "nothing is taken half away");
    // The relay comes back while it is tried.
    let refused = gate.refused();
    shut_down(&visitor, &world);
    wait_until("a first try", || (gate.refused() > refused).then_some(()));
    gate.keep(false);
    assert_eq!(told(&visitor), true);
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    assert!(visitor.messages().is_empty(), "nothing is left for the next person");
}

#[test]
fn no_page_of_others_ends_a_session() {
    let world = World::start();
    let visitor = talked(&world);
    let before = is_whole(&visitor, &world);
    let ends = |origin: &str| format!("{}/chat?site=demo&lang=en&end=1{origin}", world.relay.origin());
    let named = format!("&origin={}", world.site.origin());
    let others = Site::start(&world.relay.origin());
    for (way, address) in [("opened", ends("")), ("opened with the site's name", ends(&named))] {
        visitor.go(&address);
        wait_until(way, || (visitor.script("return document.readyState;", &[]) == "complete").then_some(()));
        assert_eq!(is_whole(&visitor, &world), before, "{way}");
    }
    // In a frame of another site, under each name.
    for origin in [String::new(), named, format!("&origin={}", others.origin())] {
        let page = format!("<!doctype html><title>Others</title><iframe src=\"{}\"></iframe>", ends(&origin));
        visitor.go(&others.put("others.html", &page));
        wait_until("the frame", || (visitor.script("return document.readyState;", &[]) == "complete").then_some(()));
        assert_eq!(is_whole(&visitor, &world), before, "in a frame, as {origin:?}");
    }
}
