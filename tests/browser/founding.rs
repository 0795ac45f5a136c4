//! A new team of two brands, three departments and six people is set up in the console alone, by the keyboard alone: one administrator in English and
//! light, the other in Chinese and dark. Then everything is carried over to a second relay by a file, and is the same there.

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Browser, Look, Relay, Setup, World, wait_until};

/// Presses of Tab until what is looked for must have had the focus.
const TABS_MAX: usize = 150;
const PASSWORDS: &str = "seven green kettles";

/// The texts of the console in one language.
fn catalogue(language: &str) -> BTreeMap<String, String> {
    let path = support::workspace().join(format!("www/locale/{language}/console.json"));
    serde_json::from_slice(&std::fs::read(path).expect("there")).expect("a catalogue")
}

/// An administrator who uses no pointer.
struct Hands {
    browser: Browser,
    words: BTreeMap<String, String>,
}

impl Hands {
    fn new(browser: Browser, language: &str) -> Self {
        Self { browser, words: catalogue(language) }
    }

    fn focused(&self, css: &str) -> bool {
        let script = "return document.activeElement.matches(arguments[0]);";
        self.browser.script(script, &[css.into()]) == true
    }

    /// Goes there by Tab.
    fn reach(&self, css: &str) {
        wait_until(css, || (self.browser.count(css) > 0).then_some(()));
        for _ in 0..TABS_MAX {
            if self.focused(css) {
                return;
            }
            self.browser.press_tab();
        }
        panic!("Tab does not reach {css}");
    }

    fn types(&self, css: &str, text: &str) {
        self.reach(css);
        self.browser.press(text);
    }

    fn enter(&self, css: &str) {
        self.reach(css);
        self.browser.press_enter();
    }

    fn tick(&self, css: &str) {
        self.reach(css);
        self.browser.press(" ");
    }

    /// Chooses from a list by the beginning of what it says.
    fn choose(&self, css: &str, option: &str, beginning: &str) {
        let there = format!("{css} option[value={option}]");
        wait_until(&there, || (self.browser.count(&there) == 1).then_some(()));
        self.types(css, beginning);
        let value = self.browser.script("return document.activeElement.value;", &[]);
        assert_eq!(value, option, "{css}");
    }

    /// Goes to a page of the settings by the command bar.
    fn page(&self, kind: &str, name: &str) {
        let script =
            "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }));";
        self.browser.script(script, &[]);
        wait_until("the command bar", || self.focused("[data-testid=command-find]").then_some(()));
        self.browser.press(&self.words[name]);
        let first = "[data-testid=command-bar] [aria-selected=true]";
        wait_until("the page is found", || {
            self.browser.shown_text(first).filter(|text| text.contains(&self.words[name]))
        });
        self.browser.press_enter();
        let page = format!("[data-testid=settings-section][data-kind={kind}][aria-current]");
        wait_until(&page, || self.browser.shows(&page).then_some(()));
    }

    /// Begins a new document.
    fn add(&self, kind: &str) {
        self.page(kind, &format!("console_kind_{kind}"));
        self.enter("[data-testid=settings-add]");
        wait_until("the form", || self.browser.shows("[data-testid=settings-form]").then_some(()));
    }

    fn save(&self, id: &str) {
        self.enter("[data-testid=save]");
        let row = format!("[data-testid=settings-row][data-id={id}]");
        wait_until(&row, || self.browser.shows(&row).then_some(()));
    }

    fn site(&self, name: &str, id: &str, origin: &str) {
        self.add("site");
        self.types("[data-field=name] [data-testid=field-line]", name);
        self.types("[data-field=origins] [data-testid=field-lines]", origin);
        self.save(id);
    }

    fn department(&self, name: &str, id: &str, site: (&str, &str)) {
        self.add("department");
        self.types("[data-field=name] [data-testid=field-line]", name);
        self.choose("[data-field=site] [data-testid=field-reference]", site.0, site.1);
        self.save(id);
    }

    /// Invites somebody with these roles for one site, and gives the link.
    fn invite(&self, email: &str, roles: &[&str], site: Option<&str>) -> String {
        self.page("team", "console_team");
        self.enter("[data-testid=invite]");
        self.types("[data-testid=invite-email]", email);
        for role in
            ["agent"].iter().filter(|role| !roles.contains(role)).chain(roles.iter().filter(|role| **role != "agent"))
        {
            self.tick(&format!("[data-testid=staff-role][value={role}]"));
        }
        if let Some(site) = site {
            self.tick("[data-testid=scope-sites-all]");
            self.tick(&format!("[data-testid=scope-site][value={site}]"));
        }
        self.enter("[data-testid=invite-send]");
        wait_until("the link", || self.browser.shown_text("[data-testid=once]"))
    }
}

