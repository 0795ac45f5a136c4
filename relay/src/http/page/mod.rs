//! The two pages: the chat (inside the customer's page) and the agents' console. `asset.rs` hands out what they load.

pub(super) mod asset;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use wire::{Refusal, SiteId};

use self::asset::accepts;
use super::params::QueryParams;
use crate::app::{App, Reject};
use crate::clock::now_ms;
use crate::origin::Origin;
use crate::settings::look::with_accent;
use crate::store::{Site, optional};
use crate::web::escape;

/// What pages show in a frame: files that are opened. The console shows the chat as well.
const DOCUMENTS: &str = "blob:";

/// The parameters in the chat's URL that the relay reads; the others are for the page.
#[derive(Debug, Deserialize)]
pub(super) struct ChatQuery {
    site: Option<String>,
    /// The origin of the page that wants to frame it, as that page says.
    origin: Option<String>,
    /// The language that the host page has chosen.
    lang: Option<String>,
    /// The accent that the script tag chose.
    color: Option<String>,
    /// The page is opened to end the visitor's session: no chat is shown.
    end: Option<String>,
}

/// `GET /chat?site=ID&origin=ORIGIN`; without an origin the chat is a page of its own.
pub(super) async fn chat(
    State(app): State<App>,
    QueryParams(query): QueryParams<ChatQuery>,
    headers: HeaderMap,
) -> Result<Response, Reject> {
    let (Some(page), Some(manifest)) = (app.web.text("chat.html"), Manifest::read(&app)) else {
        return Ok(not_built());
    };
    let (lang, locale) = choose(&manifest.locale, query.lang.as_deref(), &headers);
    // The page that says why there is no chat may be framed by anybody: it holds nothing else.
    let refused = |status: StatusCode, why: &str| {
        let none = ["{{site}}", "{{look}}", "{{origins}}"].map(|name| (name, ""));
        let page =
            fill(&page, &[&none[..], &[("{{refused}}", why), ("{{lang}}", &lang), ("{{locale}}", &locale)]].concat());
        let mut response = embeddable(html(&app, &headers, page, &policy(&app, &headers, DOCUMENTS, "*"), true));
        *response.status_mut() = status;
        response
    };
    let Some(site) = find_site(&app, query.site.as_deref()).await? else {
        return Ok(refused(StatusCode::NOT_FOUND, "site"));
    };
    let framing = framing(&app.own_origins, &site, query.origin.as_deref(), &headers);
    if framing.is_none() && query.origin.is_some() {
        return Ok(refused(StatusCode::FORBIDDEN, "origin"));
    }
    let origin = framing.as_ref().map_or("", Origin::as_str);
    let look = shown_look(&app, &site.id, &lang, query.color.as_deref()).unwrap_or_default();
    let page = fill(
        &page,
        &[
            ("{{site}}", site.id.as_str()),
            ("{{look}}", &look),
            ("{{refused}}", ""),
            ("{{origins}}", origin),
            ("{{lang}}", &lang),
            ("{{locale}}", &locale),
        ],
    );
    let policy = policy(&app, &headers, DOCUMENTS, if origin.is_empty() { "'none'" } else { origin });
    // There are as many accents as anybody likes to ask for: those pages are not kept compressed.
    let mut response = embeddable(html(&app, &headers, page, &policy, query.color.is_none()));
    if query.end.is_none() {
        preload(&mut response, &manifest.chat, &locale);
    }
    Ok(response)
}

/// The parameters of a look.
#[derive(Debug, Deserialize)]
pub(super) struct LookQuery {
    site: SiteId,
    lang: String,
    /// The accent that the script tag chose.
    color: Option<String>,
}

/// `GET /look?site=ID&lang=TAG&color=ACCENT`: what the site's chat shows now of the documents, for a chat whose look has changed. It is in the page, too,
/// which anybody may open.
pub(super) async fn look(
    State(app): State<App>,
    QueryParams(query): QueryParams<LookQuery>,
) -> Result<Response, Reject> {
    let look = shown_look(&app, &query.site, &query.lang, query.color.as_deref()).ok_or(Refusal::SiteUnknown)?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, look).into_response())
}

/// The parameters of a logo.
#[derive(Debug, Deserialize)]
pub(super) struct LogoQuery {
    site: SiteId,
    /// Which one, as the look says; another one has another.
    v: Option<String>,
}

/// `GET /logo?site=ID&v=VERSION`: the image in the header of the site's chat, as PNG. Anybody may have it.
pub(super) async fn logo(
    State(app): State<App>,
    QueryParams(query): QueryParams<LogoQuery>,
) -> Result<Response, Reject> {
    let logo = app.settings.logo(&query.site, now_ms()).ok_or(Refusal::NotFound)?;
    let is_lasting = query.v.is_some_and(|version| version == logo.version);
    let cache = if is_lasting { "public, max-age=31536000, immutable" } else { "no-store" };
    // A chat whose page asks for isolation (COEP) loads it, too.
    let cross = (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, cache), cross];
    Ok((headers, logo.png).into_response())
}

