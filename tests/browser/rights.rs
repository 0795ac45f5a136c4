//! What the console offers to somebody whose rights count on one site: what the relay would carry out, and no more.

use std::time::Duration;

use serde_json::{Value, json};
use support::{Browser, Look, World, wait_until};

const NAME: &str = "[data-field=name] [data-testid=field-line]";

/// Calls of the API as an administrator.
struct Administrator<'w> {
    world: &'w World,
    cookie: String,
}

impl<'w> Administrator<'w> {
    fn new(world: &'w World, email: &str, name: &str) -> Self {
        world.relay.member("administrator", email, name, 3);
        Self { world, cookie: world.relay.sign_in(email) }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let relay = &self.world.relay;
        let headers = [
            ("cookie", &*self.cookie),
            ("origin", &*relay.origin()),
            ("content-type", "application/json"),
            ("if-match", "*"),
        ];
        let body = if method == "GET" { Vec::new() } else { body.to_string().into_bytes() };
        let answer = relay.request(method, &format!("/api/v1{path}"), &headers, &body).expect("answered");
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Changes a colleague.
    fn changes(&self, email: &str, change: &Value) {
        let staff = self.ask("GET", "/staff", &Value::Null);
        let found = staff["items"].as_array().into_iter().flatten().find(|colleague| colleague["email"] == email);
        let id = found.and_then(|colleague| colleague["id"].as_str()).expect("a colleague").to_owned();
        self.ask("PATCH", &format!("/staff/{id}"), change);
    }
}

fn section(browser: &Browser, kind: &str) {
    browser.click(&format!("[data-testid=settings-section][data-kind={kind}]"));
    let current = format!("[data-testid=settings-section][data-kind={kind}][aria-current]");
    wait_until("the page", || browser.shows(&current).then_some(()));
}

fn row(id: &str) -> String {
    format!("[data-testid=settings-row][data-id={id}]")
}

fn opens(browser: &Browser, id: &str) {
    wait_until("the row", || browser.shows(&row(id)).then_some(()));
    browser.click(&row(id));
    wait_until("its form", || browser.shows("[data-testid=settings-form]").then_some(()));
}

fn focused(browser: &Browser) -> Value {
    browser.script("return document.activeElement.dataset.testid || document.activeElement.tagName;", &[])
}

#[test]
fn who_has_one_site_is_offered_what_they_may_do() {
    let world = World::start();
    let eve = Administrator::new(&world, "eve@example.com", "Eve");
    let notice = |id: &str, site: Value| json!({ "id": id, "kind": "news", "texts": { "en": id }, "site": site });
    eve.ask("POST", "/settings/site", &json!({ "id": "other", "name": "Other", "origins": ["https://o.example.com"] }));
    eve.ask("POST", "/settings/notice", &notice("everywhere", Value::Null));
    eve.ask("POST", "/settings/notice", &notice("here", "demo".into()));
    world.relay.member("administrator", "kim@example.com", "Kim", 3);
    eve.changes("kim@example.com", &json!({ "scope": { "sites": ["demo"], "departments": "all" } }));
    let kim = world.signed_in("kim@example.com", Look::CONSOLE);
    wait_until("the rail", || kim.shows("[data-testid=nav-settings]").then_some(()));
    kim.click("[data-testid=nav-settings]");

    // Sites: their own, which may be changed, and no other can be added.
    section(&kim, "site");
    opens(&kim, "demo");
    assert_eq!((kim.count("[data-testid=settings-row]"), kim.count("[data-testid=settings-add]")), (1, 0));
    assert_eq!((kim.count("[data-testid=form-locked]"), kim.count("[data-testid=save]")), (0, 1));

    // Notices: the one of all sites is read only, that of the site is not, and a new one is for the site.
    section(&kim, "notice");
    opens(&kim, "everywhere");
    wait_until("why it cannot be changed", || kim.shown_text("[data-testid=form-locked]"));
    assert_eq!((kim.count("[data-testid=save]"), kim.count("[data-testid=settings-remove]")), (0, 0));
    kim.screenshot("rights-locked");
    let found = kim.findings("locked document");
    assert!(found.is_empty(), "{found:?}");
    opens(&kim, "here");
    wait_until("it may be changed", || (kim.count("[data-testid=form-locked]") == 0).then_some(()));
    kim.click("[data-testid=settings-add]");
    let site = "return document.querySelector('[data-field=site] select')?.value;";
    wait_until("the only site", || (kim.script(site, &[]) == "demo").then_some(()));

    // Roles count everywhere.
    section(&kim, "role");
    wait_until("what roles are for", || kim.shown_text(".settings__list .empty"));
    assert_eq!(kim.count("[data-testid=settings-add]"), 0);

    // Colleagues: those who have more are read only, and nobody is given more than one has.
    section(&kim, "team");
    kim.click("[data-testid=staff-row][data-email='eve@example.com']");
    wait_until("why she cannot be changed", || kim.shown_text("[data-testid=form-locked]"));
    for offered in ["staff-off", "staff-remove", "staff-password-link", "staff-factor-remove"] {
        assert_eq!(kim.count(&format!("[data-testid={offered}]")), 0, "{offered}");
    }
    kim.screenshot("rights-colleague");
    kim.click("[data-testid=invite]");
    wait_until("the form", || kim.shows("[data-testid=invite-email]").then_some(()));
    assert_eq!(kim.count("[data-testid=scope-sites-all]:disabled"), 1);
    wait_until("their own site", || kim.shows("[data-testid=scope-site][value=demo]:checked").then_some(()));

    // What they may not do any more is gone at once.
    section(&kim, "site");
    eve.changes("kim@example.com", &json!({ "roles": ["agent"] }));
    wait_until("the inbox", || kim.shows("[data-testid=list-mine]").then_some(()));
    assert_eq!(kim.count("[data-testid=nav-settings]"), 0);
}

#[test]
fn what_a_colleague_does_is_seen_and_what_is_removed_can_be_put_back() {
    let world = World::start();
    let eve = Administrator::new(&world, "eve@example.com", "Eve");
    let department = |name: &str| json!({ "id": "cards", "name": name });
    eve.ask("POST", "/settings/department", &department("Cards"));
    let browser = world.signed_in("eve@example.com", Look::CONSOLE);
    wait_until("the rail", || browser.shows("[data-testid=nav-settings]").then_some(()));
    browser.click("[data-testid=nav-settings]");
    section(&browser, "department");
    opens(&browser, "cards");
    let value = || browser.script(&format!("return document.querySelector('{NAME}')?.value;"), &[]);
    let note = || browser.shown_text("[data-testid=settings-note]").unwrap_or_default();

    // The list is asked for again and again. Where nothing is new, nothing is drawn anew: the focus stays on its row.
    browser.script("window.row = document.querySelector(arguments[0]); window.row.focus();", &[row("cards").into()]);
    std::thread::sleep(Duration::from_millis(3_500));
    assert_eq!(browser.script("return document.activeElement === window.row;", &[]), true);

    // Where nothing was typed, what a colleague makes of it is shown.
    eve.ask("PUT", "/settings/department/cards", &json!({ "name": "Cards & more" }));
    wait_until("the new name", || (value() == "Cards & more").then_some(()));
    eve.ask("POST", "/settings/department", &json!({ "id": "loans", "name": "Loans" }));
    wait_until("the new one", || browser.shows(&row("loans")).then_some(()));

    // Where something was typed, both are shown.
    browser.put(NAME, "Mine");
    eve.ask("PUT", "/settings/department/cards", &json!({ "name": "Theirs" }));
    let words = wait_until("both", || browser.shown_text("[data-testid=conflict]"));
    assert!(words.contains("Theirs") && words.contains("Mine"), "{words}");
    browser.screenshot("rights-conflict");

    // What was not touched here is taken as they made it: saving does not undo it.
    eve.ask("POST", "/settings/hours", &json!({ "id": "office", "name": "Office", "zone": "UTC", "weekly": [] }));
    eve.ask("PUT", "/settings/department/cards", &json!({ "name": "Theirs", "hours": "office" }));
    let hours = "return document.querySelector('[data-field=hours] select')?.value;";
    wait_until("their hours", || (browser.script(hours, &[]) == "office").then_some(()));
    assert_eq!(value(), "Mine");

    // Removed meanwhile: it is added again by saving. The focus stays where it was.
    eve.ask("DELETE", "/settings/department/cards", &Value::Null);
    wait_until("it says so", || browser.shows("[data-testid=removed-meanwhile]").then_some(()));
    assert_eq!(value(), "Mine");
    browser.click("[data-testid=save]");
    wait_until("it is there again", || browser.shows(&row("cards")).then_some(()));
    wait_until("it is no change any more", || (browser.count("[data-testid=unsaved]") == 0).then_some(()));
    wait_until("its form", || (value() == "Mine").then_some(()));
    browser.put(NAME, "Mine, too");
    browser.click("[data-testid=save]");
    wait_until("saved", || note().contains("Saved").then_some(()));
    assert_eq!(focused(&browser), "save");
    browser.put(NAME, "Not this");
    browser.click("[data-testid=discard]");
    assert_eq!(focused(&browser), "save");

    // Removed here: it can be put back, also by whoever comes later.
    browser.click("[data-testid=settings-remove]");
    wait_until("the question", || browser.shows("[data-testid=settings-remove-ask]").then_some(()));
    browser.click("[data-testid=dialog-yes]");
    wait_until("it can be put back", || browser.shows("[data-testid=settings-put-back]").then_some(()));
    let words = browser.shown_text("[data-testid=settings-gone]").unwrap_or_default();
    assert!(words.contains("“Mine, too” is removed"), "{words}");
    browser.screenshot("rights-gone");
    let found = browser.findings("removed document");
    assert!(found.is_empty(), "{found:?}");
    browser.script("location.reload();", &[]);
    wait_until("it can still be put back", || browser.shows("[data-testid=settings-put-back]").then_some(()));
    browser.click("[data-testid=settings-put-back]");
    wait_until("it is there again", || (value() == "Mine, too").then_some(()));
    assert!(browser.shows(&row("cards")));
}

#[test]
fn what_a_right_needs_and_whose_keys_are_left_is_said() {
    let world = World::start();
    let eve = Administrator::new(&world, "eve@example.com", "Eve");
    let ada = Administrator::new(&world, "ada@example.com", "Ada");
    let scope = json!({ "sites": "all", "departments": "all" });
    ada.ask("POST", "/keys", &json!({ "name": "ledger", "rights": ["conversation_read"], "scope": scope }));
    let browser = world.signed_in("eve@example.com", Look::CONSOLE);
    wait_until("the rail", || browser.shows("[data-testid=nav-settings]").then_some(()));
    browser.click("[data-testid=nav-settings]");

    section(&browser, "keys");
    wait_until("the key", || browser.shows("[data-testid=key-row]").then_some(()));
    assert_eq!(browser.count("[data-testid=key-maker-off]"), 0);
    eve.changes("ada@example.com", &json!({ "disabled": true }));
    section(&browser, "role");
    section(&browser, "keys");
    wait_until("its maker is off", || browser.shows("[data-testid=key-maker-off]").then_some(()));

    // Who changes settings has to see them.
    section(&browser, "role");
    wait_until("the button", || browser.shows("[data-testid=settings-add]").then_some(()));
    browser.click("[data-testid=settings-add]");
    wait_until("the rights", || browser.shows("[data-testid=right]").then_some(()));
    browser.click("[data-testid=right][value=settings_site]");
    wait_until("both are ticked", || browser.shows("[data-testid=right][value=settings_read]:checked").then_some(()));
    browser.click("[data-testid=right][value=settings_read]");
    wait_until("it says so", || browser.shown_text("[data-testid=rights-unseen]"));
}
