//! The exchange's own page: nothing happens on it before the launcher is used, nothing breaks it, nothing breaks us.

use serde_json::{Value, json};
use support::{Browser, RawSocket, World, new_id, wait_until};
use wire::{ClientFrame, ConversationState, ConversationSummary, MessageId, Say};

/// Lines of the browser's console about a broken content security policy.
fn violations(browser: &Browser) -> Vec<String> {
    let log = browser.console_log();
    log.into_iter().filter(|line| line.contains("Content Security Policy")).collect()
}

/// What the page itself has kept, in words; empty when nothing.
fn kept_by_page(browser: &Browser) -> String {
    let script = "return [document.cookie, ...Object.keys(localStorage), ...Object.keys(sessionStorage)].join('');";
    browser.script(script, &[]).as_str().expect("a text").to_owned()
}

/// Whether an agent may answer already: a conversation waits for a moment before it has one.
fn is_assigned(row: &ConversationSummary) -> bool {
    matches!(row.state, ConversationState::Assigned { .. })
}

#[test]
fn before_the_launcher_is_used_the_page_loads_one_script_and_keeps_nothing() {
    let world = World::start();
    let visitor = world.visitor();
    wait_until("the launcher", || {
        visitor.shows("causeway-launcher").then_some(()).or_else(|| {
            visitor.script("return !!document.querySelector('causeway-launcher');", &[]).as_bool()?.then_some(())
        })
    });
    let own = world.site.origin();
    let foreign: Vec<String> = visitor
        .requests()
        .into_iter()
        .filter(|url| url.starts_with("http") || url.starts_with("ws"))
        .filter(|url| !url.starts_with(&format!("{own}/")))
        .collect();
    assert_eq!(foreign, [format!("{}/embed.js", world.relay.origin())], "one request leaves the page");
    assert_eq!(kept_by_page(&visitor), "");
    let cookies = visitor.cdp("Network.getAllCookies", &json!({}));
    assert_eq!(cookies["cookies"], json!([]), "no cookie anywhere");

    visitor.open_chat();
    visitor.say("Hello");
    visitor.sent("Hello");
    visitor.top();
    assert_eq!(kept_by_page(&visitor), "causeway.awake", "after a first message one key and nothing else");
    let cookies = visitor.cdp("Network.getAllCookies", &json!({}));
    assert_eq!(cookies["cookies"], json!([]), "a visitor needs no cookie");
    assert_eq!(violations(&visitor), Vec::<String>::new(), "the page's policy and the chat's hold");

    // The detector detects: an inline script is against the page's policy, and the log says so.
    visitor.script("const s = document.createElement('script'); s.textContent = '1'; document.body.append(s);", &[]);
    wait_until("a violation is seen where there is one", || (!violations(&visitor).is_empty()).then_some(()));
}

#[test]
fn a_hostile_page_leaves_the_chat_usable() {
    let world = World::start();
    let war = "* { all: unset !important; display: block !important; transform: rotate(1deg) !important; opacity: .2 !important }
        iframe { display: none !important }
        #war { position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; background: #fed !important; pointer-events: auto !important }";
    world.site.put("war.css", war);
    let page = world.site.text("index.html");
    let page = page.replace("</head>", "<link rel=\"stylesheet\" href=\"war.css\"></head>");
    let page = page.replace("</body>", "<iframe src=\"missing.html\"></iframe><div id=\"war\">in the way</div></body>");
    let war = world.site.put("war.html", &page);
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let mut ada = RawSocket::agent(&world.relay, &world.relay.sign_in("ada@example.com"));
    ada.presence(wire::AgentState::Online);

    let visitor = world.visitor();
    let faded = "const c = getComputedStyle(document.querySelector('causeway-launcher'));
        return [c.opacity, c.display, c.visibility, c.transform, c.position].join(' ');";
    for (round, page) in [world.site.page("hostile.html"), war].iter().enumerate() {
        visitor.go(page);
        visitor.open_chat();
        let question = format!("Can you read me, round {round}?");
        visitor.say(&question);
        visitor.sent(&question);
        let row = ada.row("the visitor's conversation", |row| is_assigned(row) && row.last_line == question);
        ada.say(row.conversation, &format!("Loud and clear, round {round}."));
        visitor.sees("agent", &format!("round {round}."));
        // A real click: whatever covers the field would get it instead.
        visitor.click("[data-testid=composer]");
        visitor.top();
        visitor.screenshot(&format!("widget-hostile-{round}"));
        assert_eq!(visitor.script(faded, &[]), "1 block visible none fixed", "the page reaches the launcher's element");
    }
}

