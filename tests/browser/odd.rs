//! Other people's pages: each case has a page of its own in `www/demo/odd`, and is opened in Chromium and in Firefox.

use serde_json::json;
use support::{Browser, Engine, Look, Visitor, World, wait_until};

/// Every story once in each browser.
macro_rules! in_each_browser {
    ($($story:ident,)+) => {
        mod chromium {
            $(#[test]
            fn $story() {
                super::$story(support::Engine::Chromium);
            })+
        }
        mod firefox {
            $(#[test]
            fn $story() {
                super::$story(support::Engine::Firefox);
            })+
        }
    };
}

in_each_browser! {
    whatever_replaces_the_body_there_is_one_launcher_and_the_chat_goes_on,
    whatever_is_handed_over_only_plain_fields_cross_and_the_chat_connects,
    isolated_pages_show_the_chat,
    markup_from_strangers_is_in_nobodys_way,
    an_extended_object_prototype_changes_nothing,
    a_route_that_changes_reaches_the_agent_with_its_title,
    one_language_for_launcher_and_chat,
    a_link_that_is_to_be_opened_elsewhere_is_the_browsers,
    the_theme_is_the_tags_else_the_pages,
    the_launcher_stands_aside_and_is_not_printed,
    the_owner_reads_one_line_that_names_the_remedy,
    on_a_phone_the_page_stands_still_and_keeps_no_focus_while_the_chat_covers_it,
}

const LAUNCHER: &str = "document.querySelector('causeway-launcher').shadowRoot";

fn go(visitor: &Visitor, world: &World, page: &str) {
    visitor.go(&world.site.page(&format!("odd/{page}")));
    launcher(visitor);
}

fn launcher(browser: &Browser) {
    let script = "return Document.prototype.querySelectorAll.call(document, 'causeway-launcher').length;";
    wait_until("one launcher", || (browser.script(script, &[]) == 1).then_some(()));
}

/// Opens the chat and says something that arrives.
fn talks(visitor: &Visitor, text: &str) {
    visitor.open_chat();
    visitor.say(text);
    visitor.sent(text);
    visitor.top();
}

/// The lines of ours in the console.
fn told(browser: &Browser) -> Vec<String> {
    browser.console_log().into_iter().filter(|line| line.contains("Causeway:")).collect()
}

fn whatever_replaces_the_body_there_is_one_launcher_and_the_chat_goes_on(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    go(&visitor, &world, "quiet.html");
    talks(&visitor, "Before the visit");
    let ways = [
        (
            "a visit",
            "const body = document.createElement('body'); body.innerHTML = '<h1>Visited</h1>'; document.body.replaceWith(body);",
        ),
        ("an emptied body", "document.body.innerHTML = '<h1>Emptied</h1>';"),
        (
            "a new root",
            "const html = document.documentElement.cloneNode(true); document.replaceChild(html, document.documentElement);",
        ),
        (
            "an emptied root",
            "document.documentElement.replaceChildren(document.createElement('head'), document.createElement('body'));",
        ),
        ("a removal", "document.querySelector('causeway-launcher').remove();"),
    ];
    for (way, script) in ways {
        visitor.script(script, &[]);
        launcher(&visitor);
        wait_until(&format!("after {way} it can be opened"), || {
            visitor.top();
            visitor.script("Causeway.open();", &[]);
            (visitor.enter_chat() && visitor.shows("[data-testid=composer]")).then_some(())
        });
        visitor.sees("visitor", "Before the visit");
        visitor.say(&format!("after {way}"));
        visitor.sent(&format!("after {way}"));
        visitor.top();
    }
    // A page that fights over it is not brought to a standstill.
    let fight = "new MutationObserver(() => document.querySelectorAll('causeway-launcher').forEach((e) => e.remove()))
        .observe(document.documentElement, { childList: true }); document.querySelector('causeway-launcher').remove();
        return new Promise((done) => setTimeout(done, 500, 'alive'));";
    assert_eq!(visitor.script(fight, &[]), "alive");
}

