//! The page of a link: an invited colleague chooses name and password and is at the desk; a link for a password works once, too.

use serde_json::{Value, json};
use support::{Look, Relay, World, wait_until};

/// Asks the API as an administrator.
fn ask(relay: &Relay, cookie: &str, method: &str, path: &str, body: &Value) -> Value {
    let headers = [("cookie", cookie), ("origin", &relay.origin()), ("content-type", "application/json")];
    let answer = relay.request(method, &format!("/api/v1{path}"), &headers, body.to_string().as_bytes());
    serde_json::from_str(&answer.expect("answered").text()).expect("JSON")
}

#[test]
fn somebody_with_a_link_chooses_a_password_and_the_link_works_once() {
    let world = World::start();
    world.relay.member("administrator", "eve@example.com", "Eve", 4);
    let cookie = world.relay.sign_in("eve@example.com");
    let scope = json!({ "sites": "all", "departments": "all" });
    let body = json!({ "email": "kim@example.com", "name": "Kim", "roles": ["agent"], "scope": scope });
    let made = ask(&world.relay, &cookie, "POST", "/invitations", &body);
    let link = made["link"].as_str().expect("a link");

    let browser = world.browser(Look::CONSOLE);
    browser.go(link);
    wait_until("the form", || browser.shows("[data-testid=invited]").then_some(()));
    let lead = browser.shown_text(".sign__lead").expect("said");
    assert!(lead.contains("kim@example.com"), "{lead}");
    wait_until("the proposed name", || {
        (browser.script("return document.querySelector('[data-testid=invited-name]').value;", &[]) == "Kim")
            .then_some(())
    });
    let problems = || browser.script("return document.querySelectorAll('[data-testid=field-problem]').length;", &[]);
    browser.keys("[data-testid=invited-name]", " S.");
    browser.keys("[data-testid=invited-password]", "kim@example.com");
    browser.click("[data-testid=invited-accept]");
    wait_until("a password that is easy to guess", || (problems() == 1).then_some(()));
    assert_eq!(browser.script("return document.activeElement.name;", &[]), "password");
    browser.script("document.activeElement.value = '';", &[]);
    browser.keys("[data-testid=invited-password]", "seven green kettles");
    browser.click("[data-testid=invited-accept]");
    wait_until("the desk", || browser.shows("[data-testid=presence]").then_some(()));
    let address = browser.script("return location.href;", &[]);
    assert!(!address.to_string().contains('#'), "{address}");
    browser.go(link);
    wait_until("a link that was used", || browser.shows("[data-testid=invited-gone]").then_some(()));
    browser.click("[data-testid=invited-sign-in]");
    wait_until("the desk again", || browser.shows("[data-testid=presence]").then_some(()));

    let staff = ask(&world.relay, &cookie, "GET", "/staff", &Value::Null);
    let kim = staff["items"].as_array().expect("items").iter().find(|item| item["name"] == "Kim S.");
    let id = kim.expect("a colleague")["id"].as_str().expect("an id").to_owned();
    let made = ask(&world.relay, &cookie, "POST", &format!("/staff/{id}/password_link"), &Value::Null);
    let other = world.browser(Look::PHONE);
    other.go(made["link"].as_str().expect("a link"));
    wait_until("the form", || other.shows("[data-testid=invited][data-kind=password]").then_some(()));
    other.keys("[data-testid=invited-password]", "nine yellow saucers");
    other.click("[data-testid=invited-accept]");
    wait_until("the sign-in", || other.shows("[data-testid=sign-in]").then_some(()));
    // Everywhere else the sign-in has ended.
    wait_until("signed out", || browser.shows("[data-testid=sign-in]").then_some(()));
}
