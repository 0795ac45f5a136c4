//! Settings in the console: a site is added, changed and removed without a command.

use support::{Agent, Browser, Look, World, wait_until};

const NAME: &str = "[data-field=name] [data-testid=field-line]";
const ORIGINS: &str = "[data-field=origins] [data-testid=field-lines]";

fn value(browser: &Browser, css: &str) -> String {
    let value = browser.script("return document.querySelector(arguments[0])?.value;", &[css.into()]);
    value.as_str().unwrap_or_default().to_owned()
}

fn problems(browser: &Browser) -> u64 {
    browser.count("[data-testid=field-problem]")
}

fn note(browser: &Browser) -> String {
    browser.shown_text("[data-testid=settings-note]").unwrap_or_default()
}

/// Opens the settings of somebody who is signed in.
fn at_settings(eve: Agent) -> Agent {
    eve.click("[data-testid=nav-settings]");
    wait_until("the settings", || eve.shows("[data-testid=settings-add]").then_some(()));
    eve
}

#[test]
fn a_site_is_added_changed_and_removed_in_the_console() {
    let world = World::start();
    let eve = at_settings(world.administrator());
    let status = || world.relay.get("/chat?site=fresh").status;
    assert_eq!(status(), 404);
    wait_until("the site that is there", || eve.shows("[data-testid=settings-row][data-id=demo]").then_some(()));
    eve.click("[data-testid=settings-add]");
    wait_until("the form", || eve.shows("[data-testid=settings-form]").then_some(()));
    assert_eq!(problems(&eve), 0, "what was not touched is not called wrong");
    eve.keys("[data-testid=setting-id]", "Not an id");
    eve.keys(NAME, "Fresh");
    eve.keys(ORIGINS, "http://fresh.example.com\nhttp://other.example.com/path");
    eve.click("[data-testid=save]");
    wait_until("both are called wrong", || (problems(&eve) == 2).then_some(()));
    // The id of a site that is there is found by the relay alone.
    eve.put("[data-testid=setting-id]", "demo");
    eve.put(ORIGINS, "http://fresh.example.com");
    assert_eq!(problems(&eve), 0);
    eve.click("[data-testid=save]");
    wait_until("the id is taken", || (problems(&eve) == 1).then_some(()));
    eve.put("[data-testid=setting-id]", "fresh");
    eve.script(
        "document.dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, bubbles: true }));",
        &[],
    );
    wait_until("the snippet", || {
        eve.shown_text("[data-testid=snippet]").filter(|text| text.contains("data-site=\"fresh\""))
    });
    eve.click("[data-testid=snippet-copy]");
    assert_eq!(status(), 200, "its pages have the chat at once");

    // What is not saved stays with its document while another page is looked at, and can be discarded.
    eve.put(NAME, "Fresher");
    eve.click("[data-testid=inbox]");
    wait_until("the inbox", || eve.shows("[data-testid=list-mine]").then_some(()));
    eve.click("[data-testid=nav-settings]");
    wait_until("what was typed", || (value(&eve, NAME) == "Fresher").then_some(()));
    eve.click("[data-testid=discard]");
    assert_eq!(value(&eve, NAME), "Fresh");

    eve.click("[data-testid=settings-remove]");
    wait_until("the question", || eve.shows("[data-testid=settings-remove-ask]").then_some(()));
    eve.click("[data-testid=dialog-yes]");
    wait_until("it is gone", || (!eve.shows("[data-testid=settings-row][data-id=fresh]")).then_some(()));
    assert_eq!(status(), 404);

    // A site with conversations is asked about twice.
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Hello");
    visitor.sent("Hello");
    eve.click("[data-testid=settings-row][data-id=demo]");
    wait_until("its form", || eve.shows("[data-testid=settings-remove]").then_some(()));
    eve.click("[data-testid=settings-remove]");
    wait_until("the question", || eve.shows("[data-testid=settings-remove-ask]").then_some(()));
    let first = eve.shown_text("[data-testid=settings-remove-ask] p");
    eve.click("[data-testid=dialog-yes]");
    wait_until("another question", || {
        let words = eve.shown_text("[data-testid=settings-remove-ask] p");
        (words.is_some() && words != first).then_some(())
    });
    eve.click("[data-testid=dialog-no]");
    assert!(eve.shows("[data-testid=settings-row][data-id=demo]"));
}

