//! The team in the console: somebody is invited, changed, signed out and removed; keys are made and revoked; and what the command bar finds.

use support::{Browser, Look, World, wait_until};

fn section(browser: &Browser, kind: &str) {
    browser.click(&format!("[data-testid=settings-section][data-kind={kind}]"));
}

fn asks_before_leaving(browser: &Browser) -> bool {
    let leave = "const e = new Event('beforeunload', { cancelable: true }); window.dispatchEvent(e); return e.defaultPrevented;";
    browser.script(leave, &[]) == true
}

/// Adds a document, as Eve.
fn adds(world: &World, kind: &str, body: &[u8]) {
    let (cookie, origin) = (world.relay.sign_in("eve@example.com"), world.relay.origin());
    let headers = [("cookie", &*cookie), ("origin", &*origin), ("content-type", "application/json")];
    let made = world.relay.request("POST", &format!("/api/v1/settings/{kind}"), &headers, body).expect("answered");
    assert_eq!(made.status, 201, "{}", made.text());
}

#[test]
fn somebody_is_invited_changed_signed_out_and_removed() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada", 3);
    ada.click("[data-testid=me]");
    ada.click("[data-testid=nav-account]");
    wait_until("her own account", || ada.shows("[data-testid=factor-begin]").then_some(()));
    crate::account::set_up(&ada);
    let eve = world.administrator();
    adds(&world, "hours", br#"{"id":"nights","name":"Nights","zone":"UTC","weekly":[]}"#);
    eve.click("[data-testid=nav-settings]");
    for (kind, name, id, right) in
        [("department", "Deposits", "deposits", None), ("role", "Auditor", "auditor", Some("audit_read"))]
    {
        section(&eve, kind);
        let page = format!("[data-testid=settings-section][data-kind={kind}][aria-current]");
        wait_until("the page", || eve.shows(&page).then_some(()));
        eve.click("[data-testid=settings-add]");
        wait_until("the form", || eve.shows("[data-field=name] [data-testid=field-line]").then_some(()));
        eve.keys("[data-field=name] [data-testid=field-line]", name);
        if let Some(right) = right {
            eve.click(&format!("[data-testid=right][value={right}]"));
            eve.keys("[data-field='second_factor.grace_days'] [data-testid=field-number]", "7");
        }
        eve.click("[data-testid=save]");
        wait_until("it is there", || eve.shows(&format!("[data-testid=settings-row][data-id={id}]")).then_some(()));
    }
    section(&eve, "team");
    wait_until("the role", || eve.shows("[data-testid=matrix-role]").then_some(()));
    eve.click("[data-testid=matrix-role]");
    wait_until("its form", || eve.shows("[data-testid=settings-form]").then_some(()));
    section(&eve, "team");
    wait_until("both", || (eve.count("[data-testid=staff-row]") == 2).then_some(()));
    assert_eq!(eve.count("[data-testid=staff-factor][data-on=false]"), 1, "Ada has a second factor, Eve has not");

    an_invitation_is_made_and_taken_back(&eve);

    eve.click("[data-testid=staff-row][data-email='ada@example.com']");
    wait_until("her sign-in", || eve.shows("[data-testid=staff-session-end]").then_some(()));
    eve.keys("[data-testid=staff-capacity]", "0");
    eve.keys("[data-testid=staff-name]", " L.");
    eve.click("[data-testid=staff-discard]");
    eve.keys("[data-testid=staff-name]", " L.");
    what_is_not_saved_waits(&world, &eve);
    eve.click("[data-testid=staff-role][value=supervisor]");
    eve.choose("[data-testid=staff-hours]", "nights");
    eve.click("[data-testid=scope-departments-all]");
    wait_until("the departments", || eve.shows("[data-testid=scope-department]").then_some(()));
    eve.click("[data-testid=scope-department][value=deposits]");
    eve.script(
        "document.dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, bubbles: true }));",
        &[],
    );
    wait_until("saved", || eve.shown_text("[data-testid=staff-note]").filter(|text| text.contains("Saved")));
    wait_until("the list says so", || {
        eve.shown_text("[data-testid=staff-row][data-email='ada@example.com']")
            .filter(|text| text.contains("Ada L.") && text.contains("Supervisor"))
    });
    let saved = "return document.querySelector('[data-testid=staff-hours]').value;";
    assert_eq!(eve.script(saved, &[]), "nights");
    assert_eq!(eve.count("[data-testid=staff-discard]"), 0, "nothing is left to save");
    eve.click("[data-testid=staff-session-end]");
    wait_until("she is signed out at once", || ada.shows("[data-testid=sign-in]").then_some(()));
    second_factors_are_removed(&eve);
    eve.click("[data-testid=staff-password-link]");
    wait_until("a link", || eve.shown_text("[data-testid=once]"));
    eve.click("[data-testid=staff-off]");
    wait_until("the question", || eve.shows("[data-testid=staff-off-ask]").then_some(()));
    eve.click("[data-testid=dialog-yes]");
    wait_until("she is off", || {
        eve.shown_text("[data-testid=staff-row][data-email='ada@example.com']").filter(|text| text.contains("Off"))
    });
    eve.keys("[data-testid=staff-name]", " of Nights");
    eve.click("[data-testid=staff-remove]");
    wait_until("the question", || eve.shows("[data-testid=staff-remove-ask]").then_some(()));
    eve.click("[data-testid=dialog-yes]");
    wait_until("she is gone", || (eve.count("[data-testid=staff-row]") == 1).then_some(()));
    assert!(!asks_before_leaving(&eve), "what was not saved of her is gone, too");
}

