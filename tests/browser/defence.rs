//! A desk that defends itself: giving back, spam, blocks, ending many, the word for a flood, lists and keys.

use support::{Agent, Browser, Visitor, World, wait_until};

const ROWS: &str = "return document.querySelectorAll('[data-testid=conversation-item]').length;";

/// A visitor who has written.
fn writes(world: &World, text: &str) -> Visitor {
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    visitor
}

fn act(agent: &Agent, name: &str) {
    agent.click("[data-testid=actions]");
    agent.click(&format!("[data-testid={name}]"));
}

fn tab_count(agent: &Browser, name: &str) -> Option<u32> {
    let text = agent.shown_text(&format!("[data-testid=list-{name}]"))?;
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()
}

fn wait_count(agent: &Browser, name: &str, count: u32) {
    wait_until(&format!("{count} in {name}"), || (tab_count(agent, name) == Some(count)).then_some(()));
}

fn gone(agent: &Browser, css: &str) {
    wait_until(&format!("{css} is gone"), || (!agent.shows(css)).then_some(()));
}

#[test]
fn what_is_given_back_goes_to_a_colleague() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = writes(&world, "Please somebody else");
    ada.open_mine("Please somebody else");
    let bob = world.agent("bob@example.com", "Bob M.", 4);
    act(&ada, "release");
    bob.open_mine("Please somebody else");
    bob.say("Here I am.");
    visitor.sees("agent", "Here I am.");
    wait_until("it is hers no more", || {
        ada.shown_text("[data-testid=talk-hint]").filter(|hint| hint.contains("Bob M.")).map(drop)
    });
}

#[test]
fn a_spam_mark_ends_a_conversation_and_stays_on_its_row() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = writes(&world, "Cheap coins here");
    ada.open_mine("Cheap coins here");
    act(&ada, "spam");
    wait_until("the visitor's conversation has ended", || visitor.shows("[data-testid=rating]").then_some(()));
    ada.click("[data-testid=list-ended]");
    wait_until("the row with its mark", || {
        let row = ada.shown_text("[data-testid=conversation-item]")?;
        (row.contains("Cheap coins here") && row.contains("spam")).then_some(())
    });
}

#[test]
fn who_is_blocked_stands_in_the_list_until_it_is_undone() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 4);
    let visitor = writes(&world, "You will regret this");
    sue.open_mine("You will regret this");
    // Asked and not done.
    act(&sue, "block");
    sue.click("[data-testid=dialog-no]");
    gone(&sue, "[data-testid=block-dialog]");
    act(&sue, "block");
    sue.click("[data-testid=console_block_hour]");
    sue.keys("[data-testid=block-reason]", "threats");
    sue.click("[data-testid=dialog-yes]");
    wait_until("its conversation ends", || (tab_count(&sue, "mine") == Some(0)).then_some(()));
    sue.click("[data-testid=defence]");
    wait_until("the block with its reason", || {
        let block = sue.shown_text("[data-testid=blocked]")?;
        (block.contains("threats") && block.contains("Sue P.") && block.contains("Visitor")).then_some(())
    });
    sue.click("[data-testid=unblock]");
    gone(&sue, "[data-testid=blocked]");
    drop(visitor);
}

#[test]
fn many_end_at_once_after_one_question_that_can_be_undone() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 4);
    sue.set_presence("away");
    let visitors: Vec<_> = ["Robot one", "Robot two", "A person"].iter().map(|words| writes(&world, words)).collect();
    wait_count(&sue, "waiting", 3);
    sue.click("[data-testid=list-waiting]");
    sue.click("[data-testid=many]");
    // By hand, by key, and all.
    wait_until("the boxes", || sue.shows("[data-testid=pick]").then_some(()));
    let robots = "document.querySelectorAll('.item').forEach((e) => {
        if (e.innerText.includes('Robot')) e.querySelector('[data-testid=pick]').click(); });";
    sue.script(robots, &[]);
    wait_until("two are chosen", || sue.shown_text("[data-testid=picked]")?.contains('2').then_some(()));
    sue.click("[data-testid=end-many]");
    let question = wait_until("the question", || sue.shown_text("[data-testid=many-dialog]"));
    assert!(question.contains("End 2 conversations?"), "{question}");
    sue.click("[data-testid=dialog-yes]");
    let ending = wait_until("what is being ended", || sue.shown_text("[data-testid=ending]"));
    assert!(ending.contains('2'), "{ending}");
    sue.click("[data-testid=end-undo]");
    gone(&sue, "[data-testid=ending]");
    assert_eq!(tab_count(&sue, "waiting"), Some(3), "taken back, nothing ends");

    sue.press_alt('m');
    wait_until("the boxes again", || sue.shows("[data-testid=pick]").then_some(()));
    sue.script(robots, &[]);
    sue.click("[data-testid=end-many]");
    sue.click("[data-testid=dialog-yes]");
    wait_count(&sue, "waiting", 1);
    wait_until("the person still waits", || {
        (sue.shown_text("[data-testid=conversation-item]")?.contains("A person") && sue.script(ROWS, &[]) == 1)
            .then_some(())
    });

    // All that fit what is searched for.
    sue.keys("[data-testid=search]", "person");
    wait_until("what the relay found", || {
        sue.shown_text("[data-testid=search-hint]")?.contains("1 found").then_some(())
    });
    sue.click("[data-testid=many]");
    sue.click("[data-testid=pick-all]");
    sue.click("[data-testid=end-many]");
    sue.click("[data-testid=dialog-yes]");
    wait_count(&sue, "waiting", 0);
    drop(visitors);
}

