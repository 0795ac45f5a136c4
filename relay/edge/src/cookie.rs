//! The agents' cookies: their names, and how they are found in a request.

use http::{HeaderMap, header};
use wire::Token;

/// Accounts that one browser is known to at most: a shared desk's.
pub const DEVICES_PER_BROWSER_MAX: usize = 5;

/// The names under which a relay sets its cookies. Over TLS they begin with `__Host-`: then a browser takes them from this very host alone, over
/// TLS alone, and no neighbour's page or plain answer can put another in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// A sign-in.
    pub session: &'static str,
    /// What makes a browser known to the accounts that have signed in from it.
    pub device: &'static str,
}

impl Names {
    /// Those of a relay that browsers reach over TLS, or of one on loopback without.
    #[must_use]
    pub const fn new(is_https: bool) -> Self {
        if is_https {
            Self { session: "__Host-causeway_session", device: "__Host-causeway_device" }
        } else {
            Self { session: "causeway_session", device: "causeway_device" }
        }
    }

    /// The sign-in out of a request's headers.
    #[must_use]
    pub fn session(&self, headers: &HeaderMap) -> Option<Token> {
        values(headers, self.session).find_map(|text| text.parse().ok())
    }

    /// What the browser is known by, one for each account.
    #[must_use]
    pub fn devices(&self, headers: &HeaderMap) -> Vec<Token> {
        let tokens = values(headers, self.device).flat_map(|text| text.split('.'));
        tokens.filter_map(|text| text.parse().ok()).take(DEVICES_PER_BROWSER_MAX).collect()
    }
}

/// The value of a browser's second cookie.
#[must_use]
pub fn devices_text(devices: &[Token]) -> String {
    devices.iter().take(DEVICES_PER_BROWSER_MAX).map(Token::reveal).collect::<Vec<_>>().join(".")
}

/// All values of cookies with this name.
fn values<'a>(headers: &'a HeaderMap, wanted: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs.flat_map(|text| text.split(';')).filter_map(move |pair| {
        let (name, text) = pair.trim().split_once('=')?;
        (name == wanted).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().expect("header"));
        }
        headers
    }

    #[test]
    fn the_cookie_is_found_among_others_and_only_under_its_own_name() {
        let token = Token::from_bytes(&[7; 32]);
        let text = token.reveal();
        for (cookies, is_https, found) in [
            (vec![], false, false),
            (vec!["a=b; causeway_session=short".to_owned()], false, false),
            (vec![format!("x=y; causeway_session={text}; z")], false, true),
            (vec!["a=b".to_owned(), format!("causeway_session={text}")], false, true),
            (vec![format!("causeway_session={text}")], true, false),
            (vec![format!("__host-causeway_session={text}")], true, false),
            (vec![format!("__Host-causeway_session={text}")], true, true),
            (vec![format!("__Host-causeway_session={text}")], false, false),
        ] {
            let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
            let got = Names::new(is_https).session(&headers(&cookies));
            assert_eq!(got, found.then(|| token.clone()), "{cookies:?} {is_https}");
        }
    }

    #[test]
    fn a_browser_is_known_to_a_few_accounts() {
        let names = Names::new(true);
        let tokens: Vec<Token> = (1..=7).map(|byte| Token::from_bytes(&[byte; 32])).collect();
        let value = devices_text(&tokens);
        let all = headers(&[&format!("{}={value}", names.device)]);
        assert_eq!(names.devices(&all), tokens[..DEVICES_PER_BROWSER_MAX]);
        for (value, count) in
            [("", 0), (".", 0), ("nonsense", 0), (tokens[0].reveal(), 1), (&format!("x.{}.", tokens[0].reveal()), 1)]
        {
            assert_eq!(names.devices(&headers(&[&format!("{}={value}", names.device)])).len(), count, "{value}");
        }
        let flood = "a.".repeat(10_000);
        assert_eq!(names.devices(&headers(&[&format!("{}={flood}", names.device)])), []);
    }
}
