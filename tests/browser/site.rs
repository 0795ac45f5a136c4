//! What an administrator makes of a site in the console is in open chats within two seconds, without a reload.

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Agent, Browser, Visitor, World, wait_until};

/// How long a change may take from the click to every open chat.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

fn field(name: &str, editor: &str) -> String {
    format!("[data-field='{name}'] [data-testid={editor}]")
}

/// Puts a value into a field of a kind that the browser has a window of its own for.
fn set(browser: &Browser, css: &str, value: &str) {
    let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.script(script, &[css.into(), value.into()]);
}

fn style(browser: &Browser, css: &str, property: &str) -> String {
    let script = "const found = document.querySelector(arguments[0]);
        return found ? getComputedStyle(found).getPropertyValue(arguments[1]) : '';";
    browser.script(script, &[css.into(), property.into()]).as_str().unwrap_or_default().to_owned()
}

fn written(browser: &Browser) -> String {
    let words = browser.script("return document.querySelector('[data-testid=composer]')?.value ?? '';", &[]);
    words.as_str().unwrap_or_default().to_owned()
}

fn section(eve: &Agent, kind: &str) {
    eve.click("[data-testid=nav-settings]");
    wait_until("the settings", || eve.shows("[data-testid=settings-section]").then_some(()));
    eve.click(&format!("[data-testid=settings-section][data-kind={kind}]"));
}

/// Opens the form of a new document.
fn add(eve: &Agent, kind: &str) {
    section(eve, kind);
    wait_until("a way to add one", || eve.shows("[data-testid=settings-add]").then_some(()));
    eve.click("[data-testid=settings-add]");
    wait_until("the form", || eve.shows("[data-testid=settings-form]").then_some(()));
}

fn save(eve: &Agent) -> Instant {
    eve.click("[data-testid=save]");
    let at = Instant::now();
    wait_until("saved", || {
        assert_eq!(eve.shown_text("[data-testid=field-problem]"), None);
        (eve.count(".settings__bar--changed") == 0).then_some(())
    });
    at
}

fn open_site(eve: &Agent) {
    section(eve, "site");
    wait_until("the site", || eve.shows("[data-testid=settings-row][data-id=demo]").then_some(()));
    eve.click("[data-testid=settings-row][data-id=demo]");
    wait_until("its form", || eve.shows("[data-testid=settings-form]").then_some(()));
}

fn open_chat(world: &World) -> Visitor {
    let visitor = world.visitor();
    visitor.open_chat();
    visitor
}

