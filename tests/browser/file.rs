//! Files: an image from the clipboard, shown on both sides, and files that are refused with a reason.

use support::{Browser, World, wait_until};
use wire::Body;

fn error_text(browser: &Browser) -> String {
    wait_until("a reason for the refusal", || {
        browser.shown_text("[data-testid=upload-error]").filter(|text| !text.trim().is_empty())
    })
}

#[test]
fn a_pasted_image_is_shown_on_both_sides() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    let picture = visitor.picture(320, 180);
    visitor.paste("withdrawal.png", "image/png", &picture);
    visitor.sees_image(320);
    ada.open_mine("");
    ada.sees_image(320);

    let picture = ada.picture(260, 140);
    ada.paste("answer.png", "image/png", &picture);
    ada.sees_image(260);
    visitor.sees_image(260);

    let picture = visitor.picture(200, 120);
    visitor.drop_file("dropped.png", "image/png", &picture);
    visitor.sees_image(200);
    ada.sees_image(200);
    visitor.top();
    visitor.screenshot("widget-image");
}

#[test]
fn a_refused_file_says_why_and_leaves_nothing() {
    let world = World::start();
    world.relay.agent("watch@example.com", "Watch", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("I have a file");
    visitor.sent("I have a file");

    let drawing = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let path = visitor.file("chart.png", drawing);
    visitor.keys("input[type=file]", &path);
    let kind = error_text(&visitor);
    assert!(kind.chars().count() > 12, "a sentence, not a code: {kind:?}");
    visitor.top();
    visitor.screenshot("widget-refused");
    assert!(visitor.enter_chat());

    visitor.reload();
    visitor.open_chat();
    let path = visitor.file("large.png", &vec![0; 21 * 1024 * 1024]);
    visitor.keys("input[type=file]", &path);
    wait_until("the limit is named", || {
        let script = "return [...document.querySelectorAll('[data-testid=upload-error]')].some((e) => e.innerText.includes('20'));";
        visitor.script(script, &[]).as_bool()?.then_some(())
    });

    let stored = world.relay.stored("watch@example.com");
    let files = stored.values().flatten().filter(|event| matches!(event.body, Body::File { .. })).count();
    assert_eq!(files, 0, "nothing refused was recorded");
}
