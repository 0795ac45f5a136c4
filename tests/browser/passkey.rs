//! Passkeys in the console, with Chromium's virtual authenticator: added, used alone, after the password and once more, removed.

use support::{Browser, Look, World, wait_until};

const EVE: &str = "eve@example.com";

fn shown(browser: &Browser, css: &str) {
    wait_until(css, || browser.shows(css).then_some(()));
}

fn password(browser: &Browser, world: &World) {
    shown(browser, "[data-testid=sign-in]");
    browser.put("[data-testid=email]", EVE);
    browser.put("[data-testid=password]", world.relay.password());
    browser.click("[data-testid=sign-in]");
}

fn sign_out(browser: &Browser) {
    browser.click("[data-testid=me]");
    browser.click("[data-testid=sign-out]");
    shown(browser, "[data-testid=sign-in]");
}

/// What the sign-in page says.
fn note(browser: &Browser) -> String {
    wait_until("a note", || browser.shown_text(".sign__note").filter(|text| !text.is_empty()))
}

#[test]
fn a_passkey_signs_in_without_a_password_and_after_one() {
    let mut world = World::start();
    let by_address = world.administrator();
    by_address.go(&format!("{}/console/account", world.relay.origin()));
    shown(&by_address, "[data-testid=passkeys]");
    shown(&by_address, "[data-testid=passkey-elsewhere]");
    assert!(!by_address.shows("[data-testid=passkey-add]"), "not for an address");
    assert_eq!(by_address.findings("passkeys elsewhere"), Vec::<String>::new());
    by_address.click("[data-testid=passkey-elsewhere]");
    shown(&by_address, "[data-testid=passkey]");
    let there = by_address.script("return location.href;", &[]);
    assert_eq!(there, format!("http://localhost:{}/console/account", world.relay.port()));

    let eve = world.browser(Look::CONSOLE);
    eve.add_authenticator();
    eve.go(there.as_str().expect("an address"));
    password(&eve, &world);
    shown(&eve, "[data-testid=passkey-add]");
    eve.click("[data-testid=passkey-add]");
    wait_until("it has no name", || eve.shown_text("#passkey-name-problem").filter(|text| !text.is_empty()));
    eve.keys("[data-testid=passkey-name]", "Laptop");
    eve.click("[data-testid=passkey-add]");
    shown(&eve, "[data-testid=recovery-codes]");
    assert_eq!(eve.count("[data-testid=recovery-codes] li"), 10);
    eve.click("[data-testid=codes-kept]");
    let row = wait_until("its row", || eve.shown_text("[data-testid=passkey-row]"));
    assert!(row.contains("Laptop") && row.contains("localhost"), "{row}");
    shown(&eve, "[data-testid=codes-left]");
    let mut found = eve.findings("passkeys");
    // The same authenticator makes no second one.
    eve.keys("[data-testid=passkey-name]", "Again");
    eve.click("[data-testid=passkey-add]");
    shown(&eve, "[data-testid=passkey-problem]");

    // Alone.
    sign_out(&eve);
    found.extend(eve.findings("sign-in with a passkey"));
    eve.click("[data-testid=passkey]");
    shown(&eve, "[data-testid=passkey-row]");

    // After the password; a relay that was started again says in words to begin anew.
    sign_out(&eve);
    password(&eve, &world);
    shown(&eve, "[data-testid=passkey-second]");
    found.extend(eve.findings("second step with a passkey"));
    assert!(world.relay.stop());
    world.relay.up();
    eve.click("[data-testid=passkey-second]");
    shown(&eve, "[data-testid=email]");
    assert!(note(&eve).contains("once more"), "{}", note(&eve));
    password(&eve, &world);
    shown(&eve, "[data-testid=totp-code]");
    assert!(world.relay.stop());
    world.relay.up();
    eve.keys("[data-testid=totp-code]", "123456");
    eve.click("[data-testid=code-send]");
    shown(&eve, "[data-testid=email]");
    assert!(note(&eve).contains("once more"), "{}", note(&eve));
    password(&eve, &world);
    eve.click("[data-testid=passkey-second]");
    shown(&eve, "[data-testid=passkey-row]");

    // Once more, to remove it.
    let store = rusqlite::Connection::open(world.relay.data().join("causeway.sqlite3")).expect("the database");
    store.execute("UPDATE agent_session SET confirmed_at_ms = 1", []).expect("changed");
    eve.click("[data-testid=passkey-remove]");
    eve.click("[data-testid=passkey-remove-ask] [data-testid=dialog-yes]");
    shown(&eve, "[data-testid=again-passkey]");
    found.extend(eve.findings("confirmation with a passkey"));
    eve.click("[data-testid=again-passkey]");
    wait_until("it is removed", || (eve.count("[data-testid=passkey-row]") == 0).then_some(()));
    sign_out(&eve);
    eve.click("[data-testid=passkey]");
    assert!(!note(&eve).is_empty(), "the browser has it, the relay does not");
    password(&eve, &world);
    shown(&eve, "[data-testid=passkey-add]");
    assert_eq!(found, Vec::<String>::new());
}
