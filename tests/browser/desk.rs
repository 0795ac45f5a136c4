//! The console: signing in, being present, notes, the end of a conversation.

use support::{Look, World, wait_until};

#[test]
fn a_wrong_password_is_told_and_a_right_one_opens_the_inbox_until_sign_out() {
    let world = World::start();
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let browser = world.browser(Look::CONSOLE);
    browser.go(&format!("{}/console", world.relay.origin()));
    browser.keys("[data-testid=email]", "ada@example.com");
    browser.keys("[data-testid=password]", "not it");
    browser.click("[data-testid=sign-in]");
    wait_until("the refusal in words", || browser.shown_text("[role=alert]").filter(|text| text.len() > 10));
    assert!(browser.shows("[data-testid=sign-in]"));
    let clear = "const p = document.querySelector('[data-testid=password]'); p.value = ''; p.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.script(clear, &[]);
    browser.keys("[data-testid=password]", world.relay.password());
    browser.click("[data-testid=sign-in]");
    wait_until("the inbox", || browser.shows("[data-testid=presence]").then_some(()));
    // The session outlives a reload and is out of scripts' reach.
    browser.reload();
    wait_until("the inbox again", || browser.shows("[data-testid=presence]").then_some(()));
    assert_eq!(browser.script("return document.cookie;", &[]), "");
    let violations: Vec<_> =
        browser.console_log().into_iter().filter(|line| line.contains("Content Security Policy")).collect();
    assert!(violations.is_empty(), "{violations:?}");
}

#[test]
fn an_away_agent_gets_nobody_until_back_online() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    ada.set_presence("away");
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Is anybody there?");
    visitor.sent("Is anybody there?");
    wait_until("a word on the queue", || visitor.shows("[data-testid=queue-place]").then_some(()));
    assert_eq!(visitor.position(), None, "nobody serves it: no position is named");
    ada.set_presence("online");
    ada.open_mine("Is anybody there?");
    wait_until("no position in the queue any more", || (!visitor.shows("[data-testid=queue-place]")).then_some(()));
}

#[test]
fn a_note_is_never_seen_by_the_visitor_and_an_end_is() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("I lost my second factor");
    visitor.sent("I lost my second factor");
    ada.open_mine("second factor");
    wait_until("the visitor's page in the panel", || {
        ada.shown_text("[data-testid=visitor-panel]")?.contains("localhost").then_some(())
    });
    ada.note("looks like a takeover");
    ada.say("We look into it.");
    visitor.sees("agent", "We look into it.");
    let page = visitor.script("return document.documentElement.outerHTML;", &[]);
    assert!(!page.as_str().expect("a text").contains("takeover"), "a note reached the visitor");
    ada.wait_text("looks like a takeover");

    visitor.reload();
    visitor.open_chat();
    visitor.sees("agent", "We look into it.");
    let page = visitor.script("return document.documentElement.outerHTML;", &[]);
    assert!(!page.as_str().expect("a text").contains("takeover"), "a note reached the visitor");

    ada.end_conversation();
    wait_until("the visitor is asked for a rating", || visitor.shows("[data-testid=rating]").then_some(()));
    // Writing again begins a new conversation, which the agent gets.
    visitor.begin_again();
    visitor.say("One more thing");
    visitor.sent("One more thing");
    ada.open_mine("One more thing");
}

#[test]
fn an_agent_works_with_the_keyboard_alone() {
    let world = World::start();
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let ada = world.browser(Look::CONSOLE);
    ada.go(&format!("{}/console", world.relay.origin()));
    let focused = |id: &str| {
        let script = "return document.activeElement.dataset.testid || '';";
        wait_until(&format!("the focus on {id}"), || (ada.script(script, &[]) == id).then_some(()));
    };
    focused("email");
    ada.press("ada@example.com");
    ada.press_tab();
    focused("password");
    ada.press(world.relay.password());
    ada.press_enter();
    wait_until("the inbox", || ada.shows("[data-testid=presence]").then_some(()));

    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Served by keys");
    visitor.sent("Served by keys");
    wait_until("the row", || {
        ada.shown_text("[data-testid=conversation-item]")?.contains("Served by keys").then_some(())
    });
    ada.press("j");
    focused("conversation-item");
    ada.press_enter();
    ada.sees("visitor", "Served by keys");
    ada.press_alt('n');
    focused("composer");
    ada.press("a note by keys");
    ada.press_enter();
    wait_until("the note", || ada.shown_text("body")?.contains("a note by keys").then_some(()));
    // After a note the composer writes to the visitor again.
    focused("composer");
    ada.press("An answer by keys");
    ada.press_enter();
    visitor.sees("agent", "An answer by keys");
    assert!(visitor.messages().iter().all(|one| !one.text.contains("a note by keys")));
}

#[test]
fn a_message_changes_its_own_row_of_the_inbox_and_no_other() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let [first, second, third] = ["About deposits", "About limits", "About fees"].map(|words| {
        let visitor = world.visitor();
        visitor.open_chat();
        visitor.say(words);
        visitor.sent(words);
        ada.open_mine(words);
        visitor
    });
    // The talk of the third one is open; what happens in the first one shows in its row alone.
    let watch = "window.touched = [];
        const list = [...document.querySelectorAll('.entry')].find((row) => row.innerText.includes('deposits')).closest('ul');
        new MutationObserver((all) => all.forEach(({ type, target }) => {
            const row = (target.nodeType === 1 ? target : target.parentElement)?.closest('li');
            touched.push(row ? row.innerText : `the list: ${type}`);
        })).observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
        return [...list.querySelectorAll('.entry')].length;";
    assert_eq!(ada.script(watch, &[]), 3);
    let row = |words: &str| {
        let script =
            "return [...document.querySelectorAll('.entry')].some((row) => row.innerText.includes(arguments[0]));";
        wait_until(&format!("{words} in its row"), || (ada.script(script, &[words.into()]) == true).then_some(()));
    };
    first.say("They are still missing");
    row("They are still missing");
    // Everybody's words are seen or stand in their rows by now, and the row stands where the next message leaves it.
    first.wait_message("About deposits", |shown| shown.state == "seen");
    third.wait_message("About fees", |shown| shown.state == "seen");
    ada.script("touched.splice(0);", &[]);
    first.say("All three of them");
    row("All three of them");
    let touched = ada.script("return touched.splice(0);", &[]);
    let touched: Vec<&str> = touched.as_array().expect("a list").iter().filter_map(|one| one.as_str()).collect();
    assert!(!touched.is_empty() && touched.iter().all(|one| one.contains("All three of them")), "{touched:?}");
    drop(second);
}