#[test]
fn colours_and_texts_of_a_site_reach_open_chats() {
    let world = World::start();
    let eve = world.administrator();
    let visitor = open_chat(&world);
    visitor.keys("[data-testid=composer]", "half a sentence");
    open_site(&eve);
    // The preview is the real chat, with what is not saved.
    let preview = |theme: &str| format!("[data-testid=preview-chat][data-theme={theme}]");
    for theme in ["light", "dark"] {
        wait_until("a preview", || (eve.count(&preview(theme)) == 1).then_some(()));
    }
    eve.put(&field("colours.light", "field-line"), "#1d4ed8");
    let drawing = br##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"><rect width="200" height="200" rx="40" fill="#1d4ed8"/>
        <path d="M40 140 90 90l30 30 50-60" fill="none" stroke="#fff" stroke-width="16"/></svg>"##;
    eve.keys(&field("logo", "field-picture"), &eve.file("logo.svg", drawing));
    wait_until("the small picture", || eve.shows(&field("logo", "field-picture-now")).then_some(()));
    eve.click(&field("logo", "field-picture-remove"));
    wait_until("none", || (eve.count(&field("logo", "field-picture-now")) == 0).then_some(()));
    eve.keys(&field("logo", "field-picture"), &eve.file("words.txt", b"no picture"));
    wait_until("that it is none", || {
        eve.shown_text("[data-field=logo] [role=status]").filter(|words| !words.is_empty())
    });
    eve.keys(&field("logo", "field-picture"), &eve.file("logo.svg", drawing));
    eve.choose(&field("greeting", "language-add"), "en");
    eve.keys(&field("greeting", "field-text"), "Welcome to the demo");
    eve.choose(&field("greeting", "language-add"), "zh-CN");
    eve.click("[data-field=greeting] [data-language=zh-CN] [data-testid=language-remove]");
    let inside = |css: &str| {
        let script = "return document.querySelector(arguments[0]).contentDocument?.querySelector(arguments[1])?.innerText ?? '';";
        eve.script(script, &[preview("light").into(), css.into()]).as_str().unwrap_or_default().to_owned()
    };
    wait_until("the preview shows it", || inside(".empty h2").contains("Welcome to the demo").then_some(()));
    eve.screenshot("settings-site");
    assert_ne!(style(&visitor, ".composer__send", "background-color"), "rgb(29, 78, 216)", "nothing is saved");

    // What cannot be read is said at once, and refused.
    eve.put(&field("colours.text_on_light", "field-line"), "#1e40af");
    wait_until("the contrast", || eve.shows(".colour__bad").then_some(()));
    eve.click("[data-testid=save]");
    wait_until("it is wrong", || eve.shown_text("[data-testid=field-problem]").filter(|words| words.contains("4.5")));
    set(&eve, &field("colours.text_on_light", "field-colour"), "#ffffff");
    eve.put(&field("retention.texts_days", "field-number"), "30");
    eve.click(&field("attachments", "field-flag"));
    eve.click(&field("password_notice", "field-flag"));
    let at = save(&eve);
    wait_until("the greeting", || visitor.shown_text(".empty h2").filter(|words| words == "Welcome to the demo"));
    assert!(at.elapsed() < SHOWN_WITHIN, "{:?}", at.elapsed());
    assert_eq!(style(&visitor, ":root", "--site-mine"), "#1d4ed8");
    let size = "const logo = document.querySelector('.avatar [data-testid=logo]'); return logo ? [logo.naturalWidth, logo.naturalHeight] : 0;";
    wait_until("the logo", || (visitor.script(size, &[]) == json!([96, 96])).then_some(()));
    assert_eq!(written(&visitor), "half a sentence", "what is being written stays");
    assert_eq!(visitor.count("aside.safe"), 0);
    assert!(!visitor.shows(".composer__attach"), "no files are taken");
    visitor.screenshot("chat-look");
    visitor.keys("[data-testid=composer]", ", and the rest\u{e007}");
    visitor.sent("half a sentence, and the rest");

    // The chat's own words give way to the site's, each beside the other in the console.
    add(&eve, "texts");
    wait_until("the sites", || (eve.count("[data-field=site] option[value=demo]") == 1).then_some(()));
    eve.choose(&field("site", "field-reference"), "demo");
    eve.put("[data-testid=setting-id]", "english");
    eve.keys(&field("language", "field-line"), "en");
    wait_until("the chat's own texts", || eve.shows("[data-testid=texts-find]").then_some(()));
    eve.keys("[data-testid=texts-find]", "write a message");
    wait_until("the one", || (eve.count("[data-testid=text-row]") == 1).then_some(()));
    eve.keys("[data-name=write] [data-testid=field-text]", "Tell us");
    eve.screenshot("settings-texts");
    save(&eve);
    let placeholder = || {
        let words = visitor.script("return document.querySelector('[data-testid=composer]')?.placeholder;", &[]);
        words.as_str().map(str::to_owned)
    };
    wait_until("the site's own words", || placeholder().filter(|words| words == "Tell us"));
    // A chat that is opened later begins with all of it.
    let later = open_chat(&world);
    assert_eq!(later.shown_text(".empty h2").as_deref(), Some("Welcome to the demo"));
    assert_eq!(style(&later, ":root", "--site-mine"), "#1d4ed8");
}