/// A site's look, with the accent of the script tag if it chose one.
fn shown_look(app: &App, site: &SiteId, language: &str, accent: Option<&str>) -> Option<String> {
    let look = app.settings.look(site, language, now_ms())?;
    Some(accent.map_or_else(|| look.to_string(), |accent| with_accent(&look, accent)))
}

/// `GET /console`.
pub(super) async fn console(State(app): State<App>, headers: HeaderMap) -> Response {
    let (Some(page), Some(manifest)) = (app.web.text("console.html"), Manifest::read(&app)) else {
        return not_built();
    };
    let (lang, locale) = choose(&manifest.console_locale, None, &headers);
    let page = fill(&page, &[("{{lang}}", &lang), ("{{locale}}", &locale)]);
    let mut response =
        html(&app, &headers, page, &policy(&app, &headers, &format!("'self' {DOCUMENTS}"), "'none'"), true);
    preload(&mut response, &manifest.console, &locale);
    // No page that opened the console, or was opened by it, keeps a reference to its window or shares its process.
    for (name, value) in [("cross-origin-opener-policy", "same-origin"), ("origin-agent-cluster", "?1")] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The one origin that may frame the chat: that of the host page, from the URL or else from `Referer`; none when the site does not list it. It
/// needs no proof: a page that names another origin gets an answer that it cannot frame itself. So no page learns which other origins a site has.
/// The relay's own pages may: the console shows what a site's chat looks like.
fn framing(own: &[Origin], site: &Site, said: Option<&str>, headers: &HeaderMap) -> Option<Origin> {
    let referer = || headers.get(header::REFERER)?.to_str().ok().and_then(origin_of);
    let origin = match said {
        Some(said) => said.parse().ok()?,
        None => referer()?,
    };
    let listed = site.origins.iter().any(|listed| listed == origin.as_str());
    (listed || own.contains(&origin)).then_some(origin)
}

/// The origin of an address.
fn origin_of(address: &str) -> Option<Origin> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    format!("{scheme}://{host}").parse().ok()
}

async fn find_site(app: &App, id: Option<&str>) -> Result<Option<Site>, Reject> {
    let Some(id) = id.and_then(|id| id.parse::<SiteId>().ok()) else { return Ok(None) };
    Ok(optional(app.store.read(move |reader| reader.site(&id)).await)?)
}

/// What the build lists of its files.
#[derive(Deserialize)]
struct Manifest {
    /// The paths that each page loads.
    chat: Vec<String>,
    console: Vec<String>,
    /// Catalogues, language to path: a visitor does not load the console's texts.
    locale: BTreeMap<String, String>,
    console_locale: BTreeMap<String, String>,
}

impl Manifest {
    fn read(app: &App) -> Option<Self> {
        serde_json::from_str(&app.web.text("manifest.json")?).ok()
    }
}

/// The language of a page and the path of its catalogue: the first preferred language that has a catalogue, with the same tag or else the same
/// language; else English. When the host page has chosen a language, only that one is preferred; otherwise the browser's languages are.
fn choose(catalogues: &BTreeMap<String, String>, chosen: Option<&str>, headers: &HeaderMap) -> (String, String) {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let preferences = chosen.map_or_else(|| preferences(accepted), |tag| vec![tag]);
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let found = preferences.iter().find_map(|wanted| {
        let same = catalogues.keys().find(|tag| tag.eq_ignore_ascii_case(wanted));
        same.or_else(|| catalogues.keys().find(|tag| language(tag) == language(wanted)))
    });
    let tag = found.map_or("en", String::as_str);
    (tag.to_owned(), catalogues.get(tag).map(|path| format!("/{path}")).unwrap_or_default())
}

/// The languages of `Accept-Language`, the most preferred first (RFC 9110, section 12.5.4).
fn preferences(accepted: &str) -> Vec<&str> {
    let mut preferences: Vec<(&str, f32)> = Vec::new();
    for item in accepted.split(',') {
        let (tag, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse().ok()).unwrap_or(0.0);
        if weight > 0.0 {
            preferences.push((tag.trim(), weight));
        }
    }
    // Stable: of two with the same weight the first stays first.
    preferences.sort_by(|one, other| other.1.total_cmp(&one.1));
    preferences.into_iter().map(|(tag, _)| tag).collect()
}

/// Lets the browser load program and texts at once, before the script that needs them has arrived.
fn preload(response: &mut Response, loaded: &[String], locale: &str) {
    let module = loaded.iter().find(|path| path.ends_with(".wasm")).map(|path| format!("/{path}"));
    let links = module.iter().map(String::as_str).chain([locale]).filter(|path| !path.is_empty());
    let links: Vec<String> = links.map(|path| format!("<{path}>; rel=preload; as=fetch; crossorigin")).collect();
    if let Ok(links) = HeaderValue::from_str(&links.join(", ")) {
        response.headers_mut().insert(header::LINK, links);
    }
}

