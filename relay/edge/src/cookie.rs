//! The agents' cookie: its name, and how it is found in a request.

use http::{HeaderMap, header};
use wire::Token;

/// The name of the agents' cookie.
pub const COOKIE: &str = "causeway_session";

/// The agents' cookie out of a request's headers.
#[must_use]
pub fn cookie(headers: &HeaderMap) -> Option<Token> {
    headers.get_all(header::COOKIE).iter().find_map(|value| {
        value.to_str().ok()?.split(';').find_map(|pair| {
            let (name, text) = pair.trim().split_once('=')?;
            if name == COOKIE { text.parse().ok() } else { None }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let token = Token::from_bytes(&[7; 32]);
        let mut headers = HeaderMap::new();
        assert_eq!(cookie(&headers), None);
        headers.append(header::COOKIE, "a=b; causeway_session=short".parse().expect("header"));
        assert_eq!(cookie(&headers), None);
        let value = format!("x=y; {COOKIE}={}; z", token.reveal());
        headers.append(header::COOKIE, value.parse().expect("header"));
        assert_eq!(cookie(&headers), Some(token));
    }
}