#[test]
fn notices_and_hours_reach_open_chats() {
    let world = World::start();
    let eve = world.administrator();
    let visitor = open_chat(&world);
    add(&eve, "notice");
    eve.choose(&field("kind", "field-choice"), "security");
    eve.put("[data-testid=setting-id]", "impostors");
    eve.choose(&field("texts", "language-add"), "en");
    eve.keys(&field("texts", "field-text"), "Beware: we never call you.");
    set(&eve, &field("until_ms", "field-moment"), "2030-01-01T12:00");
    let at = save(&eve);
    wait_until("the notice", || {
        visitor.shown_text("[data-testid=notice]").filter(|words| words.contains("we never call"))
    });
    assert!(at.elapsed() < SHOWN_WITHIN * 2, "with its room: {:?}", at.elapsed());
    visitor.screenshot("chat-notice");
    visitor.click("[data-testid=notice-away]");
    assert!(!visitor.shows("[data-testid=notice]"));
    visitor.reload();
    visitor.open_chat();
    wait_until("the notices have come", || (visitor.count("[data-testid=notice]") == 1).then_some(()));
    assert!(!visitor.shows("[data-testid=notice]"), "it stays away");

    // Closed on every day but one, with a holiday that is removed again: the chat says when somebody is there.
    add(&eve, "hours");
    eve.keys("[data-field=name] [data-testid=field-line]", "Office");
    eve.keys(&field("zone", "field-zone"), "Asia/Kathmandu");
    eve.click("[data-testid=week-all]");
    eve.click("[data-day=monday] [data-testid=interval-remove]");
    eve.click("[data-day=monday] [data-testid=interval-add]");
    eve.click("[data-day=monday] [data-testid=day-copy]");
    for day in ["tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "monday"] {
        let interval = format!("[data-day={day}] [data-testid=interval]");
        assert_eq!(eve.count(&interval), 1, "{day}");
        eve.click(&format!("[data-day={day}] [data-testid=interval-remove]"));
    }
    eve.click("[data-field=exceptions] > [data-testid=group-add]");
    let soon = "const day = new Date(Date.now() + 3 * 86400000); return day.toISOString().slice(0, 10);";
    let date = eve.script(soon, &[]);
    set(&eve, "[data-field='exceptions.0.date'] input", date.as_str().expect("a day"));
    eve.click("[data-field='exceptions.0.times'] [data-testid=group-add]");
    eve.keys(&field("exceptions.0.times.0.from", "field-line"), "09:30");
    eve.keys(&field("exceptions.0.times.0.to", "field-line"), "17:00");
    eve.click("[data-field=holidays] > [data-testid=group-add]");
    eve.click("[data-field=holidays] [data-testid=group-remove]");
    eve.screenshot("settings-hours");
    save(&eve);
    add(&eve, "department");
    eve.keys("[data-field=name] [data-testid=field-line]", "Front office");
    wait_until("the hours", || (eve.count("[data-field=hours] option[value=office]") == 1).then_some(()));
    eve.choose(&field("hours", "field-reference"), "office");
    save(&eve);
    // Whoever answers is there, whatever the hours say: only when nobody does, the hours are said.
    assert!(!visitor.shown_text(".empty").unwrap_or_default().contains("here again"));
    eve.click("[data-testid=inbox]");
    wait_until("the inbox", || eve.shows("[data-testid=presence]").then_some(()));
    eve.click("[data-testid=presence]");
    let at = Instant::now();
    wait_until("when somebody is there again", || {
        visitor.shown_text(".empty").filter(|words| words.contains("here again"))
    });
    assert!(at.elapsed() < SHOWN_WITHIN * 2, "{:?}", at.elapsed());
    visitor.screenshot("chat-closed");
    let found = eve.findings("settings of hours");
    assert!(found.is_empty(), "{found:?}");
    let found = visitor.findings("a closed chat with a notice");
    assert!(found.is_empty(), "{found:?}");
}
