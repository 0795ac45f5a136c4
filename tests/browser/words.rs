//! Words of people on both screens: links, names beside ours, days and hours, translators; pictures above everything, folders and cells.

use serde_json::json;
use support::{Browser, World, wait_until};

/// The links of the shown messages: what they show, where they lead, and how they are followed.
fn links(browser: &Browser) -> Vec<(String, String, String)> {
    let script = "return [...document.querySelectorAll('.bubble a')].map((a) => [a.innerText, a.hostname, `${a.rel}|${a.referrerPolicy}|${a.dir}`]);";
    serde_json::from_value(browser.script(script, &[])).expect("links")
}

#[test]
fn no_link_passes_for_another_and_every_one_is_followed_alone() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    let hostile = "Https://example.com/a_(b). https://www.bank.com@evil.example http://2130706433/ https://exam\u{200b}ple.com https://раураl.com/x";
    visitor.say(hostile);
    ada.open_mine("");
    ada.wait_message("Https://example.com/a_(b)", |_| true);
    for screen in [&*visitor, &*ada] {
        let how = "noopener noreferrer nofollow ugc|no-referrer|ltr";
        let wanted =
            [("Https://example.com/a_(b)", "example.com"), ("https://xn--l-7sba6dbr.com/x", "xn--l-7sba6dbr.com")];
        let wanted = wanted.map(|(shown, host)| (shown.to_owned(), host.to_owned(), how.to_owned()));
        assert_eq!(links(screen), wanted);
    }
}

#[test]
fn a_translated_page_still_shows_true_states_and_names() {
    let world = World::start();
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Guten Tag");
    visitor.sent("Guten Tag");
    // What a browser's translator does: an element in the place of each text that it may touch.
    let translate = "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const all = []; while (walk.nextNode()) all.push(walk.currentNode);
        for (const node of all) { if (!node.data.trim() || node.parentElement.closest('[translate=no]')) continue;
        const font = document.createElement('font'); font.textContent = `«${node.data}»`; node.replaceWith(font); } return all.length;";
    assert!(visitor.script(translate, &[]).as_u64().is_some_and(|count| count > 3));
    wait_until("a state that is translated", || visitor.shown_text(".meta").filter(|text| text.contains('«')));
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    ada.open_mine("");
    ada.say("Hello");
    wait_until("the true state", || {
        visitor.shown_text(".meta").filter(|text| text.contains("Seen") && !text.contains('«'))
    });
    wait_until("who answers", || visitor.shown_text("h1").filter(|text| text == "Ada L."));
    assert_eq!(visitor.script("return document.querySelector('.row--theirs .meta bdi').innerText;", &[]), "Ada L.");
    assert_eq!(visitor.script("return document.querySelector('.notice bdi').innerText;", &[]), "Ada L.");
}

#[test]
fn hours_are_the_regions_and_days_change_at_midnight() {
    let world = World::start();
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Hello");
    visitor.sent("Hello");
    let hour = "const own = navigator.languages.find((one) => one.split('-')[0] === document.documentElement.lang.split('-')[0]);
        const now = Date.now(); return [0, 60e3].map((ago) => new Intl.DateTimeFormat(own, { timeStyle: 'short' }).format(now - ago));";
    let hours: Vec<String> = serde_json::from_value(visitor.script(hour, &[])).expect("hours");
    let meta = visitor.shown_text(".meta").expect("a time");
    assert!(hours.iter().any(|hour| meta.starts_with(&format!("{hour} · "))), "{meta} {hours:?}");
    assert_eq!(visitor.shown_text(".day").as_deref(), Some("Today"));
    let tomorrow =
        "const now = Date.now; Date.now = () => now() + 864e5; document.dispatchEvent(new Event('visibilitychange'));";
    visitor.script(tomorrow, &[]);
    wait_until("the day has changed", || visitor.shown_text(".day").filter(|text| text == "Yesterday"));
}

#[test]
fn a_picture_opens_above_everything_and_is_left_by_the_keyboard() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    let picture = visitor.picture(60, 2_000);
    visitor.paste("tall.png", "image/png", &picture);
    visitor.sees_image(60);
    ada.open_mine("");
    ada.sees_image(60);
    for screen in [&*visitor, &*ada] {
        let cut = "const image = document.querySelector('.picture img'); const box = image.getBoundingClientRect();
            return getComputedStyle(image).objectFit === 'contain' && box.height <= 281 && Math.abs(box.width / box.height - 60 / 2000) < 0.02;";
        assert_eq!(screen.script(cut, &[]), true, "whole, in a box of its own shape");
        screen.script("document.querySelector('[data-testid=picture]').focus();", &[]);
        screen.press_enter();
        wait_until("the viewer", || screen.shows("[data-testid=viewer][open] img").then_some(()));
        let large = "return document.querySelector('dialog img').getBoundingClientRect().height >= 1999;";
        assert_eq!(screen.script(large, &[]), false);
        screen.click("[data-testid=zoom]");
        assert_eq!(screen.script(large, &[]), true);
        let saves = "const link = document.querySelector('[data-testid=viewer-save]'); return link.download;";
        assert_eq!(screen.script(saves, &[]), "tall.png");
        screen.press_escape();
        wait_until("it is closed", || (!screen.shows("dialog")).then_some(()));
        assert_eq!(screen.script("return document.activeElement.dataset.testid;", &[]), "picture");
    }
    assert!(visitor.shows("[data-testid=composer]"), "the chat behind it stays open");
    visitor.top();
    visitor.screenshot("widget-viewer");
}

#[test]
fn folders_are_refused_at_once_and_cells_are_pasted_as_words() {
    let world = World::start();
    let visitor = world.visitor();
    visitor.open_chat();
    let drop = "DataTransferItem.prototype.webkitGetAsEntry = function () { return { isDirectory: true }; };
        const data = new DataTransfer(); data.items.add(new File([], 'Invoices'));
        const zone = document.querySelector('[data-testid=composer]');
        for (const kind of ['dragover', 'drop']) zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));";
    visitor.script(drop, &[]);
    let said = wait_until("words about it", || visitor.shown_text("[data-testid=folder-refused]"));
    assert!(said.contains("Folders"), "{said}");
    assert!(!visitor.shows("[data-testid=upload]"));
    visitor.click("[data-testid=folder-refused]");
    wait_until("gone", || (!visitor.shows("[data-testid=folder-refused]")).then_some(()));

    // (the words of the clipboard, the name of its picture, whether the picture goes)
    for (words, name, goes) in [
        ("a\tb\n1\t2", "image.png", false),
        ("", "copied.png", true),
        ("photo.png", "photo.png", true),
        ("\u{200b}", "other.png", true),
    ] {
        let picture = visitor.picture(40, 30);
        let paste = "const [words, name, bytes] = arguments; const data = new DataTransfer(); if (words) data.setData('text/plain', words);
            data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
            const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data });
            return !document.querySelector('[data-testid=composer]').dispatchEvent(event);";
        let taken = visitor.script(paste, &[json!(words), json!(name), json!(picture)]);
        assert_eq!(taken, goes, "{words:?} {name}");
    }
    wait_until("the three pictures", || {
        let count = visitor.script("return document.querySelectorAll('.picture img').length;", &[]).as_u64()?;
        (count == 3).then_some(())
    });
}