fn whatever_is_handed_over_only_plain_fields_cross_and_the_chat_connects(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    for wish in [
        "new MouseEvent('click')",
        "window",
        "document.body",
        "{ topic: () => 1 }",
        "'text'",
        "7",
        "null",
        "Symbol()",
        "{ topic: 'fees', hook: () => 1 }",
    ] {
        go(&visitor, &world, "quiet.html");
        visitor.script(&format!("Causeway.open({wish});"), &[]);
        visitor.chat_ready();
        visitor.say(&format!("said after {}", wish.len()));
        visitor.sent(&format!("said after {}", wish.len()));
        visitor.top();
        visitor.script("Causeway.close();", &[]);
    }
    assert_eq!(told(&visitor), Vec::<String>::new(), "nothing went wrong");
    go(&visitor, &world, "quiet.html");
    let listener = "const b = document.createElement('button'); b.addEventListener('click', Causeway.open); document.body.append(b); b.click();";
    visitor.script(listener, &[]);
    visitor.chat_ready();
    visitor.sees("visitor", "said after 4");
}

fn isolated_pages_show_the_chat(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    for page in ["isolated.html", "credentialless.html"] {
        go(&visitor, &world, page);
        assert_eq!(visitor.script("return crossOriginIsolated;", &[]), true, "{page} is isolated");
        talks(&visitor, &format!("on {page}"));
    }
}

fn markup_from_strangers_is_in_nobodys_way(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    // The page tries it all itself before it has loaded, and then tidies up: the driver of this test reads such names too.
    go(&visitor, &world, "clobbered.html");
    let found = visitor.script("return tried;", &[]);
    assert_eq!(found["hostile"], true, "the page is as hostile as it means to be");
    assert_eq!(found["global"], "function", "our global is ours");
    assert!(found["frame"].as_str().is_some_and(|url| url.starts_with(&world.relay.origin())), "{found}");
    assert_eq!(found["open"], "true", "a button in a form whose fields have the names of methods opens it");
    visitor.chat_ready();
    visitor.say("through all that");
    visitor.sent("through all that");
    visitor.top();
    assert_eq!(told(&visitor), Vec::<String>::new());
}