/// The link is shown once, and the list shows who is invited.
fn an_invitation_is_made_and_taken_back(eve: &Browser) {
    eve.click("[data-testid=invite]");
    wait_until("the form", || eve.shows("[data-testid=invite-email]").then_some(()));
    eve.click("[data-testid=invite-send]");
    wait_until("an address is needed", || eve.shown_text(".team__form [role=alert]"));
    eve.keys("[data-testid=invite-email]", "noor@example.com");
    eve.click("[data-testid=scope-sites-all]");
    wait_until("the sites", || eve.shows("[data-testid=scope-site][value=demo]").then_some(()));
    eve.click("[data-testid=scope-site][value=demo]");
    eve.click("[data-testid=invite-send]");
    let link = wait_until("the link", || eve.shown_text("[data-testid=once]"));
    assert!(link.contains("/console/invitation#"), "{link}");
    eve.click("[data-testid=once-copy]");
    wait_until("the invitation is listed", || eve.shows("[data-testid=invited]").then_some(()));
    let found = eve.findings("team");
    assert!(found.is_empty(), "{found:?}");
    eve.click("[data-testid=invitation-remove]");
    wait_until("it is taken back", || (eve.count("[data-testid=invited]") == 0).then_some(()));
    eve.click("[data-testid=team-close]");
}

/// Of the colleague who is shown.
fn second_factors_are_removed(eve: &Browser) {
    eve.click("[data-testid=staff-factor-remove]");
    wait_until("the question", || eve.shows("[data-testid=staff-factor-ask]").then_some(()));
    eve.click("[data-testid=dialog-yes]");
    wait_until("it wants a reason", || eve.shown_text("#staff-factor-problem").filter(|text| !text.is_empty()));
    let found = eve.findings("second factor of a colleague");
    assert!(found.is_empty(), "{found:?}");
    eve.keys("[data-testid=staff-factor-reason]", "her phone is lost");
    eve.click("[data-testid=dialog-yes]");
    wait_until("it is gone", || eve.shown_text(".toast").filter(|text| text.contains("no second factor")));
    wait_until("nothing is left to remove", || (eve.count("[data-testid=staff-factor-remove]") == 0).then_some(()));
}