/// The test id that has the focus inside the launcher, or the frame's tag.
fn focus_in_launcher(browser: &Browser) -> String {
    let script = "const host = document.querySelector('causeway-launcher');
        const at = document.activeElement === host && host.shadowRoot.activeElement;
        return at ? at.dataset.testid || at.tagName : '';";
    browser.script(script, &[]).as_str().expect("a text").to_owned()
}

#[test]
fn with_the_keyboard_alone() {
    let world = World::start();
    let visitor = world.visitor();
    wait_until("the launcher", || {
        visitor.script("return !!document.querySelector('causeway-launcher');", &[]).as_bool()?.then_some(())
    });
    let mut tabs = 0;
    while focus_in_launcher(&visitor) != "launcher" {
        tabs += 1;
        assert!(tabs < 200, "Tab reaches the launcher");
        visitor.press_tab();
    }
    visitor.press_enter();
    visitor.chat_ready();
    let focused = "return document.hasFocus() && document.activeElement.dataset.testid === 'composer';";
    wait_until("the composer has the focus", || visitor.script(focused, &[]).as_bool()?.then_some(()));
    visitor.press("Typed without a mouse");
    visitor.press_enter();
    visitor.sent("Typed without a mouse");
    visitor.press_escape();
    visitor.top();
    wait_until("the focus is back on the launcher", || (focus_in_launcher(&visitor) == "launcher").then_some(()));
    let open = "return document.querySelector('causeway-launcher').shadowRoot.querySelector('[data-testid=launcher]').ariaExpanded;";
    assert_eq!(visitor.script(open, &[]), "false");
}

#[test]
fn the_page_hears_of_messages_without_their_words_and_can_end_it_all() {
    let world = World::start();
    world.relay.agent("ada@example.com", "Ada L.", 4);
    let mut ada = RawSocket::agent(&world.relay, &world.relay.sign_in("ada@example.com"));
    ada.presence(wire::AgentState::Online);
    let visitor = world.visitor();
    wait_until("the interface", || {
        visitor.script("return !!(window.Causeway && Causeway.on);", &[]).as_bool()?.then_some(())
    });
    let listen = "window.heard = [];
        for (const event of ['ready', 'open', 'close', 'message', 'unread'])
            Causeway.on(event, (detail) => heard.push([event, detail === undefined ? null : detail]));
        const b = document.createElement('button'); b.id = 'ask'; b.dataset.causewayOpen = ''; b.textContent = 'Ask'; document.body.prepend(b);
        b.click();";
    visitor.script(listen, &[]);
    visitor.chat_ready();
    visitor.say("Write to me when I am away");
    visitor.sent("Write to me when I am away");
    let row = ada.row("the visitor's conversation", |row| is_assigned(row) && row.last_line.contains("Write to me"));
    visitor.top();
    visitor.script("Causeway.close();", &[]);
    ada.send(&ClientFrame::Say {
        conversation: row.conversation,
        id: MessageId(new_id()),
        say: Say::Text { text: "secret answer".into() },
    });
    let heard = |event: &str| -> Option<Value> {
        let all = visitor.script("return heard;", &[]);
        all.as_array()?.iter().find(|one| one[0] == event).cloned()
    };
    for event in ["ready", "open", "close", "message"] {
        wait_until(&format!("the event {event}"), || heard(event));
    }
    wait_until("an unread count", || {
        let all = visitor.script("return heard;", &[]);
        all.as_array()?.iter().any(|one| one[0] == "unread" && one[1]["count"] == 1).then_some(())
    });
    let badge = "return document.querySelector('causeway-launcher').shadowRoot.querySelector('[data-testid=launcher]').textContent;";
    assert_eq!(visitor.script(badge, &[]).as_str().map(str::trim), Some("1"), "the badge counts");
    let all = visitor.script("return JSON.stringify(heard);", &[]);
    assert!(!all.as_str().expect("a text").contains("secret"), "no event carries the words");

    visitor.script("Causeway.shutdown();", &[]);
    let gone = "return !document.querySelector('causeway-launcher, iframe') && !('Causeway' in window);";
    assert_eq!(visitor.script(gone, &[]), true, "nothing is left after shutdown");
}
