//! Whose a conversation is: colleagues, those who have gone, what is left for the holder, and taking over.

use support::{Agent, Browser, World, wait_until};

/// Chooses a list of the inbox.
fn list(agent: &Browser, name: &str) {
    agent.click(&format!("[data-testid=list-{name}]"));
}

/// Opens the conversation of a list whose row contains these words.
fn open_in(agent: &Browser, name: &str, text: &str) {
    list(agent, name);
    let script = "const row = [...document.querySelectorAll('[data-testid=conversation-item]')]
        .find((e) => e.innerText.includes(arguments[0]));
        if (!row) return false; row.click(); return true;";
    wait_until(&format!("a row with {text:?} in {name}"), || {
        agent.script(script, &[text.into()]).as_bool()?.then_some(())
    });
    wait_until("the conversation", || agent.shows("[data-testid=composer]").then_some(()));
}

fn sign_out(agent: &Agent) {
    agent.click(".rail__avatar");
    agent.click("[data-testid=sign-out]");
    wait_until("the sign-in page", || agent.shows("[data-testid=email]").then_some(()));
}

fn enabled(agent: &Browser, css: &str) -> bool {
    let script = "const e = document.querySelector(arguments[0]); return !!e && !e.disabled;";
    agent.script(script, &[css.into()]).as_bool() == Some(true)
}

#[test]
fn who_is_gone_is_told_apart_and_a_colleague_takes_over() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Stuck in the middle");
    visitor.sent("Stuck in the middle");
    ada.open_mine("Stuck in the middle");
    ada.say("I look.");
    visitor.sees("agent", "I look.");
    let bob = world.agent("bob@example.com", "Bob M.", 4);
    open_in(&bob, "open", "I look.");
    // While she is there: named, not to be taken, only a note is offered.
    let holder = || bob.shown_text("[data-testid=holder]").unwrap_or_default();
    wait_until("the holder's name", || holder().contains("Ada L.").then_some(()));
    assert!(!holder().contains("not here"), "{}", holder());
    assert!(!bob.shows("[data-testid=take]"), "nobody takes what a colleague answers");
    let hint = bob.shown_text("[data-testid=talk-hint]").expect("why there is no reply");
    assert!(hint.contains("Ada L."), "{hint}");
    // What is read out where it changes.
    let standing = |words: &str| {
        let read = || bob.shown_text("[data-testid=standing]").unwrap_or_default();
        wait_until(&format!("it is read out: {words}"), || read().contains(words).then_some(()));
    };
    standing("With Ada L.");

    sign_out(&ada);
    wait_until("she is told to be gone, or it went back to the queue and came here", || {
        (holder().contains("not here") || enabled(&bob, "[data-testid=take]") || enabled(&bob, "[data-testid=reply]"))
            .then_some(())
    });
    if !enabled(&bob, "[data-testid=reply]") {
        bob.click("[data-testid=take]");
    }
    wait_until("it is his", || enabled(&bob, "[data-testid=reply]").then_some(()));
    standing("With you");
    bob.say("I go on from here.");
    visitor.sees("agent", "I go on from here.");
}

#[test]
fn at_capacity_taking_is_off_and_says_why() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    let first = world.visitor();
    first.open_chat();
    first.say("First");
    first.sent("First");
    ada.open_mine("First");
    let second = world.visitor();
    second.open_chat();
    second.say("Second");
    second.sent("Second");
    open_in(&ada, "waiting", "Second");
    wait_until("the button is there", || ada.shows("[data-testid=take]").then_some(()));
    assert!(!enabled(&ada, "[data-testid=take]"), "with one of one nothing more can be taken");
    let hint = ada.shown_text("[data-testid=talk-hint]").expect("the reason");
    assert!(hint.contains("1 of 1"), "{hint}");
}

#[test]
fn a_colleagues_note_marks_the_row_until_it_is_opened() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let (one, other) = (world.visitor(), world.visitor());
    for (visitor, words) in [(&one, "About deposits"), (&other, "About limits")] {
        visitor.open_chat();
        visitor.say(words);
        visitor.sent(words);
        ada.open_mine(words);
    }
    let bob = world.agent("bob@example.com", "Bob M.", 4);
    open_in(&bob, "open", "About deposits");
    bob.say("He called us, too");
    bob.wait_text("He called us, too");
    wait_until("the mark", || ada.shows("[data-testid=note-mark]").then_some(()));
    ada.open_mine("About deposits");
    ada.wait_text("He called us, too");
    wait_until("no mark any more", || (!ada.shows("[data-testid=note-mark]")).then_some(()));
}

#[test]
fn a_new_conversations_word_opens_it_and_goes() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Fresh from the street");
    visitor.sent("Fresh from the street");
    ada.click("[data-testid=toast-open]");
    ada.sees("visitor", "Fresh from the street");
    wait_until("the word is gone", || (!ada.shows("[data-testid=toast-open]")).then_some(()));
}

#[test]
fn all_open_stands_with_the_longest_wait_first_and_the_holder() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    let bob = world.agent("bob@example.com", "Bob M.", 4);
    bob.set_presence("away");
    let visitors = [world.visitor(), world.visitor(), world.visitor()];
    for (visitor, words) in visitors.iter().zip(["Held one", "Waits longest", "Waits less"]) {
        visitor.open_chat();
        visitor.say(words);
        visitor.sent(words);
    }
    ada.open_mine("Held one");
    ada.say("Answered.");
    ada.sent("Answered.");
    list(&bob, "open");
    let rows =
        "return [...document.querySelectorAll('[data-testid=conversation-item]')].map((e) => e.innerText).join('|');";
    wait_until("the order", || {
        let rows = bob.script(rows, &[]);
        let rows = rows.as_str()?;
        let at = |words| rows.find(words);
        (at("Waits longest")? < at("Waits less")? && at("Waits less")? < at("Answered.")? && rows.contains("Ada L."))
            .then_some(())
    });
}

#[test]
fn the_desk_sees_a_visitor_go_and_come_back() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    let words = |what: &str| {
        wait_until(what, || ada.shown_text(".talk__state")?.contains(what).then_some(()));
    };
    visitor.open_chat();
    visitor.say("Are you there?");
    visitor.sent("Are you there?");
    ada.open_mine("Are you there?");
    words("visitor is here");
    // The browser keeps the page for the way back, with all that it holds.
    visitor.top();
    visitor.go("about:blank");
    words("visitor gone since");
    visitor.back();
    words("visitor is here");
    let kept = "return performance.getEntriesByType('navigation')[0].type;";
    assert_eq!(visitor.script(kept, &[]), "navigate", "it is the kept page that came back, not a new one");
    ada.say("I am. Are you?");
    visitor.chat_ready();
    visitor.sees("agent", "I am. Are you?");
    drop(visitor);
    words("visitor gone since");
}
