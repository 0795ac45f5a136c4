//! One Chromium with a profile of its own, and what a person or a developer's tools can do with it.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::driver::{Driver, Fault};
use crate::look::{Engine, Look, capabilities};
use crate::paths::screenshots;
use crate::wait::{eventually, wait_until};

/// The key under which the protocol writes an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const SHADOW: &str = "shadow-6066-11e4-a52e-4f735466cecf";

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const ALT: char = '\u{e00a}';

/// One `message` of a timeline, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `visitor`, `agent` or `system`.
    pub author: String,
    /// `sending`, `sent`, `seen`, `failed`, or empty where there is none.
    pub state: String,
    /// Its number, 0 while it has none.
    pub seq: u64,
    /// All of its visible text.
    pub text: String,
}

/// A running browser.
pub struct Browser {
    driver: Arc<Driver>,
    path: String,
    folder: TempDir,
    console: Mutex<Vec<String>>,
}

impl Browser {
    pub(crate) fn start(driver: Arc<Driver>, look: Look) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("downloads")).expect("a temporary folder can be filled");
        let wish = capabilities(&look, &folder);
        let session = driver.call("POST", "/session", &wish).unwrap_or_else(|fault| panic!("no browser: {fault:?}"));
        let id = session["sessionId"].as_str().expect("a session has an id");
        let browser = Self { path: format!("/session/{id}"), driver, folder, console: Mutex::default() };
        browser.tell("POST", "/timeouts", &json!({ "script": 20_000, "pageLoad": 40_000, "implicit": 0 }));
        browser
    }

    /// A command whose failure is an answer.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Fault> {
        self.driver.call(method, &format!("{}{path}", self.path), body)
    }

    /// A command that must succeed.
    #[track_caller]
    fn tell(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, path, body)
            .unwrap_or_else(|fault| panic!("{method} {path}: {} ({})", fault.code, fault.message))
    }

    /// Loads an address and waits for its `load` event.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.tell("POST", "/url", &json!({ "url": url }));
    }

    /// Goes back to the page before.
    #[track_caller]
    pub fn back(&self) {
        self.tell("POST", "/back", &json!({}));
    }

    /// Reloads the page; the page itself is then in focus, not a frame.
    #[track_caller]
    pub fn reload(&self) {
        self.top();
        self.tell("POST", "/refresh", &json!({}));
    }

    /// Opens another tab of the same person and turns to it; the name of the one before, for [`Self::tab`].
    #[track_caller]
    #[must_use]
    pub fn new_tab(&self) -> String {
        let before = self.tell("GET", "/window", &Value::Null);
        let made = self.tell("POST", "/window/new", &json!({ "type": "tab" }));
        self.tab(made["handle"].as_str().expect("a tab has a name"));
        // A person's new tab is in front. Without this, keys may go past a frame that has the focus; other browsers do it themselves.
        self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": "Page.bringToFront", "params": {} })).ok();
        before.as_str().expect("a tab has a name").to_owned()
    }

    /// The names of all tabs.
    #[track_caller]
    #[must_use]
    pub fn tabs(&self) -> Vec<String> {
        let all = self.tell("GET", "/window/handles", &Value::Null);
        all.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Closes the tab in focus, as a person does; another one is turned to with [`Self::tab`].
    #[track_caller]
    pub fn close_tab(&self) {
        self.top();
        self.tell("DELETE", "/window", &Value::Null);
    }

    /// Turns to a tab.
    #[track_caller]
    pub fn tab(&self, name: &str) {
        self.tell("POST", "/window", &json!({ "handle": name }));
    }

    /// Turns to the page itself.
    #[track_caller]
    pub fn top(&self) {
        self.tell("POST", "/frame", &json!({ "id": null }));
    }

    /// Turns to the chat's frame inside the launcher's shadow root, when it is there.
    #[must_use]
    pub fn enter_chat(&self) -> bool {
        let enter = || -> Result<(), Fault> {
            self.ask("POST", "/frame", &json!({ "id": null }))?;
            let frame = self.in_launcher("iframe")?;
            self.ask("POST", "/frame", &json!({ "id": { ELEMENT: frame } }))?;
            Ok(())
        };
        enter().is_ok()
    }

    fn in_launcher(&self, css: &str) -> Result<String, Fault> {
        let host = self.element("causeway-launcher")?;
        let root = self.ask("GET", &format!("/element/{host}/shadow"), &Value::Null)?;
        let root = root[SHADOW].as_str().unwrap_or_default();
        let found =
            self.ask("POST", &format!("/shadow/{root}/element"), &json!({ "using": "css selector", "value": css }))?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    fn element(&self, css: &str) -> Result<String, Fault> {
        let found = self.ask("POST", "/element", &json!({ "using": "css selector", "value": css }))?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    /// Clicks the launcher as a mouse does: whatever covers it gets the click instead, and that is a failure.
    #[track_caller]
    pub fn click_launcher(&self) {
        self.top();
        let mut last = None;
        let done = eventually(|| {
            let button = self.in_launcher("[data-testid=launcher]").map_err(|fault| last = Some(fault)).ok()?;
            let click = self.ask("POST", &format!("/element/{button}/click"), &json!({}));
            click.map_err(|fault| last = Some(fault)).ok()
        });
        assert!(done.is_some(), "the launcher cannot be clicked: {last:?}");
    }

    /// Clicks the first element of a selector, once it is there and nothing covers it.
    #[track_caller]
    pub fn click(&self, css: &str) {
        let mut last = None;
        let done = eventually(|| {
            let element = self.element(css).map_err(|fault| last = Some(fault)).ok()?;
            let click = self.ask("POST", &format!("/element/{element}/click"), &json!({}));
            click.map_err(|fault| last = Some(fault)).ok()
        });
        assert!(done.is_some(), "{css} cannot be clicked: {last:?}");
    }

    /// Taps the first element of a selector with a finger.
    #[track_caller]
    pub fn tap(&self, css: &str) {
        wait_until(&format!("{css} to tap"), || self.shows(css).then_some(()));
        let element = self.element(css).expect("what is shown is there");
        let strokes = json!([
            { "type": "pointerMove", "duration": 0, "origin": { ELEMENT: element }, "x": 0, "y": 0 },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        let finger =
            json!({ "type": "pointer", "id": "finger", "parameters": { "pointerType": "touch" }, "actions": strokes });
        self.tell("POST", "/actions", &json!({ "actions": [finger] }));
    }

    /// Types into the first element of a selector, once it takes keys. For a file input: the paths of files.
    #[track_caller]
    pub fn keys(&self, css: &str, text: &str) {
        let mut last = None;
        let done = eventually(|| {
            let element = self.element(css).map_err(|fault| last = Some(fault)).ok()?;
            let keys = self.ask("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
            keys.map_err(|fault| last = Some(fault)).ok()
        });
        assert!(done.is_some(), "{css} takes no keys: {last:?}");
    }

    /// Presses keys one after the other, wherever the focus is.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })])
            .collect();
        self.tell("POST", "/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// A key while Alt is held.
    #[track_caller]
    pub fn press_alt(&self, key: char) {
        let stroke = |kind: &str, key: char| json!({ "type": kind, "value": key });
        let strokes = [stroke("keyDown", ALT), stroke("keyDown", key), stroke("keyUp", key), stroke("keyUp", ALT)];
        self.tell("POST", "/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }));
    }

    /// The Tab key.
    #[track_caller]
    pub fn press_tab(&self) {
        self.press(&TAB.to_string());
    }

    /// The Enter key.
    #[track_caller]
    pub fn press_enter(&self) {
        self.press(&ENTER.to_string());
    }

    /// The Escape key.
    #[track_caller]
    pub fn press_escape(&self) {
        self.press(&ESCAPE.to_string());
    }

    /// Runs a function body in the page (or frame) in focus; its value.
    #[track_caller]
    pub fn script(&self, body: &str, given: &[Value]) -> Value {
        self.tell("POST", "/execute/sync", &json!({ "script": body, "args": given }))
    }

    /// Whether a selector finds anything that is shown.
    #[must_use]
    pub fn shows(&self, css: &str) -> bool {
        self.shown_text(css).is_some()
    }

    /// The visible text of the first element of a selector, when it is there and shown.
    #[must_use]
    pub fn shown_text(&self, css: &str) -> Option<String> {
        let script = "const e = document.querySelector(arguments[0]);
            if (!e || !e.checkVisibility({ visibilityProperty: true })) return null;
            const { width, height } = e.getBoundingClientRect();
            return width * height > 0 ? e.innerText : null;";
        // A frame that is being replaced has no elements at this moment.
        let text = self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [css] })).ok()?;
        text.as_str().map(str::to_owned)
    }

    /// Every message of the timeline in focus, from top to bottom.
    #[must_use]
    pub fn messages(&self) -> Vec<Shown> {
        let script = "return [...document.querySelectorAll('[data-testid=message]')].map((e) => [
            e.dataset.author || '', e.dataset.state || '', Number(e.dataset.seq || 0), e.innerText]);";
        let Ok(found) = self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] })) else {
            return Vec::new();
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = found.as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| Shown {
                author: text(&row[0]),
                state: text(&row[1]),
                seq: row[2].as_u64().unwrap_or_default(),
                text: text(&row[3]),
            })
            .collect()
    }

    /// Gives the browser an authenticator of its own, as a laptop has one: it keeps passkeys, and says yes for its user.
    #[track_caller]
    pub fn add_authenticator(&self) {
        let has = json!({ "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true });
        self.tell("POST", "/webauthn/authenticator", &has);
    }

    /// A command of the DevTools protocol, for the page in focus.
    #[track_caller]
    pub fn cdp(&self, command: &str, given: &Value) -> Value {
        self.tell("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": given }))
    }

    /// All that the browser's console showed until now, over all pages, frames and levels.
    #[must_use]
    pub fn console_log(&self) -> Vec<String> {
        if self.driver.engine() == Engine::Firefox {
            // geckodriver has no such log, but prints what Firefox prints.
            return self.driver.printed();
        }
        let entries = self.tell("POST", "/se/log", &json!({ "type": "browser" }));
        let mut all = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = entries.as_array().cloned().unwrap_or_default();
        all.extend(fresh.iter().map(|entry| format!("{} {}", entry["level"], entry["message"])));
        all.clone()
    }

    /// The addresses requested since the last call, by the page and what it contains.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let entries = self.tell("POST", "/se/log", &json!({ "type": "performance" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let urls = entries.iter().filter_map(|entry| {
            let told: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &told["message"];
            let url = match message["method"].as_str()? {
                "Network.requestWillBeSent" => &message["params"]["request"]["url"],
                "Network.webSocketCreated" => &message["params"]["url"],
                _ => return None,
            };
            Some(url.as_str()?.to_owned())
        });
        urls.collect()
    }

    /// Writes a picture of the window to `target/screenshots/<name>.png`.
    #[track_caller]
    pub fn screenshot(&self, name: &str) {
        let picture = self.tell("GET", "/screenshot", &Value::Null);
        let bytes = BASE64_STANDARD.decode(picture.as_str().expect("a picture is text")).expect("a picture is base64");
        fs::write(screenshots().join(format!("{name}.png")), bytes).expect("the target folder can be written");
    }

    /// Waits for a finished download and gives its name and content.
    #[track_caller]
    #[must_use]
    pub fn download(&self) -> (String, Vec<u8>) {
        let folder = self.downloads();
        wait_until("a download is finished", || {
            let entries = fs::read_dir(&folder).ok()?.flatten();
            let path = entries
                .map(|entry| entry.path())
                .find(|path| path.extension().is_none_or(|end| end != "crdownload" && end != "part"))?;
            let name = path.file_name()?.to_string_lossy().into_owned();
            // Chromium holds the name with an empty file before the content is there.
            let body = fs::read(&path).ok().filter(|body| !body.is_empty() && !name.starts_with('.'))?;
            Some((name, body))
        })
    }

    fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    /// A file of this person, to be chosen in a file dialogue.
    #[must_use]
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("a temporary folder can be filled");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium; if the driver is gone, so is the browser.
        self.ask("DELETE", "", &Value::Null).ok();
    }
}
