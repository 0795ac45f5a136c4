//! One's own account in the console: sign-ins, the second factor, the password, and being asked for it again.

use support::{Browser, World, wait_until};

const EVE: &str = "eve@example.com";
/// The password that she chooses.
const NEW: &str = "walrus-tangent-41-quartz";
/// The code of an app, so many steps of 30 seconds from now (RFC 6238), worked out by the browser.
const CODE: &str = "const [secret, steps] = arguments;
return (async () => {
    let bits = '';
    for (const letter of secret) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
    const bytes = new Uint8Array(Math.floor(bits.length / 8)).map((_, at) => parseInt(bits.slice(at * 8, at * 8 + 8), 2));
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const step = new DataView(new ArrayBuffer(8));
    step.setBigUint64(0, BigInt(Math.floor(Date.now() / 30000) + steps));
    const hash = new DataView(await crypto.subtle.sign('HMAC', key, step.buffer));
    return String((hash.getUint32(hash.getUint8(19) & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
})();";

fn code(browser: &Browser, secret: &str, steps: i64) -> String {
    browser.script(CODE, &[secret.into(), steps.into()]).as_str().expect("a code").to_owned()
}

fn shown(browser: &Browser, css: &str) {
    wait_until(css, || browser.shows(css).then_some(()));
}

fn password(browser: &Browser, word: &str) {
    shown(browser, "[data-testid=sign-in]");
    browser.put("[data-testid=email]", EVE);
    browser.put("[data-testid=password]", word);
    browser.click("[data-testid=sign-in]");
}

/// Sets the second factor up on the page that shows its card; the key.
pub(crate) fn set_up(browser: &Browser) -> String {
    browser.click("[data-testid=factor-begin]");
    shown(browser, "[data-testid=factor-key]");
    let secret = browser.shown_text("[data-testid=factor-key]").expect("a key");
    browser.keys("[data-testid=totp-code]", "000000");
    browser.click("[data-testid=factor-confirm]");
    wait_until("it is wrong", || browser.shown_text("#factor-problem").filter(|text| !text.is_empty()));
    browser.put("[data-testid=totp-code]", &code(browser, &secret, -1));
    browser.click("[data-testid=factor-confirm]");
    shown(browser, "[data-testid=recovery-codes]");
    assert_eq!(browser.count("[data-testid=recovery-codes] li"), 10);
    secret
}

#[test]
fn sign_ins_password_and_second_factor_are_ones_own_to_change() {
    let world = World::start();
    let eve = world.administrator();
    let elsewhere = world.relay.sign_in(EVE);
    eve.click("[data-testid=me]");
    eve.click("[data-testid=nav-account]");
    wait_until("both sign-ins", || (eve.count("[data-testid=session]") == 2).then_some(()));
    let mut found = eve.findings("account page");
    eve.click("[data-testid=session-end]");
    wait_until("one has ended", || (eve.count("[data-testid=session]") == 1).then_some(()));
    let gone = world.relay.request("GET", "/api/v1/me", &[("cookie", &elsewhere)], b"").expect("answered");
    assert_eq!(gone.status, 401);

    eve.keys("[data-testid=password-now]", "wrong");
    eve.keys("[data-testid=password-new]", NEW);
    eve.click("[data-testid=password-change]");
    wait_until("it is wrong", || eve.shown_text("#password-now-problem").filter(|text| !text.is_empty()));
    eve.put("[data-testid=password-now]", world.relay.password());
    eve.click("[data-testid=password-change]");
    shown(&eve, "[data-testid=password-note]");
    wait_until("the field is empty", || {
        eve.script("return document.querySelector('[data-testid=password-now]').value === '';", &[])
            .as_bool()?
            .then_some(())
    });

    let secret = set_up(&eve);
    found.extend(eve.findings("recovery codes"));
    eve.click("[data-testid=codes-copy]");
    eve.click("[data-testid=codes-kept]");
    shown(&eve, "[data-testid=factor-on]");
    eve.click("[data-testid=me]");
    eve.click("[data-testid=sign-out]");
    password(&eve, NEW);
    shown(&eve, "[data-testid=totp-code]");
    found.extend(eve.findings("second step"));
    eve.keys("[data-testid=totp-code]", "000000");
    eve.click("[data-testid=code-send]");
    wait_until("it is wrong", || eve.shown_text(".sign__note").filter(|text| !text.is_empty()));
    eve.click("[data-testid=code-back]");
    password(&eve, NEW);
    shown(&eve, "[data-testid=totp-code]");
    eve.keys("[data-testid=totp-code]", &code(&eve, &secret, 0));
    eve.click("[data-testid=code-send]");
    shown(&eve, "[data-testid=factor-on]");
    assert_eq!(found, Vec::<String>::new());

    eve.click("[data-testid=factor-renew]");
    shown(&eve, "[data-testid=recovery-codes]");
    eve.click("[data-testid=codes-kept]");
    shown(&eve, "[data-testid=factor-remove]");
    // Removing wants a late sign-in. It was made just now, unless the clock says otherwise.
    let store = rusqlite::Connection::open(world.relay.data().join("causeway.sqlite3")).expect("the database");
    store.execute("UPDATE agent_session SET confirmed_at_ms = 1", []).expect("changed");
    eve.click("[data-testid=factor-remove]");
    eve.click("[data-testid=factor-remove-ask] [data-testid=dialog-yes]");
    shown(&eve, "[data-testid=again]");
    assert_eq!(eve.findings("confirmation"), Vec::<String>::new());
    eve.keys("[data-testid=again-password]", "wrong");
    eve.click("[data-testid=again] [data-testid=dialog-yes]");
    wait_until("it is wrong", || eve.shown_text("#again-problem").filter(|text| !text.is_empty()));
    eve.put("[data-testid=again-password]", NEW);
    eve.click("[data-testid=again] [data-testid=dialog-yes]");
    shown(&eve, "[data-testid=factor-begin]");
    assert!(!eve.shows("[data-testid=again]"));
}

#[test]
fn a_role_reminds_of_the_second_factor_and_in_the_end_shows_nothing_else() {
    let world = World::start();
    let eve = world.administrator();
    let cookie = world.relay.sign_in(EVE);
    let put_role = |days: u32, condition: (&str, &str)| {
        let body = serde_json::json!({ "name": "Careful", "rights": ["conversation_read"], "second_factor": { "grace_days": days } });
        let origin = world.relay.origin();
        let headers = [("cookie", &*cookie), ("origin", &origin), ("content-type", "application/json"), condition];
        let answer = world.relay.request("PUT", "/api/v1/settings/role/careful", &headers, body.to_string().as_bytes());
        let answer = answer.expect("answered");
        assert!(answer.status < 300, "{}", answer.text());
    };
    put_role(7, ("if-none-match", "*"));
    world.relay.command(&["agent", "role", EVE, "administrator", "careful"], "");
    eve.reload();
    shown(&eve, "[data-testid=factor-due]");
    assert_eq!(eve.findings("reminder"), Vec::<String>::new());
    eve.click("[data-testid=factor-due-open]");
    shown(&eve, "[data-testid=account]");
    put_role(0, ("if-match", "*"));
    shown(&eve, "[data-testid=enrol]");
    shown(&eve, "[data-testid=factor-begin]");
    assert_eq!(eve.findings("nothing but a second factor"), Vec::<String>::new());
    eve.click("[data-testid=enrol-leave]");
    password(&eve, world.relay.password());
    shown(&eve, "[data-testid=enrol]");
    set_up(&eve);
    eve.click("[data-testid=codes-kept]");
    // The page that the address names, and no longer the one that allows nothing else.
    shown(&eve, "[data-testid=account]");
    assert!(!eve.shows("[data-testid=enrol]") && !eve.shows("[data-testid=factor-due]"));
}
