//! What people see who see otherwise: axe-core finds nothing in any main state, and forced colours leave edges and choices visible.

use serde_json::{Value, json};
use support::{Browser, Look, World, wait_until};

/// Says what was found, if anything.
#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "axe-core finds:\n{}", found.join("\n"));
}

/// The chat alone in a window: media are emulated for the page itself only, not for frames of other sites.
fn chat_alone(world: &World) -> Browser {
    let chat = world.browser(Look::DESKTOP);
    chat.go(&format!("{}/chat?site=demo", world.relay.origin()));
    wait_until("the chat is ready", || chat.shows("[data-testid=composer]").then_some(()));
    chat
}

#[test]
fn the_chat_has_nothing_that_assistive_technology_cannot_use() {
    let mut world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let chat = chat_alone(&world);
    let mut found = chat.findings("empty");
    chat.say("Where is my withdrawal? See https://example.com/tx");
    chat.sent("Where is my withdrawal?");
    ada.open_mine("Where is my withdrawal?");
    ada.say("On its way.");
    chat.sees("agent", "On its way.");
    let picture = chat.picture(320, 180);
    chat.keys("input[type=file]", &chat.file("shot.png", &picture));
    chat.sees_image(320);
    chat.keys("input[type=file]", &chat.file("chart.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"));
    wait_until("a refused file", || chat.shows("[data-testid=upload-error]").then_some(()));
    found.extend(chat.findings("talk"));
    chat.click("[data-testid=menu]");
    wait_until("the menu", || chat.shows("[data-testid=transcript]").then_some(()));
    found.extend(chat.findings("menu"));
    // The one that is shown is no earlier one: another is begun, and the first is gone back to.
    chat.click("[data-testid=earlier]");
    chat.click("[data-testid=earlier-new]");
    wait_until("an empty conversation", || chat.messages().is_empty().then_some(()));
    chat.say("Something else");
    chat.sent("Something else");
    chat.click("[data-testid=menu]");
    chat.click("[data-testid=earlier]");
    wait_until("earlier conversations", || chat.shows("[data-testid=earlier-row]").then_some(()));
    found.extend(chat.findings("earlier"));
    chat.click("[data-testid=earlier-back]");
    chat.sees("visitor", "Something else");
    chat.click("[data-testid=menu]");
    chat.click("[data-testid=earlier]");
    chat.click("[data-testid=earlier-row]");
    chat.sees("agent", "On its way.");
    world.relay.kill();
    wait_until("the banner", || chat.shows("[data-testid=connection]").then_some(()));
    found.extend(chat.findings("not connected"));
    world.relay.up();
    wait_until("connected again", || (!chat.shows("[data-testid=connection]")).then_some(()));
    ada.end_conversation();
    wait_until("the rating", || chat.shows("[data-testid=rating]").then_some(()));
    found.extend(chat.findings("ended"));
    none(&found);
}

#[test]
fn the_console_and_the_demo_have_nothing_that_assistive_technology_cannot_use() {
    let world = World::start();
    let page = world.browser(Look::DESKTOP);
    page.go(&world.site.origin());
    let mut found = page.findings("demo");
    page.go(&format!("{}/api", world.relay.origin()));
    found.extend(page.findings("page of the API"));
    drop(page);
    let sign = world.browser(Look::CONSOLE);
    sign.go(&format!("{}/console", world.relay.origin()));
    wait_until("the first page", || sign.shows("[data-testid=first-make]").then_some(()));
    sign.click("[data-testid=first-make]");
    found.extend(sign.findings("first page"));
    world.relay.agent("ada@example.com", "Ada L.", 4);
    sign.reload();
    wait_until("the form", || sign.shows("[data-testid=sign-in]").then_some(()));
    found.extend(sign.findings("sign in"));
    drop(sign);
    let ada = world.agent("ben@example.com", "Ben K.", 1);
    found.extend(ada.findings("empty inbox"));
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Hello there");
    visitor.sent("Hello there");
    ada.open_mine("Hello there");
    ada.note("A private note");
    ada.say("Good day");
    ada.sent("Good day");
    found.extend(ada.findings("talk"));
    ada.click("[data-testid=me]");
    wait_until("the account's menu", || ada.shows("[data-testid=sign-out]").then_some(()));
    found.extend(ada.findings("account"));
    ada.press_escape();
    ada.end_conversation();
    wait_until("the offer to undo", || ada.shows("[data-testid=end-undo]").then_some(()));
    found.extend(ada.findings("ending"));
    ada.click("[data-testid=list-ended]");
    wait_until("ended ones", || ada.shows("[data-testid=list-ended][aria-selected=true]").then_some(()));
    found.extend(ada.findings("ended"));
    none(&found);
}

/// The computed width of the thinnest edge, and whether the colours differ from a plain element's.
fn edges(page: &Browser, css: &str) -> Value {
    let script = "const e = document.querySelector(arguments[0]);
        if (!e) return null;
        const s = getComputedStyle(e);
        const edge = (side) => s[`border${side}Style`] !== 'none' && parseFloat(s[`border${side}Width`]) > 0;
        const outline = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
        const around = ['Top', 'Right', 'Bottom', 'Left'].filter(edge).length;
        return { edge: around === 4 || outline, line: around > 0 || outline };";
    page.script(script, &[json!(css)])
}

#[test]
fn forced_colours_leave_edges_and_the_choice_visible() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let chat = chat_alone(&world);
    chat.say("Hello there");
    chat.sent("Hello there");
    ada.open_mine("Hello there");
    ada.say("Good day");
    chat.sees("agent", "Good day");
    chat.emulate("forced-colors", "active");
    ada.emulate("forced-colors", "active");
    assert_eq!(chat.script("return matchMedia('(forced-colors: active)').matches;", &[]), true);
    let mut wrong = Vec::new();
    let bubbles = ".row--mine > .bubble";
    for css in ["[data-testid=composer]", "[data-testid=send]", "[data-testid=menu]", bubbles] {
        if edges(&chat, css)["edge"] != true && edges(&chat, &format!(":has(> {css})"))["edge"] != true {
            wrong.push(format!("chat: {css} has no edge"));
        }
    }
    for css in
        ["[data-testid=end-conversation]", "[data-testid=presence]", "[data-testid=send]", "[data-testid=search]"]
    {
        if edges(&ada, css)["edge"] != true && edges(&ada, &format!(":has(> {css})"))["edge"] != true {
            wrong.push(format!("console: {css} has no edge"));
        }
    }
    // What is chosen looks otherwise than its neighbour, by more than a background that forced colours take away.
    let chosen = "const style = (css) => { const e = document.querySelector(css); if (!e) throw new Error(css + ' is missing');
            const s = getComputedStyle(e);
            return [s.backgroundColor, s.color, s.borderColor, s.borderWidth, s.outlineStyle, s.outlineColor].join(' '); };
        return arguments.length === 2 && style(arguments[0]) !== style(arguments[1]);";
    let pairs = [("[data-testid=list-mine]", "[data-testid=list-open]"), ("[data-testid=reply]", "[data-testid=note]")];
    for (one, other) in pairs {
        if ada.script(chosen, &[json!(one), json!(other)]) != true {
            wrong.push(format!("console: {one} looks like {other}"));
        }
    }
    chat.screenshot("chat-forced-colours");
    ada.screenshot("console-forced-colours");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
