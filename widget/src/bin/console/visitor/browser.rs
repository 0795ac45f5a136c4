//! Reads a browser's user-agent text into the two names an agent can use: which browser, on which system.

/// Words by which browsers are told, most specific first: nearly all also claim to be Chrome or Safari.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("MicroMessenger/", "WeChat"),
    ("YaBrowser/", "Yandex Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
];

/// Words by which systems are told, most specific first: Android also says Linux, an iPhone also says Mac OS X.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// What a user-agent text says, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Browser {
    /// Name and main version ("Chrome 156"), if known.
    pub(crate) name: Option<String>,
    /// The system ("Windows"), if known.
    pub(crate) system: Option<&'static str>,
}

/// Reads a user-agent text.
pub(crate) fn read(user_agent: &str) -> Browser {
    Browser { name: name(user_agent), system: find(user_agent, &SYSTEMS).map(|(_, system)| system) }
}

fn name(user_agent: &str) -> Option<String> {
    if let Some((mark, browser)) = find(user_agent, &BROWSERS) {
        return Some(with_version(user_agent, mark, browser));
    }
    // Safari's own number stands behind "Version/"; the one behind "Safari/" is the engine's build.
    user_agent.contains("Safari/").then(|| with_version(user_agent, "Version/", "Safari"))
}

fn find(text: &str, marks: &'static [(&'static str, &'static str)]) -> Option<(&'static str, &'static str)> {
    marks.iter().copied().find(|(mark, _)| text.contains(mark))
}

fn with_version(user_agent: &str, mark: &str, browser: &str) -> String {
    let version: String = user_agent
        .split_once(mark)
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).take(4).collect())
        .unwrap_or_default();
    if version.is_empty() { browser.to_owned() } else { format!("{browser} {version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_told_apart() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                Some("Chrome 156"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                Some("Edge 140"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some("Safari 18"),
                Some("iOS"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                Some("Firefox 128"),
                Some("Linux"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
                Some("Samsung Internet 27"),
                Some("Android"),
            ),
            ("curl/8.0", None, None),
            ("", None, None),
        ];
        for (user_agent, name, system) in cases {
            assert_eq!(read(user_agent), Browser { name: name.map(str::to_owned), system }, "{user_agent}");
        }
    }
}
