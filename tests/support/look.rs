//! What a person sits at: the browser, the screen, the theme, the language, and how the browser is told of them.

use serde_json::{Value, json};
use tempfile::TempDir;

/// What Chromium's own bars take of a window's height.
const WINDOW_FRAME: u32 = 143;

/// Whose browser it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, by chromedriver.
    Chromium,
    /// Firefox, by geckodriver.
    Firefox,
}

/// The screen and the habits of the person at it.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Which browser.
    pub engine: Engine,
    /// CSS pixels across.
    pub width: u32,
    /// CSS pixels down.
    pub height: u32,
    /// A touch screen with two device pixels for each CSS pixel.
    pub phone: bool,
    /// Prefers dark colours.
    pub dark: bool,
    /// What the browser asks for, as a BCP 47 tag.
    pub language: &'static str,
    /// Keeps nothing for a frame of our relay in another site's page; Chromium only.
    pub forgets_frames: bool,
}

impl Look {
    /// A visitor at a desk.
    pub const DESKTOP: Self = Self::of(1280, 860, false);
    /// A visitor on the way.
    pub const PHONE: Self = Self::of(390, 844, true);
    /// An agent at work.
    pub const CONSOLE: Self = Self::of(1440, 900, false);

    const fn of(width: u32, height: u32, phone: bool) -> Self {
        let engine = Engine::Chromium;
        Self { engine, width, height, phone, dark: false, language: "en-US", forgets_frames: false }
    }

    /// The same in Firefox, which draws no phone.
    #[must_use]
    pub const fn firefox(self) -> Self {
        self.within(Engine::Firefox)
    }

    /// The same in another browser.
    #[must_use]
    pub const fn within(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The same with frames of other sites that are given no storage.
    #[must_use]
    pub const fn forgets_frames(mut self) -> Self {
        self.forgets_frames = true;
        self
    }

    /// The same with a dark theme.
    #[must_use]
    pub const fn dark(mut self) -> Self {
        self.dark = true;
        self
    }
}

/// What a driver is asked for.
pub(crate) fn capabilities(look: &Look, folder: &TempDir) -> Value {
    match look.engine {
        Engine::Chromium => chromium(look, folder),
        Engine::Firefox => firefox(look, folder),
    }
}

/// A Firefox that loads nothing by itself, and shows nothing that stands before a page.
fn firefox(look: &Look, folder: &TempDir) -> Value {
    let prefs = json!({
        "intl.accept_languages": look.language,
        "layout.css.prefers-color-scheme.content-override": if look.dark { 0 } else { 1 },
        "browser.download.folderList": 2,
        "browser.download.dir": folder.path().join("downloads"),
        "browser.download.useDownloadDir": true,
        "browser.download.always_ask_before_handling_new_types": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        // What pages write to their console comes out of the driver.
        "devtools.console.stdout.content": true,
    });
    let words = ["-headless".to_owned(), format!("--width={}", look.width), format!("--height={}", look.height)];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "firefox",
        "moz:firefoxOptions": { "args": words, "prefs": prefs },
    } } })
}

/// What chromedriver is asked for: a Chromium without a past, that loads nothing by itself and keeps its logs for us.
fn chromium(look: &Look, folder: &TempDir) -> Value {
    let profile = folder.path().join("profile");
    let mut words = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--force-color-profile=srgb".to_owned(),
        format!("--user-data-dir={}", profile.display()),
        format!("--window-size={},{}", look.width, look.height + WINDOW_FRAME),
    ];
    if look.phone {
        // The emulated screen below does not reach frames of other sites.
        words.push("--force-device-scale-factor=2".to_owned());
        words.push("--touch-events=enabled".to_owned());
    }
    if look.dark {
        words.push("--blink-settings=preferredColorScheme=0".to_owned());
        words.push("--force-dark-mode".to_owned());
    }
    let mut options = json!({
        "args": words,
        "prefs": {
            "intl.accept_languages": look.language,
            "download.default_directory": folder.path().join("downloads"),
            "download.prompt_for_download": false,
        },
        "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
    });
    if look.forgets_frames {
        // The relay's storage within the site's pages: refused. 2 is Chromium's word for that.
        let refused = json!({ "127.0.0.1,localhost": { "setting": 2 } });
        options["prefs"]["profile.content_settings.exceptions.cookies"] = refused;
    }
    if look.phone {
        let screen =
            json!({ "width": look.width, "height": look.height, "pixelRatio": 2.0, "touch": true, "mobile": true });
        options["mobileEmulation"] = json!({ "deviceMetrics": screen });
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    } } })
}
