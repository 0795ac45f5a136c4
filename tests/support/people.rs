//! The people of a story: a visitor on the exchange's page and an agent at the console.

use std::ops::Deref;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::browser::{Browser, Shown};
use crate::relay::Relay;
use crate::wait::wait_until;

const COMPOSER: &str = "[data-testid=composer]";
const MINE: &str = "[data-testid=list-mine]";
const WAITING: &str = "[data-testid=list-waiting]";
const ROW: &str = "[data-testid=conversation-item]";

impl Browser {
    /// Writes a message into the composer in focus and sends it with Enter.
    #[track_caller]
    pub fn say(&self, text: &str) {
        self.keys(COMPOSER, &format!("{text}\u{e007}"));
    }

    /// Waits until the timeline shows a message with this text that `wanted` takes.
    #[track_caller]
    pub fn wait_message(&self, text: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let mut last = Vec::new();
        let found = crate::wait::eventually(|| {
            last = self.messages();
            last.iter().find(|shown| shown.text.contains(text) && wanted(shown)).cloned()
        });
        found.unwrap_or_else(|| panic!("no fitting message {text:?} in {last:#?}"))
    }

    /// Waits until a message of the other side is shown.
    #[track_caller]
    pub fn sees(&self, author: &str, text: &str) -> Shown {
        self.wait_message(text, |shown| shown.author == author)
    }

    /// Waits until an own message was recorded.
    #[track_caller]
    pub fn sent(&self, text: &str) -> Shown {
        self.wait_message(text, |shown| matches!(&*shown.state, "sent" | "seen"))
    }

    /// Pastes a file into the composer, as after a screenshot.
    #[track_caller]
    pub fn paste(&self, name: &str, media_type: &str, content: &[u8]) {
        let script = "const bytes = Uint8Array.from(atob(arguments[2]), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], arguments[0], { type: arguments[1] }));
            const box = document.querySelector('[data-testid=composer]');
            box.focus();
            box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));";
        self.script(script, &[json!(name), json!(media_type), json!(BASE64_STANDARD.encode(content))]);
    }

    /// Drops a file onto the conversation.
    #[track_caller]
    pub fn drop_file(&self, name: &str, media_type: &str, content: &[u8]) {
        let script = "const bytes = Uint8Array.from(atob(arguments[2]), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], arguments[0], { type: arguments[1] }));
            const at = document.querySelector('[data-testid=composer]');
            for (const kind of ['dragenter', 'dragover', 'drop'])
                at.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));";
        self.script(script, &[json!(name), json!(media_type), json!(BASE64_STANDARD.encode(content))]);
    }

    /// A PNG drawn in the page, of this many pixels.
    #[track_caller]
    #[must_use]
    pub fn picture(&self, width: u32, height: u32) -> Vec<u8> {
        let script = "const c = document.createElement('canvas');
            c.width = arguments[0]; c.height = arguments[1];
            const d = c.getContext('2d');
            d.fillStyle = '#0f766e'; d.fillRect(0, 0, c.width, c.height);
            d.fillStyle = '#fff'; d.font = '20px sans-serif'; d.fillText('Withdrawal pending', 20, 40);
            return c.toDataURL('image/png').split(',')[1];";
        let text = self.script(script, &[json!(width), json!(height)]);
        BASE64_STANDARD.decode(text.as_str().expect("a data address is text")).expect("a data address is base64")
    }

    /// Waits until a message shows an image of this natural width.
    #[track_caller]
    pub fn sees_image(&self, width: u32) {
        let script = "return [...document.querySelectorAll('[data-testid=message] img')]
            .some((i) => i.complete && i.naturalWidth === arguments[0]);";
        wait_until("an image in the timeline", || self.script(script, &[json!(width)]).as_bool()?.then_some(()));
    }
}

/// A person on the exchange's page.
pub struct Visitor {
    browser: Browser,
}

impl Deref for Visitor {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Visitor {
    pub(crate) fn of(browser: Browser) -> Self {
        Self { browser }
    }

    /// Clicks the launcher and waits until the chat takes words.
    #[track_caller]
    pub fn open_chat(&self) {
        self.click_launcher();
        self.chat_ready();
    }

    /// Waits until the chat takes words, and turns to it.
    #[track_caller]
    pub fn chat_ready(&self) {
        wait_until("the chat is ready", || (self.enter_chat() && self.shows(COMPOSER)).then_some(()));
    }