/// What was typed of a colleague waits while another is looked at, is not lost by leaving the page unasked, and is put beside what somebody else
/// has changed meanwhile.
fn what_is_not_saved_waits(world: &World, eve: &Browser) {
    let row = "[data-testid=staff-row][data-email='ada@example.com']";
    let value = |field: &str| {
        let script = format!("return document.querySelector('[data-testid={field}]').value;");
        eve.script(&script, &[]).as_str().unwrap_or_default().to_owned()
    };
    eve.click("[data-testid=staff-row][data-email='eve@example.com']");
    wait_until("the mark", || eve.shows(&format!("{row} [data-testid=unsaved]")).then_some(()));
    wait_until("her own form", || (value("staff-name") == "Eve").then_some(()));
    section(eve, "audit");
    assert!(asks_before_leaving(eve));
    section(eve, "team");
    wait_until("the list", || eve.shows(row).then_some(()));
    let path = eve.script(&format!("return document.querySelector(\"{row}\").getAttribute('href');"), &[]);
    let id = path.as_str().and_then(|path| path.rsplit('/').next()).expect("an id").to_owned();
    eve.click(row);
    wait_until("what was typed", || (value("staff-name") == "Ada L.").then_some(()));
    let (cookie, origin) = (world.relay.sign_in("eve@example.com"), world.relay.origin());
    let headers = [("cookie", &*cookie), ("origin", &*origin), ("content-type", "application/json"), ("if-match", "*")];
    let changed = world.relay.request("PATCH", &format!("/api/v1/staff/{id}"), &headers, br#"{"capacity":5}"#);
    assert_eq!(changed.expect("answered").status, 200);
    eve.click("[data-testid=staff-save]");
    wait_until("somebody else was faster", || eve.shown_text(".team__form").filter(|text| text.contains("meanwhile")));
    assert_eq!((value("staff-name").as_str(), value("staff-capacity").as_str()), ("Ada L.", "5"));
}

#[test]
fn what_a_site_removes_and_asks_of_colleagues_is_shown_and_not_changed_without_the_right() {
    let world = World::start();
    let body = br#"{"id":"editor","name":"Editor","rights":["settings_read","settings_site"]}"#;
    world.relay.member("administrator", "eve@example.com", "Eve", 3);
    adds(&world, "role", body);
    world.relay.member("editor", "kim@example.com", "Kim", 3);
    let kim = world.signed_in("kim@example.com", Look::CONSOLE);
    wait_until("the rail", || kim.shows("[data-testid=nav-settings]").then_some(()));
    kim.click("[data-testid=nav-settings]");
    section(&kim, "site");
    wait_until("the site", || kim.shows("[data-testid=settings-row]").then_some(()));
    kim.click("[data-testid=settings-row]");
    wait_until("its form", || kim.shows("[data-testid=settings-form]").then_some(()));
    assert_eq!(kim.count("[data-testid=field-locked]"), 2);
    for (field, locked) in [("name", false), ("retention", true), ("second_factor", true)] {
        let inputs = kim.count(&format!("[data-field={field}] input:disabled"));
        assert_eq!(inputs > 0, locked, "{field}");
    }
    let found = kim.findings("locked fields");
    assert!(found.is_empty(), "{found:?}");
    kim.put("[data-field=name] [data-testid=field-line]", "Demo 2");
    kim.click("[data-testid=save]");
    wait_until("saved", || kim.shown_text(".settings__bar").filter(|text| text.contains("Saved")));
}

#[test]
fn a_key_is_made_shown_once_and_revoked() {
    let world = World::start();
    let eve = world.administrator();
    eve.click("[data-testid=nav-settings]");
    section(&eve, "keys");
    wait_until("what keys are for", || eve.shown_text(".keys-page .empty"));
    eve.click("[data-testid=key-new]");
    wait_until("the form", || eve.shows("[data-testid=key-name]").then_some(()));
    eve.keys("[data-testid=key-name]", "ledger");
    eve.click("[data-testid=key-make]");
    wait_until("it needs a right", || eve.shown_text(".keys-page__form [role=alert]"));
    eve.click("[data-testid=right][value=settings_read]");
    eve.choose("[data-testid=key-end]", "30");
    eve.click("[data-testid=key-make]");
    let key = wait_until("the key", || eve.shown_text("[data-testid=once]"));
    let bearer = format!("Bearer {key}");
    let status =
        |path: &str| world.relay.request("GET", path, &[("authorization", &bearer)], &[]).expect("an answer").status;
    assert_eq!((status("/api/v1/settings/site"), status("/api/v1/audit")), (200, 403));
    let found = eve.findings("keys");
    assert!(found.is_empty(), "{found:?}");
    assert!(eve.shows("[data-testid=key-row][data-name=ledger]"));
    assert_eq!(eve.count("[data-testid=key-make]"), 0, "a second press makes no second key");
    eve.click("[data-testid=key-kept]");
    eve.click("[data-testid=key-revoke]");
    wait_until("the question", || eve.shows("[data-testid=key-revoke-ask]").then_some(()));
    eve.click("[data-testid=dialog-yes]");
    wait_until("it is revoked", || (eve.count("[data-testid=key-revoke]") == 0).then_some(()));
    assert_eq!(status("/api/v1/settings/site"), 401);

    // What cannot be loaded says so.
    for (kind, retry) in [("team", "team-retry"), ("keys", "keys-retry")] {
        eve.script(
            "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('no network'));",
            &[],
        );
        section(&eve, "audit");
        section(&eve, kind);
        let css = format!("[data-testid={retry}]");
        wait_until("it says so", || eve.shows(&css).then_some(()));
        eve.script("window.fetch = window.kept;", &[]);
        eve.click(&css);
        wait_until("it is there", || (!eve.shows(&css)).then_some(()));
    }
    for id in ["team-retry", "keys-retry"] {
        assert_eq!(eve.count(&format!("[data-testid={id}]")), 0);
    }
}

#[test]
fn the_command_bar_and_the_settings_find_what_one_types() {
    let world = World::start();
    world.relay.member("supervisor", "ada@example.com", "Ada", 3);
    let eve = world.administrator();
    let open = |browser: &Browser| {
        browser.script(
            "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }));",
            &[],
        );
        wait_until("the bar", || browser.shows("[data-testid=command-bar]").then_some(()));
    };
    open(&eve);
    wait_until("a list of commands", || (eve.count("[data-testid=command]") > 3).then_some(()));
    let found = eve.findings("command");
    assert!(found.is_empty(), "{found:?}");
    eve.keys("[data-testid=command-find]", "ada");
    wait_until("a colleague", || {
        eve.shown_text("[data-testid=command]").filter(|text| text.contains("ada@example.com"))
    });
    eve.press_enter();
    wait_until("her page", || eve.shows("[data-testid=staff-form]").then_some(()));
    assert!(!eve.shows("[data-testid=command-bar]"));

    eve.keys("[data-testid=settings-find]", "demo");
    wait_until("the site", || eve.shown_text("[data-testid=settings-hit]").filter(|text| text.contains("Demo")));
    eve.click("[data-testid=settings-hit]");
    wait_until("its form", || eve.shows("[data-testid=settings-form]").then_some(()));

    open(&eve);
    eve.keys("[data-testid=command-find]", "ended");
    wait_until("one list", || (eve.count("[data-testid=command]") == 1).then_some(()));
    eve.click("[data-testid=command]");
    wait_until("the list", || eve.shows("[data-testid=list-ended][aria-selected=true]").then_some(()));
    open(&eve);
    eve.press_escape();
    wait_until("it is closed", || (!eve.shows("[data-testid=command-bar]")).then_some(()));

    // A supervisor finds no page that they may not see.
    let ada = world.signed_in("ada@example.com", Look::CONSOLE);
    wait_until("the rail", || ada.shows("[data-testid=nav-settings]").then_some(()));
    ada.click("[data-testid=nav-settings]");
    wait_until("the settings", || ada.shows("[data-testid=settings-section][data-kind=team]").then_some(()));
    assert_eq!(ada.count("[data-testid=settings-section][data-kind=audit]"), 0);
    assert_eq!(ada.count("[data-testid=settings-add]"), 0, "a supervisor changes no site");
}