/// Puts values into the template's attributes. One pass, so that no value can bring a placeholder of its own.
fn fill(page: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(page.len() + 512);
    let mut rest = page;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = values.iter().find(|(name, _)| rest.starts_with(name));
        let taken = match known {
            Some((name, value)) => {
                out.push_str(&escape(value));
                name.len()
            }
            None => {
                out.push_str("{{");
                2
            }
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// What the page may do: run its own files, talk to this relay, show what it was given; nothing else.
fn policy(app: &App, headers: &HeaderMap, frames: &str, ancestors: &str) -> String {
    // The name that the browser used, when it is one of ours: a local machine has several.
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let own = app.own_origins.iter().find(|origin| origin.host() == asked).or(app.own_origins.first());
    let scheme = if own.is_some_and(Origin::is_https) { "wss" } else { "ws" };
    let host = own.map_or("", Origin::host);
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
         media-src blob:; frame-src {frames}; connect-src 'self' {scheme}://{host}; font-src 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}"
    )
}

fn html(app: &App, headers: &HeaderMap, page: String, policy: &str, is_kept: bool) -> Response {
    let packed = if is_kept && accepts(headers, "br") { app.packed.brotli(&page) } else { None };
    let mut response = match packed {
        Some(packed) => ([(header::CONTENT_ENCODING, "br")], packed).into_response(),
        None => page.into_response(),
    };
    let out = response.headers_mut();
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language"));
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    match HeaderValue::from_str(policy) {
        Ok(policy) => {
            out.insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        Err(_) => Reject::Internal("a site's origins do not fit into a header").into_response(),
    }
}

/// Lets a page that asks for isolation (COEP) show this one in a frame, and asks for a process of its own.
fn embeddable(mut response: Response) -> Response {
    for (name, value) in [
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("origin-agent-cluster", "?1"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn not_built() -> Response {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "The browser half is not built into this relay. Run `cargo xtask web`, then build the relay again.\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_that_asks_is_named_and_only_when_it_is_listed() {
        let site = Site {
            id: "demo".parse().expect("a site id"),
            name: String::new(),
            origins: vec!["https://a.example".to_owned(), "http://b.example:8081".to_owned()],
        };
        for (said, referer, named) in [
            (Some("https://a.example"), None, "https://a.example"),
            (Some("https://A.example/"), None, "https://a.example"),
            (Some("http://b.example:8081"), Some("https://a.example/"), "http://b.example:8081"),
            (None, Some("https://a.example/"), "https://a.example"),
            (None, Some("https://a.example/trade?x=1#y"), "https://a.example"),
            (None, Some("http://b.example:8081"), "http://b.example:8081"),
            (None, None, ""),
            (Some("https://evil.example"), Some("https://a.example/"), ""),
            (Some("http://a.example"), None, ""),
            (Some("null"), None, ""),
            (Some(""), Some("https://a.example/"), ""),
            (Some("https://a.example https://evil.example"), None, ""),
            (Some("https://a.example;"), None, ""),
            (Some("*"), None, ""),
            (None, Some("about:srcdoc"), ""),
            (None, Some("https://a.example@evil.example/"), ""),
            (None, Some("https://a.example.evil.example/"), ""),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(referer) = referer {
                headers.insert(header::REFERER, referer.parse().expect("a header"));
            }
            let got = framing(&[], &site, said, &headers);
            assert_eq!(got.as_ref().map_or("", Origin::as_str), named, "{said:?} {referer:?}");
        }
    }

    #[test]
    fn the_first_language_that_there_are_texts_in_is_chosen() {
        let catalogues: BTreeMap<String, String> =
            [("en", "a/en"), ("zh-CN", "a/zh")].map(|(tag, path)| (tag.to_owned(), path.to_owned())).into();
        for (chosen, accepted, wanted) in [
            (None, "", "en"),
            (None, "zh", "zh-CN"),
            (None, "zh-TW,en;q=0.9", "zh-CN"),
            (None, "fr-CH, fr;q=0.9, en;q=0.8, zh;q=0.7, *;q=0.5", "en"),
            (None, "en;q=0.3, ZH-cn;q=0.7", "zh-CN"),
            (None, "zh;q=0, en", "en"),
            (None, "zh;q=x, de", "en"),
            (Some("zh_CN"), "en", "en"),
            (Some("zh"), "en", "zh-CN"),
            (Some("EN-gb"), "zh", "en"),
            (Some("\"><script>"), "zh", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().expect("a header"));
            let (tag, path) = choose(&catalogues, chosen, &headers);
            assert_eq!(tag, wanted, "{chosen:?} {accepted}");
            assert_eq!(path, format!("/{}", catalogues[wanted]));
        }
    }

    #[test]
    fn values_are_escaped_and_bring_no_placeholders() {
        let page = r#"<html data-site="{{site}}" data-name="{{site_name}}">{{other}}</html>"#;
        let filled = fill(page, &[("{{site}}", "demo"), ("{{site_name}}", "\"><script>{{site}}'&")]);
        assert_eq!(
            filled,
            r#"<html data-site="demo" data-name="&quot;&gt;&lt;script&gt;{{site}}&#39;&amp;">{{other}}</html>"#
        );
    }
}