fn an_extended_object_prototype_changes_nothing(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    go(&visitor, &world, "extended.html");
    visitor.click_launcher();
    let script = format!("const root = {LAUNCHER}; const frame = root.querySelector('iframe');
        return [frame.getAttributeNames().sort().join(' '), frame.src.split('?')[0], root.querySelector('[data-testid=launcher]').ariaLabel,
            [...root.querySelectorAll('*')].some((e) => e.hasAttribute('foreign') || e.hasAttribute('onload'))];");
    let found = visitor.script(&script, &[]);
    let expected =
        json!(["allow sandbox src title", format!("{}/chat", world.relay.origin()), "Close support chat", false]);
    assert_eq!(found, expected);
    visitor.chat_ready();
    visitor.say("as ever");
    visitor.sent("as ever");
    visitor.top();
    // More than once: no listener was registered for a single time.
    for _ in 0..3 {
        visitor.script(
            "document.querySelector('causeway-launcher').shadowRoot.querySelector('[data-testid=launcher]').click();",
            &[],
        );
    }
    let open = format!("return {LAUNCHER}.querySelector('[data-testid=launcher]').ariaExpanded;");
    assert_eq!(visitor.script(&open, &[]), "false");
}

fn a_route_that_changes_reaches_the_agent_with_its_title(engine: Engine) {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    go(&visitor, &world, "quiet.html");
    talks(&visitor, "Where am I?");
    ada.open_mine("Where am I?");
    ada.wait_text("A quiet page");
    let route =
        "history.pushState({}, '', '/odd/markets'); setTimeout(() => { document.title = 'All markets'; }, 400);";
    visitor.script(route, &[]);
    ada.wait_text("/odd/markets");
    ada.wait_text("All markets");
}

fn one_language_for_launcher_and_chat(engine: Engine) {
    let world = World::start();
    // The browser's, the page's, the tag's, and what both halves speak.
    for (browser, page, tag, chinese) in [
        ("zh-CN", "en", "", false),
        ("en-US", "zh", "", true),
        ("zh-CN", "de", "", true),
        ("zh-CN", "", "", true),
        ("zh-CN", "zh", "en", false),
        ("en-US", "de", "fr", false),
    ] {
        let visitor = world.visitor_as(Look { language: browser, ..Look::DESKTOP.within(engine) });
        let text = world.site.text("odd/quiet.html").replace("<html lang=\"en\">", &format!("<html lang=\"{page}\">"));
        let text = text.replace("data-site=\"demo\"", &format!("data-site=\"demo\" data-lang=\"{tag}\""));
        visitor.go(&world.site.put("language.html", &text));
        launcher(&visitor);
        let label =
            visitor.script(&format!("return {LAUNCHER}.querySelector('[data-testid=launcher]').ariaLabel;"), &[]);
        assert_eq!(label == "打开在线客服", chinese, "the launcher: {browser} {page} {tag}: {label}");
        visitor.open_chat();
        let lang = visitor.script("return document.documentElement.lang;", &[]);
        assert_eq!(lang == "zh-CN", chinese, "the chat: {browser} {page} {tag}: {lang}");
    }
}

fn a_link_that_is_to_be_opened_elsewhere_is_the_browsers(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    go(&visitor, &world, "quiet.html");
    // Links of every kind, marked themselves, within what is marked, and around it.
    let kinds = "document.body.insertAdjacentHTML('beforeend',
        '<div data-causeway-open><a class=l href=#1>in</a></div><a class=l href=#2><b data-causeway-open>around</b></a>'
        + '<map name=m><area class=l href=#3 data-causeway-open></map><svg data-causeway-open><a class=l href=#4><text>x</text></a></svg>');";
    visitor.script(kinds, &[]);
    let inner = "for (const link of document.querySelectorAll('.l')) {
            const event = new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true });
            let taken; addEventListener('click', (e) => { taken = e.defaultPrevented; e.preventDefault(); }, { once: true });
            (link.firstElementChild || link).dispatchEvent(event);
            if (taken) return link.getAttribute('href');
        } return 'none';";
    assert_eq!(visitor.script(inner, &[]), "none", "taken from the browser");
    let clicked = |held: &str| {
        let script = format!("const event = new MouseEvent('click', {{ bubbles: true, cancelable: true, {held} }});
            let taken; addEventListener('click', (e) => {{ taken = e.defaultPrevented; e.preventDefault(); }}, {{ once: true }});
            document.querySelector('a').dispatchEvent(event);
            return [taken, {LAUNCHER}.querySelector('[data-testid=launcher]').ariaExpanded];");
        visitor.script(&script, &[])
    };
    for held in ["ctrlKey: true", "metaKey: true", "shiftKey: true", "altKey: true"] {
        assert_eq!(clicked(held), json!([false, "false"]), "{held}");
    }
    assert_eq!(clicked(""), json!([true, "true"]));
    visitor.script("Causeway.close();", &[]);
    // A form whose fields have the names of methods.
    visitor.click("#form button");
    visitor.chat_ready();
}

fn the_theme_is_the_tags_else_the_pages(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.dark().within(engine));
    // The chat may be shown a moment before it is told.
    let ground = |expected: &str, why: &str| {
        visitor.open_chat();
        wait_until(&format!("{expected}: {why}"), || {
            let ground = visitor.script("return getComputedStyle(document.body).backgroundColor;", &[]);
            (ground == expected).then_some(())
        });
        visitor.top();
    };
    let (light, dark) = ("rgb(255, 255, 255)", "rgb(15, 21, 24)");
    for (page, expected) in [("dark-system.html", light), ("offset.html", dark), ("quiet.html", light)] {
        go(&visitor, &world, page);
        ground(expected, page);
        visitor.screenshot(&format!("odd-{page}"));
    }
    visitor.go(&world.site.origin());
    ground(dark, "a page that can be dark, on a dark system");
    visitor.script("document.documentElement.style.colorScheme = 'light'; Causeway.close();", &[]);
    ground(light, "it follows what the page turns to");

    // While the chat is loading it cannot be told yet.
    go(&visitor, &world, "quiet.html");
    let turns = "Causeway.open(); document.documentElement.style.colorScheme = 'dark'; Causeway.close();";
    visitor.script(turns, &[]);
    ground(dark, "the page turned while the chat was loading");
}