#[test]
fn all_of_one_network_end_together() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 1);
    let _visitors: Vec<_> = ["Robot one", "Robot two"].iter().map(|words| writes(&world, words)).collect();
    wait_count(&sue, "open", 2);
    sue.open_mine("Robot");
    act(&sue, "end-network");
    sue.click("[data-testid=dialog-yes]");
    wait_count(&sue, "open", 0);
}

#[test]
fn a_flood_is_declared_and_ended_by_hand() {
    let world = World::start();
    let sue = world.supervisor("sue@example.com", "Sue P.", 4);
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    sue.click("[data-testid=defence]");
    sue.click("[data-testid=flood-switch]");
    for side in [&sue, &ada] {
        wait_until("the banner", || side.shows("[data-testid=flood-banner]").then_some(()));
    }
    assert!(!ada.shows("[data-testid=flood-end]"), "an agent only sees it");
    assert!(!ada.shows("[data-testid=defence]"));
    sue.click("[data-testid=flood-end]");
    for side in [&sue, &ada] {
        gone(side, "[data-testid=flood-banner]");
    }
}

#[test]
fn every_list_and_the_shortcuts_are_reached_by_keys() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    let (first, second) = (writes(&world, "By keys"), writes(&world, "Waits in the queue"));
    ada.open_mine("By keys");
    let lists = ["waiting", "mine", "open", "left", "messages", "ended"];
    for (at, name) in lists.iter().enumerate() {
        ada.press_alt(char::from_digit(u32::try_from(at + 1).expect("six lists"), 10).expect("a digit"));
        let chosen = format!("[data-testid=list-{name}][aria-selected=true]");
        wait_until(&format!("the list {name}"), || ada.shows(&chosen).then_some(()));
    }
    ada.press_alt('e');
    wait_until("the end that can be undone", || ada.shows("[data-testid=end-undo]").then_some(()));
    wait_until("the visitor is asked for a rating", || first.shows("[data-testid=rating]").then_some(()));
    ada.open_mine("Waits in the queue");
    ada.press_alt('g');
    wait_until("given back, it comes again or waits", || {
        (tab_count(&ada, "waiting")? + tab_count(&ada, "mine")? == 1).then_some(())
    });
    ada.press_alt('s');
    wait_until("spam ends it", || second.shows("[data-testid=rating]").then_some(()));
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
}

#[test]
fn searching_finds_what_the_relay_has_and_says_what_it_covers() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    ada.set_presence("away");
    let _visitors = [writes(&world, "About deposits"), writes(&world, "About limits")];
    ada.click("[data-testid=list-open]");
    wait_until("both", || (ada.script(ROWS, &[]) == 2).then_some(()));
    ada.keys("[data-testid=search]", "deposit");
    wait_until("what is found in all of the list", || {
        let hint = ada.shown_text("[data-testid=search-hint]")?;
        (hint.contains("1 found") && hint.contains("not loaded")).then_some(())
    });
    assert_eq!(ada.script(ROWS, &[]), 1);
    ada.click("[data-testid=list-mine]");
    let hint = wait_until("what is covered here", || ada.shown_text("[data-testid=search-hint]"));
    assert!(hint.contains("listed here"), "{hint}");
}
