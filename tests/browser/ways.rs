//! The desk's keys, lists, questions and choices, up to the point where the relay is asked.

use support::{Agent, Browser, Visitor, World, wait_until};

/// A visitor who has written.
fn writes(world: &World, text: &str) -> Visitor {
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    visitor
}

fn shown(agent: &Browser, css: &str) {
    wait_until(&format!("{css} is there"), || agent.shows(css).then_some(()));
}

fn gone(agent: &Browser, css: &str) {
    wait_until(&format!("{css} is gone"), || (!agent.shows(css)).then_some(()));
}

fn wait_count(agent: &Agent, name: &str, count: &str) {
    let tab = format!("[data-testid=list-{name}]");
    wait_until(&format!("{count} in {name}"), || agent.shown_text(&tab)?.contains(count).then_some(()));
}

#[test]
fn every_list_and_the_shortcuts_are_reached_by_keys() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    // With no conversation open, a button has them too.
    ada.click("[data-testid=keys]");
    shown(&ada, "[data-testid=keys-dialog]");
    ada.press_escape();
    gone(&ada, "[data-testid=keys-dialog]");
    let (first, _second) = (writes(&world, "By keys"), writes(&world, "Waits in the queue"));
    ada.open_mine("By keys");
    for (key, name) in
        [('1', "waiting"), ('2', "mine"), ('3', "open"), ('4', "left"), ('5', "messages"), ('6', "ended")]
    {
        ada.press_alt(key);
        shown(&ada, &format!("[data-testid=list-{name}][aria-selected=true]"));
    }
    ada.press_alt('e');
    shown(&ada, "[data-testid=end-undo]");
    wait_until("the visitor is asked for a rating", || first.shows("[data-testid=rating]").then_some(()));
    // The next one came by itself; away, she takes one by key.
    ada.open_mine("Waits in the queue");
    ada.press_escape();
    ada.press("?");
    let keys = wait_until("the list of keys", || ada.shown_text("[data-testid=keys-dialog]"));
    for words in
        ["Take the conversation", "Give the conversation back", "Mark it as spam", "Block its visitor", "Choose many"]
    {
        assert!(keys.contains(words), "{words} in {keys}");
    }
    ada.press_escape();
    gone(&ada, "[data-testid=keys-dialog]");
    assert!(!ada.shows("[data-testid=defence]"), "an agent keeps nobody out");
}

#[test]
fn a_waiting_conversation_is_taken_by_key() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    ada.set_presence("away");
    let visitor = writes(&world, "Take me by key");
    ada.open_waiting("Take me by key");
    shown(&ada, "[data-testid=take]");
    ada.press_alt('t');
    wait_until("it is hers", || {
        ada.script("return document.querySelector('[data-testid=reply]').disabled;", &[]).as_bool().filter(|off| !off)
    });
    ada.say("Taken.");
    visitor.sees("agent", "Taken.");
}

#[test]
fn the_end_of_many_is_asked_once_says_how_many_and_can_be_undone() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 4);
    sue.set_presence("away");
    let visitors: Vec<_> = ["Robot one", "Robot two", "A person"].iter().map(|words| writes(&world, words)).collect();
    wait_count(&sue, "waiting", "3");
    sue.press_alt('1');
    sue.press_alt('m');
    shown(&sue, "[data-testid=pick]");
    let robots = "document.querySelectorAll('.item').forEach((e) => {
        if (e.innerText.includes('Robot')) e.querySelector('[data-testid=pick]').click(); });";
    sue.script(robots, &[]);
    let picked = |count: &str| {
        wait_until(&format!("{count} are chosen"), || {
            sue.shown_text("[data-testid=picked]")?.contains(count).then_some(())
        });
    };
    picked("2");
    // A row more, by key; all; and by hand again.
    sue.script("[...document.querySelectorAll('.entry')].find((e) => e.innerText.includes('person')).focus();", &[]);
    sue.press("x");
    picked("3");
    sue.press("x");
    picked("2");
    sue.click("[data-testid=end-many]");
    let question = wait_until("the question", || sue.shown_text("[data-testid=many-dialog]"));
    assert!(question.contains("End 2 conversations?"), "{question}");
    sue.click("[data-testid=dialog-no]");
    gone(&sue, "[data-testid=many-dialog]");
    sue.click("[data-testid=pick-all]");
    picked("3");
    sue.click("[data-testid=end-many]");
    sue.click("[data-testid=dialog-yes]");
    sue.click("[data-testid=end-undo]");
    gone(&sue, "[data-testid=ending]");
    wait_count(&sue, "waiting", "3");
    assert!(visitors.iter().all(|visitor| !visitor.shows("[data-testid=rating]")), "taken back, nothing ends");
    gone(&sue, "[data-testid=pick]");
}

#[test]
fn a_block_is_asked_for_and_nothing_is_done_before_it_is_answered() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 4);
    let visitor = writes(&world, "Be kind");
    sue.open_mine("Be kind");
    sue.click("[data-testid=actions]");
    sue.click("[data-testid=block]");
    shown(&sue, "[data-testid=block-dialog]");
    let inside = "return document.querySelector('dialog').contains(document.activeElement);";
    assert_eq!(sue.script(inside, &[]), true, "the focus is in the question");
    sue.press_escape();
    gone(&sue, "[data-testid=block-dialog]");
    let back = "return document.activeElement.dataset.testid || '';";
    wait_until("the focus is back", || (sue.script(back, &[]) == "actions").then_some(()));
    sue.press_alt('b');
    shown(&sue, "[data-testid=block-dialog]");
    sue.click("[data-testid=dialog-no]");
    gone(&sue, "[data-testid=block-dialog]");
    sue.say("I am.");
    visitor.sees("agent", "I am.");
}

#[test]
fn searching_says_what_it_covers() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let _visitors = [writes(&world, "About deposits"), writes(&world, "About limits")];
    wait_count(&ada, "mine", "2");
    ada.keys("[data-testid=search]", "deposit");
    let hint = wait_until("what is covered", || ada.shown_text("[data-testid=search-hint]"));
    assert!(hint.contains("1 found") && hint.contains("listed here"), "{hint}");
}
