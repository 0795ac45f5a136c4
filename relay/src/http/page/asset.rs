//! The built browser files: precompressed, with cache headers that let hashed names live for ever.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::app::App;
use crate::hex::digits;
use crate::http::params::PathParams;
use crate::web::WebFile;

/// `GET /embed.js`: the one script tag. Its name has no hash, so browsers may cache it for five minutes only.
pub(in crate::http) async fn embed(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut response = send(&|name| app.web.get(name), "embed.js", &headers, "public, max-age=300");
    let out = response.headers_mut();
    out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    out.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

/// `GET /assets/*`: hashed names, which never change what they hold.
pub(in crate::http) async fn asset(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
    headers: HeaderMap,
) -> Response {
    // A name of an earlier build is asked for by a chat that was loaded before an upgrade.
    let find = |name: &str| app.web.get(name).or_else(|| app.kept_assets.get(name.strip_prefix("assets/")?));
    let mut response = send(&find, &format!("assets/{path}"), &headers, "public, max-age=31536000, immutable");
    // They are public; a frame in an isolated page (COEP) loads only what says so.
    let cross = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert(HeaderName::from_static("cross-origin-resource-policy"), cross);
    response
}

fn send(find: &dyn Fn(&str) -> Option<WebFile>, name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    // The compressed files beside it are encodings of it, not files of their own.
    let found = if name.ends_with(".br") || name.ends_with(".gz") { None } else { pick(find, name, headers) };
    let Some((file, encoding)) = found else {
        return (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response();
    };
    let tag = tag(&file.hash, encoding);
    let mut response = if matches_tag(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content = match file.content {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => Bytes::from(content),
        };
        let mut response = Response::new(Body::from(content));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    response
}

/// The smallest encoding of a file that the client accepts.
fn pick(
    find: &dyn Fn(&str) -> Option<WebFile>,
    name: &str,
    headers: &HeaderMap,
) -> Option<(WebFile, Option<&'static str>)> {
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(headers, encoding)
            && let Some(file) = find(&format!("{name}.{ending}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Some((find(name)?, None))
}

/// Whether `Accept-Encoding` names the encoding without `q=0`.
pub(in crate::http) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().unwrap_or("").split(',').any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().trim_start_matches("q=").trim();
            name.trim().eq_ignore_ascii_case(encoding) && !matches!(weight, "0" | "0.0" | "0.00" | "0.000")
        })
    })
}

/// A strong validator: each encoding has its own.
fn tag(hash: &[u8; 32], encoding: Option<&str>) -> String {
    let mut tag = String::from("\"");
    tag.push_str(&digits(&hash[..16]));
    if let Some(encoding) = encoding {
        tag.push('-');
        tag.push_str(encoding);
    }
    tag.push('"');
    tag
}

fn matches_tag(headers: &HeaderMap, tag: &str) -> bool {
    let Some(known) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    known.split(',').any(|item| item.trim().trim_start_matches("W/") == tag)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Web;

    #[test]
    fn encodings_are_negotiated() {
        let check = |value: &'static str, br: bool, gzip: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!((accepts(&headers, "br"), accepts(&headers, "gzip")), (br, gzip), "{value}");
        };
        check("gzip, deflate, br, zstd", true, true);
        check("gzip;q=0.5", false, true);
        check("br;q=0, gzip; q=0.000", false, false);
        check("", false, false);
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[test]
    fn a_folder_gives_nothing_from_outside() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("web")).expect("made");
        std::fs::write(folder.path().join("secret"), "x").expect("written");
        std::fs::write(folder.path().join("web/embed.js"), "x").expect("written");
        let web = Web::Folder(folder.path().join("web"));
        assert!(web.get("embed.js").is_some());
        for bad in ["../secret", "assets/../../secret", "/etc/passwd", "", "."] {
            assert!(web.get(bad).is_none(), "{bad}");
        }
    }
}