fn the_launcher_stands_aside_and_is_not_printed(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(Look::PHONE.within(engine));
    go(&visitor, &world, "offset.html");
    let script = format!(
        "const b = {LAUNCHER}.querySelector('[data-testid=launcher]').getBoundingClientRect();
        return [innerWidth - b.right, innerHeight - b.bottom];"
    );
    assert_eq!(visitor.script(&script, &[]), json!([40, 96]));
    if engine == Engine::Firefox {
        // No driver makes it draw a page for paper without printing it.
        return;
    }
    visitor.cdp("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert!(!visitor.shows("causeway-launcher"));
    let display = visitor.script("return getComputedStyle(document.querySelector('causeway-launcher')).display;", &[]);
    assert_eq!(display, "none", "not on paper");
}

/// The words under the launcher for the visitor, once they are there.
fn trouble(visitor: &Visitor) -> String {
    let script = format!(
        "const b = {LAUNCHER}.querySelector('b'); return b.checkVisibility({{ visibilityProperty: true }}) ? b.textContent : '';"
    );
    wait_until("a word for the visitor", || {
        visitor.script(&script, &[]).as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    })
}

fn the_owner_reads_one_line_that_names_the_remedy(engine: Engine) {
    let mut world = World::start();
    let visitor = world.visitor_as(Look::DESKTOP.within(engine));
    let once = |visitor: &Visitor, words: &[&str]| {
        let lines = told(visitor);
        let last = lines.last().expect("a line for the owner").clone();
        for word in words {
            assert!(last.contains(word), "{word}: {last}");
        }
        lines.len()
    };
    let site = world.site.origin();
    go(&visitor, &world, "unknown-site.html");
    visitor.click_launcher();
    assert!(trouble(&visitor).contains("cannot be reached"));
    assert_eq!(once(&visitor, &["nowhere", "data-site", "relay site add nowhere", &site]), 1);

    // The same page by another name of this machine is another origin.
    visitor.go(&world.site.page("odd/quiet.html").replace("localhost", "127.0.0.1"));
    launcher(&visitor);
    visitor.click_launcher();
    trouble(&visitor);
    let other = site.replace("localhost", "127.0.0.1");
    assert_eq!(once(&visitor, &["is not listed", "relay site add demo", &other]), 2);

    go(&visitor, &world, "quiet.html");
    world.relay.kill();
    let began = std::time::Instant::now();
    visitor.click_launcher();
    trouble(&visitor);
    println!("a relay that is down shows after {} ms", began.elapsed().as_millis());
    assert_eq!(once(&visitor, &["did not load", "Is the relay", "frame-src"]), 3);
}

fn on_a_phone_the_page_stands_still_and_keeps_no_focus_while_the_chat_covers_it(engine: Engine) {
    let world = World::start();
    let visitor = world.visitor_as(match engine {
        Engine::Chromium => Look::PHONE,
        // Its windows are never as narrow, but as low.
        Engine::Firefox => Look { height: 480, ..Look::DESKTOP.firefox() },
    });
    visitor.open_chat();
    visitor.top();
    let scrolled =
        "scrollTo(0, 0); return [getComputedStyle(document.documentElement).overflowY, document.body.inert];";
    assert_eq!(visitor.script(scrolled, &[]), json!(["hidden", true]));
    for _ in 0..12 {
        visitor.press_tab();
        let at = visitor.script("return document.activeElement.tagName;", &[]);
        assert!(at == "CAUSEWAY-LAUNCHER" || at == "BODY" || at == "HTML", "Tab left for {at}");
    }
    visitor.script("Causeway.close();", &[]);
    let back = "return [document.documentElement.style.overflow, document.body.inert];";
    assert_eq!(visitor.script(back, &[]), json!(["", false]), "all is given back");
}
