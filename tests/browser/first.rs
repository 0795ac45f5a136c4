//! A new relay: its first administrator is made in the console, with the code that the relay printed.

use support::{Look, World, wait_until};

/// What the relay printed beside a word of its greeting.
fn printed(log: &str, word: &str) -> String {
    let mut lines = log.lines().filter_map(|line| line.trim().strip_prefix(word));
    lines.next_back().expect("the relay has printed it").trim().to_owned()
}

#[test]
fn the_first_administrator_is_made_in_the_console_and_only_once() {
    let mut world = World::start();
    let console = format!("{}/console", world.relay.origin());
    let browser = world.browser(Look::CONSOLE);
    browser.go(&console);
    wait_until("the first page", || browser.shows("[data-testid=first]").then_some(()));
    let problems = || browser.script("return document.querySelectorAll('[data-testid=field-problem]').length;", &[]);
    browser.click("[data-testid=first-make]");
    assert_eq!(problems(), 4, "every empty field says what it needs");
    browser.keys("[data-testid=first-code]", "aaaaa-aaaaa-aaaaa-aaaaa");
    browser.keys("[data-testid=first-name]", "Ada L.");
    browser.keys("[data-testid=first-email]", "ada@example.com");
    browser.keys("[data-testid=first-password]", "a plain but long sentence");
    assert_eq!(problems(), 0, "what became right is not called wrong any longer");
    browser.click("[data-testid=first-make]");
    wait_until("the code is wrong", || (problems() == 1).then_some(()));
    assert_eq!(browser.script("return document.activeElement.name;", &[]), "code");
    // A code ends with its relay: the one of the next start counts.
    let old = printed(&world.relay.log(), "code ");
    world.relay.kill();
    world.relay.up();
    let code = printed(&world.relay.log(), "code ");
    assert_ne!(old, code);
    browser.script("document.activeElement.value = '';", &[]);
    browser.keys("[data-testid=first-code]", &code.to_uppercase().replace('-', " "));
    browser.click("[data-testid=first-make]");
    wait_until("the desk", || browser.shows("[data-testid=presence]").then_some(()));

    let other = world.browser(Look::PHONE);
    other.go(&console);
    wait_until("others sign in", || other.shows("[data-testid=sign-in]").then_some(()));
    let lines = world.relay.log().lines().filter(|line| line.trim_start().starts_with("code ")).count();
    world.relay.kill();
    world.relay.up();
    let again = world.relay.log().lines().filter(|line| line.trim_start().starts_with("code ")).count();
    assert_eq!(lines, again, "a relay that has an agent prints no code");
}