/// Somebody opens the link and is at the desk.
fn accept(browser: &Browser, link: &str, name: &str) {
    browser.go(link);
    wait_until("the form", || browser.shows("[data-testid=invited-name]").then_some(()));
    browser.keys("[data-testid=invited-name]", name);
    browser.keys("[data-testid=invited-password]", PASSWORDS);
    browser.press_enter();
    wait_until("the desk", || browser.shows("[data-testid=presence]").then_some(()));
}

/// Everything that is set up, as the relay's own command writes it.
fn exported(relay: &Relay) -> Value {
    let file = relay.data().join("export.json");
    relay.command(&["settings", "export", file.to_str().expect("a path")], "");
    serde_json::from_slice(&std::fs::read(&file).expect("written")).expect("JSON")
}

fn code(relay: &Relay) -> String {
    let log = relay.log();
    let mut lines = log.lines().filter_map(|line| line.trim().strip_prefix("code "));
    lines.next_back().expect("the relay has printed it").trim().to_owned()
}

#[test]
fn a_team_is_set_up_by_keyboard_in_two_languages_and_carried_over() {
    let world = World::start_empty();
    let ada = Hands::new(world.browser(Look::CONSOLE), "en");
    ada.browser.go(&format!("{}/console", world.relay.origin()));
    ada.types("[data-testid=first-code]", &code(&world.relay));
    ada.types("[data-testid=first-name]", "Ada L.");
    ada.types("[data-testid=first-email]", "ada@example.com");
    ada.types("[data-testid=first-password]", "a plain but long sentence");
    ada.browser.press_enter();
    wait_until("the desk", || ada.browser.shows("[data-testid=presence]").then_some(()));

    ada.site("North Exchange", "north-exchange", "http://north.example.com");
    ada.department("Deposits", "deposits", ("north-exchange", "North"));
    ada.department("Verification", "verification", ("north-exchange", "North"));
    ada.add("role");
    ada.types("[data-field=name] [data-testid=field-line]", "Reviewer");
    for right in ["conversation_read", "settings_read"] {
        ada.tick(&format!("[data-testid=right][value={right}]"));
    }
    ada.save("reviewer");
    ada.browser.screenshot("founding-role");
    let mut links = vec![
        ("Bo L.", ada.invite("bo@example.com", &["administrator"], None)),
        ("Cy M.", ada.invite("cy@example.com", &["agent"], Some("north-exchange"))),
        ("Di N.", ada.invite("di@example.com", &["supervisor"], Some("north-exchange"))),
    ];
    ada.browser.screenshot("founding-team");

    let look = Look { dark: true, language: "zh-CN", ..Look::CONSOLE };
    let bo = Hands::new(world.browser(look), "zh-CN");
    let (name, link) = links.remove(0);
    accept(&bo.browser, &link, name);
    assert_eq!(bo.browser.script("return document.documentElement.lang;", &[]), "zh-CN");
    bo.site("South Exchange", "south-exchange", "http://south.example.com");
    bo.department("Withdrawals", "withdrawals", ("south-exchange", "South"));
    bo.browser.screenshot("founding-department-zh-dark");
    links.push(("Ed P.", bo.invite("ed@example.com", &["agent"], Some("south-exchange"))));
    links.push(("Fa Q.", bo.invite("fa@example.com", &["reviewer"], Some("south-exchange"))));
    bo.browser.screenshot("founding-team-zh-dark");
    for (name, link) in links {
        accept(&world.browser(Look::CONSOLE), &link, name);
    }

    let rows = || (ada.browser.count("[data-testid=staff-row]") == 6).then_some(());
    ada.page("keys", "console_keys_page");
    ada.page("team", "console_team");
    wait_until("six people", rows);
    let first = exported(&world.relay);
    let ids = |kind: &str| -> Vec<&str> {
        first["documents"][kind].as_object().expect("documents").keys().map(String::as_str).collect()
    };
    assert_eq!(ids("site"), ["north-exchange", "south-exchange"]);
    assert_eq!(ids("department"), ["deposits", "verification", "withdrawals"]);
    assert_eq!(ids("role"), ["reviewer"]);

    let second = Relay::start_empty(Setup::default());
    let file = world.relay.data().join("export.json");
    second.command(&["settings", "import", file.to_str().expect("a path")], "");
    assert_eq!(exported(&second), first);
    let unchanged = second.command(&["settings", "import", file.to_str().expect("a path"), "--dry-run"], "");
    assert!(unchanged.contains("0"), "{unchanged}");
}
