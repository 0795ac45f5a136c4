//! How a page looks to people who see it otherwise: assistive technology, another theme, a narrow window, forced colours.

use std::fs;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::paths::workspace;

/// Two widths that pages are looked at in: a phone's and a desk's.
const SCREENS: [(u32, u32); 2] = [(390, 844), (1280, 860)];

impl Browser {
    /// Overrides what the page is told of its reader's wishes, as `prefers-color-scheme` or `forced-colors`.
    #[track_caller]
    pub fn emulate(&self, feature: &str, value: &str) {
        self.cdp("Emulation.setEmulatedMedia", &json!({ "features": [{ "name": feature, "value": value }] }));
    }

    /// Another size of window.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 0, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// What axe-core finds wrong in the document in focus, light and dark, narrow and wide; one line for each element.
    #[track_caller]
    #[must_use]
    pub fn findings(&self, state: &str) -> Vec<String> {
        let mut all = Vec::new();
        for (width, height) in SCREENS {
            self.resize(width, height);
            for scheme in ["light", "dark"] {
                self.emulate("prefers-color-scheme", scheme);
                let found = self.axe().into_iter();
                all.extend(found.map(|finding| format!("{state}, {width} px, {scheme}: {finding}")));
            }
        }
        all
    }

    /// Runs axe-core in the document in focus, without the frames in it.
    #[track_caller]
    fn axe(&self) -> Vec<String> {
        if self.script("return typeof window.axe;", &[]) != "object" {
            let path = workspace().join("target/tools/axe/package/axe.min.js");
            let source = fs::read_to_string(path).expect("axe-core is there: `cargo xtask browser` fetches it");
            // The driver's own evaluation, which no policy of the page stops.
            self.script(&format!("{source}\nwindow.axe = axe;"), &[]);
        }
        let script = "for (const motion of document.getAnimations()) {
                try { motion.finish(); } catch { motion.cancel(); }
            }
            const found = await axe.run(document, { iframes: false, resultTypes: ['violations'] });
            return found.violations.flatMap((rule) => rule.nodes.map((node) =>
                `${rule.id} (${rule.impact}): ${node.target.join(' ')}: ${node.failureSummary.split('\\n')[1] || ''}`));";
        let script = format!("return (async () => {{ {script} }})();");
        let found = self.script(&script, &[]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        found.as_array().expect("axe gives a list").iter().map(text).collect()
    }
}
