//! The console's addresses: a reload, back and forward, a page that is not there, a page that is not theirs.

use support::{Agent, World, wait_until};

fn path(agent: &Agent) -> String {
    agent.script("return location.pathname;", &[]).as_str().expect("a path").to_owned()
}

#[track_caller]
fn wait_path(agent: &Agent, what: &str, fits: impl Fn(&str) -> bool) -> String {
    wait_until(what, || Some(path(agent)).filter(|path| fits(path)))
}

#[test]
fn the_address_names_what_is_shown_and_brings_it_back() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    wait_path(&ada, "the own list's address", |path| path == "/console/inbox/mine");
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("The withdrawal hangs");
    visitor.sent("The withdrawal hangs");
    ada.open_mine("withdrawal hangs");
    let talk = wait_path(&ada, "the conversation's address", |path| path.len() == "/console/inbox/mine/".len() + 36);

    ada.click("[data-testid=list-open]");
    wait_path(&ada, "the other list's address", |path| path == talk.replace("mine", "open"));
    ada.script("history.back();", &[]);
    wait_path(&ada, "one step back", |path| path == talk);
    wait_until("the own list again", || ada.shows("[data-testid=list-mine][aria-selected=true]").then_some(()));
    ada.sees("visitor", "The withdrawal hangs");
    ada.script("history.back();", &[]);
    wait_path(&ada, "before the conversation", |path| path == "/console/inbox/mine");
    wait_until("no conversation", || (!ada.shows("[data-testid=composer]")).then_some(()));
    ada.script("history.forward();", &[]);
    ada.sees("visitor", "The withdrawal hangs");

    // A reload shows what was shown, and so does the address in another window.
    ada.reload();
    ada.sees("visitor", "The withdrawal hangs");
    assert_eq!(path(&ada), talk);
}

#[test]
fn an_address_that_leads_nowhere_says_so() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let go = |page: &str| ada.go(&format!("{}/console{page}", world.relay.origin()));
    go("/nothing");
    wait_until("words about it", || ada.shown_text("[data-testid=no-page]").filter(|text| text.len() > 20));
    assert_eq!(path(&ada), "/console/nothing", "the address stays, so that it can be mended");
    ada.click("[data-testid=no-page-inbox]");
    wait_path(&ada, "the inbox", |path| path == "/console/inbox/mine");

    go("/inbox/ended/01900000-0000-7000-8000-000000000001");
    wait_until("words about it", || ada.shown_text(".toast").filter(|text| text.contains("not listed")));
    wait_path(&ada, "the list without it", |path| path == "/console/inbox/ended");

    // Only supervisors defend the desk.
    go("/defence");
    wait_until("words about it", || ada.shown_text(".toast").filter(|text| text.contains("supervisors")));
    wait_path(&ada, "the inbox", |path| path == "/console/inbox/mine");
}