    /// The position in the queue that the chat shows.
    #[must_use]
    pub fn position(&self) -> Option<u32> {
        let text = self.shown_text("[data-testid=queue-place]")?;
        if text.contains("next in the queue") {
            return Some(1);
        }
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// Waits for the rating, gives it, and waits until it is taken.
    #[track_caller]
    pub fn rate(&self, score: u8) {
        wait_until("the rating", || self.shows("[data-testid=rating]").then_some(()));
        let script = "document.querySelector(`[data-testid=rating-score][value='${arguments[0]}']`).click();";
        self.script(script, &[json!(score)]);
        self.keys("[data-testid=rating-comment]", "Quick and kind.");
        self.click("[data-testid=rating-send]");
        wait_until("thanks for the rating", || {
            self.shown_text("[data-testid=rating]")?.contains("Thank").then_some(())
        });
    }

    /// After the end of a conversation: begins another.
    #[track_caller]
    pub fn begin_again(&self) {
        self.click("[data-testid=begin-again]");
        wait_until("the composer", || self.shows(COMPOSER).then_some(()));
    }

    /// Downloads the transcript: the file's name and content.
    #[track_caller]
    #[must_use]
    pub fn take_transcript(&self) -> (String, Vec<u8>) {
        self.click("[data-testid=menu]");
        self.click("[data-testid=transcript]");
        self.download()
    }

    /// Waits until the chat shows this position in the queue.
    #[track_caller]
    pub fn wait_position(&self, position: u32) {
        wait_until(&format!("position {position}"), || (self.position() == Some(position)).then_some(()));
    }
}

/// A person at the console.
pub struct Agent {
    browser: Browser,
}

impl Deref for Agent {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Agent {
    pub(crate) fn of(browser: Browser) -> Self {
        Self { browser }
    }

    /// Signs in at the console and waits for the inbox.
    #[track_caller]
    pub fn sign_in(&self, relay: &Relay, email: &str) {
        self.go(&format!("{}/console", relay.origin()));
        self.keys("[data-testid=email]", email);
        self.keys("[data-testid=password]", relay.password());
        self.click("[data-testid=sign-in]");
        wait_until("the inbox", || self.shows("[data-testid=presence]").then_some(()));
    }

    /// Opens the conversation in "mine" whose row contains `text`.
    #[track_caller]
    pub fn open_mine(&self, text: &str) {
        self.open_row("list-mine", MINE, text);
    }

    /// Opens the conversation in "waiting" whose row contains `text`.
    #[track_caller]
    pub fn open_waiting(&self, text: &str) {
        self.open_row("list-waiting", WAITING, text);
    }

    /// Lists may be tabs (their test id on the tab) or sections that are always shown; either way a click is harmless.
    #[track_caller]
    fn open_row(&self, name: &str, list: &str, text: &str) {
        self.click(list);
        let script =
            "const row = [...document.querySelectorAll(arguments[0])].find((e) => e.innerText.includes(arguments[1]));
            if (!row) return false; row.click(); return true;";
        wait_until(&format!("a row with {text:?} in {name}"), || {
            self.script(script, &[json!(ROW), json!(text)]).as_bool()?.then_some(())
        });
        wait_until("the conversation's composer", || self.shows(COMPOSER).then_some(()));
    }

    /// Chooses whether visitors come: `online` or `away`.
    #[track_caller]
    pub fn set_presence(&self, state: &str) {
        let script = "const e = document.querySelector('[data-testid=presence]');
            if (e.tagName === 'SELECT') { e.value = arguments[0]; e.dispatchEvent(new Event('change', { bubbles: true })); }
            else if ((e.dataset.state || '') !== arguments[0]) e.click();
            return true;";
        self.script(script, &[json!(state)]);
    }

    /// Writes a private note.
    #[track_caller]
    pub fn note(&self, text: &str) {
        self.click("button[data-testid=note]");
        self.say(text);
        self.wait_text(text);
        self.click("[data-testid=reply]");
    }

    /// Waits until the page shows this text anywhere.
    #[track_caller]
    pub fn wait_text(&self, text: &str) {
        wait_until(&format!("the text {text:?}"), || self.shown_text("body")?.contains(text).then_some(()));
    }

    /// Ends the open conversation.
    #[track_caller]
    pub fn end_conversation(&self) {
        self.click("[data-testid=end-conversation]");
    }
}