#[test]
fn two_who_change_the_same_site_are_told_and_what_cannot_be_loaded_can_be_tried_again() {
    let world = World::start();
    let eve = at_settings(world.administrator());
    let other = at_settings(world.signed_in("eve@example.com", Look::CONSOLE));
    for browser in [&eve, &other] {
        browser.click("[data-testid=settings-row][data-id=demo]");
        wait_until("the form", || (value(browser, NAME) == "Demo Exchange").then_some(()));
    }
    // The other one hears of nothing meanwhile.
    other.script(
        "const kept = window.fetch; window.fetch = (asked, how) => (asked.url ?? asked).includes('?limit=') \
         ? Promise.reject(new TypeError('no network')) : kept(asked, how);",
        &[],
    );
    eve.put(NAME, "Eve's");
    eve.click("[data-testid=save]");
    wait_until("saved", || note(&eve).contains("Saved").then_some(()));
    other.put(NAME, "Other's");
    other.click("[data-testid=save]");
    wait_until("the conflict", || note(&other).contains("colleague").then_some(()));
    let words = wait_until("both are shown side by side", || other.shown_text("[data-testid=conflict]"));
    for part in ["Eve changed it", "Eve's", "Other's"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    other.click("[data-testid=discard]");
    wait_until("what the colleague has made of it", || (value(&other, NAME) == "Eve's").then_some(()));

    eve.script("window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('no network'));", &[]);
    eve.click("[data-testid=inbox]");
    wait_until("the inbox", || eve.shows("[data-testid=list-mine]").then_some(()));
    eve.click("[data-testid=nav-settings]");
    wait_until("it says so", || eve.shows("[data-testid=settings-retry]").then_some(()));
    eve.script("window.fetch = window.kept;", &[]);
    eve.click("[data-testid=settings-retry]");
    wait_until("the list", || eve.shows("[data-testid=settings-row][data-id=demo]").then_some(()));
    eve.click("[data-testid=settings-section][data-kind=site]");
    wait_until("no form", || (!eve.shows("[data-testid=settings-form]")).then_some(()));
    let found = eve.findings("settings");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn departments_and_roles_are_made_and_a_version_is_put_back() {
    let world = World::start();
    let eve = at_settings(world.administrator());
    let section = |kind: &str| eve.click(&format!("[data-testid=settings-section][data-kind={kind}]"));
    section("department");
    wait_until("what departments are for", || eve.shown_text(".settings__list .empty"));
    eve.click("[data-testid=settings-add]");
    wait_until("the form", || eve.shows("[data-testid=settings-form]").then_some(()));
    eve.keys(NAME, "Deposits & more");
    assert_eq!(value(&eve, "[data-testid=setting-id]"), "deposits-more", "the id follows the name");
    let sites = || eve.count("[data-field=site] option[value=demo]") == 1;
    wait_until("the sites", || sites().then_some(()));
    eve.choose("[data-field=site] [data-testid=field-reference]", "demo");
    eve.click("[data-testid=save]");
    wait_until("it is there", || eve.shows("[data-testid=settings-row][data-id=deposits-more]").then_some(()));

    // More versions than one page of the history has.
    for number in 0..11 {
        eve.put(NAME, &format!("Deposits {number}"));
        eve.click("[data-testid=save]");
        wait_until("saved", || note(&eve).contains("Saved").then_some(()));
    }
    eve.click("[data-testid=history]");
    wait_until("a page of the history", || eve.shows("[data-testid=history-more]").then_some(()));
    let entries = || eve.count("[data-testid=history-entry]");
    assert_eq!(entries(), 10);
    eve.click("[data-testid=history-more]");
    wait_until("all of it", || (entries() == 12).then_some(()));
    eve.click("[data-testid=history-entry]:last-child [data-testid=history-restore]");
    wait_until("how it was", || (value(&eve, NAME) == "Deposits & more").then_some(()));
    eve.click("[data-testid=save]");
    wait_until("saved", || note(&eve).contains("Saved").then_some(()));
    wait_until("the list says so", || {
        eve.shown_text("[data-testid=settings-row]").filter(|text| text.contains("& more"))
    });

    section("role");
    wait_until("the roles", || eve.shows("[data-testid=settings-section][data-kind=role][aria-current]").then_some(()));
    eve.click("[data-testid=settings-add]");
    wait_until("the form", || eve.shows("[data-field=rights]").then_some(()));
    eve.keys(NAME, "Auditor");
    eve.click("[data-testid=save]");
    wait_until("a role allows something", || (problems(&eve) == 1).then_some(()));
    eve.click("[data-testid=right][value=audit_read]");
    eve.click("[data-testid=right][value=report_read]");
    eve.click("[data-testid=save]");
    wait_until("it is there", || eve.shows("[data-testid=settings-row][data-id=auditor]").then_some(()));
    // A narrow window shows the list or the form.
    eve.resize(390, 800);
    wait_until("the way back", || eve.shows("[data-testid=settings-back]").then_some(()));
    eve.click("[data-testid=settings-back]");
    wait_until("the list", || (!eve.shows("[data-testid=settings-form]")).then_some(()));
    let found = eve.findings("roles");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_audit_log_is_read_filtered_and_exported() {
    let world = World::start();
    world.relay.command(&["site", "add", "other", "--origin", "https://other.example.com"], "");
    let eve = at_settings(world.administrator());
    eve.click("[data-testid=settings-section][data-kind=audit]");
    let rows = || eve.count("[data-testid=audit-row]");
    wait_until("entries", || (rows() > 1).then_some(()));
    assert!(eve.shows("[data-testid=audit-state]"));
    eve.click("[data-testid=audit-row]");
    wait_until("the entry", || eve.shown_text(".audit__entry").filter(|text| text.contains("Fits the one before")));
    let found = eve.findings("audit");
    assert!(found.is_empty(), "{found:?}");
    eve.click("[data-testid=audit-close]");
    let choose = |test: &str, value: &str| eve.choose(&format!("[data-testid={test}]"), value);
    choose("audit-action", "signed_in");
    wait_until("only sign-ins", || (rows() == 1).then_some(()));
    choose("audit-who", "command_line");
    wait_until("nobody signed in by command", || (rows() == 0).then_some(()));
    eve.click("[data-testid=audit-clear]");
    wait_until("all of it", || (rows() > 1).then_some(()));
    choose("audit-who", "command_line");
    choose("audit-site", "other");
    wait_until("what was done by commands on the other site", || (rows() == 1).then_some(()));
    eve.click("[data-testid=audit-row]");
    wait_until("the entry in words", || {
        eve.shown_text(".audit__entry").filter(|text| text.contains("Addresses of its pages"))
    });
    eve.screenshot("audit-filtered");
    choose("audit-site", "");
    wait_until("what else was done by commands", || (rows() > 1).then_some(()));
    eve.click("[data-testid=audit-row]");
    eve.click("[data-testid=audit-about]");
    wait_until("what it is about", || eve.shows("[data-testid=audit-about-chip]").then_some(()));
    let found = eve.findings("audit of one thing");
    assert!(found.is_empty(), "{found:?}");
    eve.click("[data-testid=audit-about-clear]");
    wait_until("all of it again", || (!eve.shows("[data-testid=audit-about-chip]")).then_some(()));
    choose("audit-time", "1");
    wait_until("all of today", || (rows() > 1).then_some(()));

    // More entries than one page has.
    let cookie = world.relay.sign_in("eve@example.com");
    for _ in 0..55 {
        let answer = world.relay.request("GET", "/api/v1/audit/export", &[("cookie", &cookie)], &[]);
        assert_eq!(answer.expect("an answer").status, 200);
    }
    choose("audit-time", "0");
    wait_until("a whole page", || (rows() == 50).then_some(()));
    eve.click("[data-testid=audit-more]");
    wait_until("older ones", || (rows() > 50).then_some(()));
    eve.click("[data-testid=audit-export]");
    let (name, content) = eve.download();
    assert!(name.ends_with(".jsonl") && content.starts_with(b"{"), "{name}");

    eve.script("window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('no network'));", &[]);
    choose("audit-time", "7");
    wait_until("it says so", || eve.shows("[data-testid=audit-retry]").then_some(()));
    eve.script("window.fetch = window.kept;", &[]);
    eve.click("[data-testid=audit-retry]");
    wait_until("entries", || (rows() == 50).then_some(()));
}
