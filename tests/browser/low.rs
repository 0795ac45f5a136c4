//! Very low windows, as at 400 % zoom: with a long text in the composer, Send is in view and so is what was said.

use serde_json::json;
use support::{Browser, World, wait_until};

/// Shift and Enter break a line.
const LINES: &str = "one\u{e008}\u{e007}\u{e000}two\u{e008}\u{e007}\u{e000}three\u{e008}\u{e007}\u{e000}\
                     four\u{e008}\u{e007}\u{e000}five\u{e008}\u{e007}\u{e000}six";

/// Makes the window so small, and gives the top and bottom of Send and the height in which the talk is seen.
fn seen(browser: &Browser, (width, height): (u32, u32), frame: bool) -> (f64, f64, f64) {
    let given = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.cdp("Emulation.setDeviceMetricsOverride", &given);
    if frame {
        assert!(browser.enter_chat());
    }
    wait_until("the new size", || (browser.script("return innerHeight;", &[]) == height).then_some(()));
    let script = "const send = document.querySelector('[data-testid=send]').getBoundingClientRect();
        const talk = document.querySelector('.timeline').getBoundingClientRect();
        return [send.top, send.bottom, Math.min(talk.bottom, innerHeight) - Math.max(talk.top, 0)];";
    let found = browser.script(script, &[]);
    let number = |at: usize| found[at].as_f64().expect("a number");
    (number(0), number(1), number(2))
}

#[test]
fn send_and_talk_are_in_view_however_low_the_window_is() {
    let world = World::start();
    let visitor = world.visitor();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    visitor.go(&world.site.page("odd/quiet.html"));
    visitor.open_chat();
    visitor.say("About a low window");
    ada.open_mine("About a low window");
    for (browser, frame) in [(&*visitor, true), (&*ada, false)] {
        browser.keys("[data-testid=composer]", LINES);
        for size in [(640, 190), (320, 190), (320, 256), (640, 380)] {
            let (top, bottom, talk) = seen(browser, size, frame);
            browser.screenshot(&format!("low-{}-{}x{}", if frame { "chat" } else { "desk" }, size.0, size.1));
            assert!(top >= 0.0 && bottom <= f64::from(size.1), "{size:?}, frame {frame}: Send at {top} to {bottom}");
            assert!(talk >= 48.0, "{size:?}, frame {frame}: {talk} px of the talk");
        }
    }
}
