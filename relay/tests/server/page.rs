//! Pages and files for browsers: headers, policies, encodings.

use crate::support::{Relay, SITE_ORIGIN};

async fn get(relay: &Relay, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = reqwest::Client::new().get(relay.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("answered")
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

/// A web build of the right shape.
fn build(relay: &Relay) {
    let web = relay.folder.path().join("web");
    std::fs::create_dir_all(web.join("assets")).expect("made");
    let write = |name: &str, text: &str| std::fs::write(web.join(name), text).expect("written");
    write("embed.js", "plain embed");
    write("embed.js.br", "brotli embed");
    write("embed.js.gz", "gzip embed");
    write("assets/chat.0123456789abcdef.js", "plain chat");
    write("assets/chat.0123456789abcdef.js.br", "brotli chat");
    write("assets/chat_bg.0123456789abcdef.wasm", "wasm");
    write(
        "chat.html",
        "<html data-site=\"{{site}}\" data-look=\"{{look}}\" data-refused=\"{{refused}}\" data-origins=\"{{origins}}\" \
         lang=\"{{lang}}\" data-locale=\"{{locale}}\">",
    );
    write("console.html", "<html lang=\"{{lang}}\" data-locale=\"{{locale}}\">");
    write(
        "manifest.json",
        r#"{"chat":["chat.html","assets/chat_bg.0123456789abcdef.wasm"],"console":[],
            "locale":{"en":"assets/locale-en.0.json"},"console_locale":{"en":"assets/console-en.0.json"}}"#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_page_is_filled_and_framed_by_its_site_only() {
    let relay = Relay::start().await;
    build(&relay);
    let page = get(&relay, &format!("/chat?site=demo&lang=en&origin={SITE_ORIGIN}"), &[]).await;
    assert_eq!(page.status(), 200);
    let host = relay.origin().replace("http://", "");
    assert_eq!(
        header(&page, "content-security-policy"),
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; \
             media-src blob:; frame-src blob:; connect-src 'self' ws://{host}; font-src 'none'; base-uri 'none'; \
             form-action 'none'; frame-ancestors {SITE_ORIGIN}"
        )
    );
    // A page that asks for isolation may show it.
    assert_eq!(header(&page, "cross-origin-embedder-policy"), "require-corp");
    assert_eq!(header(&page, "cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header(&page, "origin-agent-cluster"), "?1");
    assert_eq!(header(&page, "cache-control"), "no-cache");
    assert_eq!(header(&page, "referrer-policy"), "no-referrer");
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header(&page, "strict-transport-security"), "", "plain HTTP on loopback");
    let link = header(&page, "link").to_owned();
    let text = page.text().await.expect("text");
    let look =
        "data-look=\"{&quot;attachments&quot;:true,&quot;name&quot;:&quot;Site &lt;demo&gt;&quot;,&quot;number&quot;:";
    assert!(text.contains(&format!("data-site=\"demo\" {look}")), "{text}");
    assert!(text.contains(&format!("data-origins=\"{SITE_ORIGIN}\"")));
    assert!(text.contains("lang=\"en\" data-locale=\"/assets/locale-en.0.json\""), "{text}");
    // What the script will need is asked for with it.
    let preload = |path| format!("<{path}>; rel=preload; as=fetch; crossorigin");
    let links = ["/assets/chat_bg.0123456789abcdef.wasm", "/assets/locale-en.0.json"].map(preload).join(", ");
    assert_eq!(link, links);
    let ends = get(&relay, &format!("/chat?site=demo&end=1&origin={SITE_ORIGIN}"), &[]).await;
    assert_eq!(header(&ends, "link"), "", "no chat will be shown");

    // On its own it is in nobody's frame, and tells nobody which origins there are.
    let alone = get(&relay, "/chat?site=demo", &[]).await;
    assert!(header(&alone, "content-security-policy").ends_with("frame-ancestors 'none'"));
    assert_eq!(header(&alone, "content-encoding"), "");
    let text = alone.text().await.expect("text");
    assert!(text.contains("data-origins=\"\""), "{text}");
    let packed = get(&relay, "/chat?site=demo", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(
        (header(&packed, "content-encoding"), header(&packed, "vary")),
        ("br", "accept-encoding, accept-language")
    );
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut packed.bytes().await.expect("bytes").as_ref(), &mut plain).expect("brotli");
    assert_eq!(String::from_utf8(plain).expect("text"), text);

    // Why there is no chat is said to whoever asks, and nothing else is.
    for (path, status, why) in [
        ("/chat?site=nowhere", 404, "site"),
        ("/chat?site=../x", 404, "site"),
        ("/chat", 404, "site"),
        ("/chat?site=demo&origin=https://elsewhere.example", 403, "origin"),
        ("/chat?site=demo&origin=%27none%27;%20frame-ancestors%20*", 403, "origin"),
    ] {
        let page = get(&relay, path, &[]).await;
        assert_eq!(page.status(), status, "{path}");
        assert!(header(&page, "content-security-policy").ends_with("frame-ancestors *"), "{path}");
        assert_eq!(header(&page, "cross-origin-embedder-policy"), "require-corp", "{path}");
        let text = page.text().await.expect("text");
        assert!(
            text.contains(&format!("data-site=\"\" data-look=\"\" data-refused=\"{why}\" data-origins=\"\"")),
            "{text}"
        );
    }
    // Whoever does not say which page it is, or is none of the site's, learns of no page of the site.
    for (query, ancestors) in [("", "'none'"), ("&origin=https://evil.example.com", "*"), ("&origin=null", "*")] {
        let page = get(&relay, &format!("/chat?site=demo{query}"), &[]).await;
        assert!(header(&page, "content-security-policy").ends_with(&format!("frame-ancestors {ancestors}")), "{query}");
        assert!(!page.text().await.expect("text").contains(SITE_ORIGIN), "{query}");
    }
    let page = get(&relay, "/chat?site=demo", &[("referer", &format!("{SITE_ORIGIN}/"))]).await;
    assert!(header(&page, "content-security-policy").ends_with(&format!("frame-ancestors {SITE_ORIGIN}")));

    // The console shows the chat, to try a look.
    let tried = get(&relay, &format!("/chat?site=demo&origin={}", relay.origin()), &[]).await;
    assert!(header(&tried, "content-security-policy").ends_with(&format!("frame-ancestors {}", relay.origin())));

    let console = get(&relay, "/console", &[]).await;
    assert_eq!(header(&console, "cross-origin-opener-policy"), "same-origin");
    assert!(header(&console, "content-security-policy").ends_with("frame-ancestors 'none'"));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_compressed_and_are_kept() {
    let relay = Relay::start().await;
    build(&relay);
    let embed = get(&relay, "/embed.js", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(header(&embed, "content-encoding"), "br");
    assert_eq!(header(&embed, "cache-control"), "public, max-age=300");
    assert_eq!(header(&embed, "access-control-allow-origin"), "*");
    assert_eq!(header(&embed, "cross-origin-resource-policy"), "cross-origin");
    let tag = header(&embed, "etag").to_owned();
    let again = get(&relay, "/embed.js", &[("accept-encoding", "br"), ("if-none-match", &tag)]).await;
    assert_eq!(again.status(), 304);
    let gzip = get(&relay, "/embed.js", &[("accept-encoding", "gzip"), ("if-none-match", &tag)]).await;
    assert_eq!((gzip.status().as_u16(), header(&gzip, "content-encoding")), (200, "gzip"));
    let plain = get(&relay, "/embed.js", &[]).await;
    assert_eq!((header(&plain, "content-encoding"), header(&plain, "vary")), ("", "accept-encoding"));
    assert_eq!(plain.text().await.expect("text"), "plain embed");

    let chat = get(&relay, "/assets/chat.0123456789abcdef.js", &[("accept-encoding", "br")]).await;
    assert_eq!(header(&chat, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&chat, "cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header(&chat, "content-type"), "text/javascript; charset=utf-8");
    let wasm = get(&relay, "/assets/chat_bg.0123456789abcdef.wasm", &[("accept-encoding", "br")]).await;
    assert_eq!((header(&wasm, "content-type"), header(&wasm, "content-encoding")), ("application/wasm", ""));
    for path in ["/assets/nothing.js", "/assets/chat.0123456789abcdef.js.br", "/assets/..%2fmanifest.json"] {
        assert_eq!(get(&relay, path, &[]).await.status(), 404, "{path}");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_from_before_an_upgrade_still_finds_its_rooms() {
    let relay = Relay::start().await;
    build(&relay);
    // The build is there from its next start on.
    let relay = relay.restart().await;
    let assets = relay.folder.path().join("web/assets");
    std::fs::remove_dir_all(&assets).expect("the old build goes");
    std::fs::create_dir(&assets).expect("a new one comes");
    std::fs::write(assets.join("chat.fedcba9876543210.js"), "new chat").expect("written");
    let relay = relay.restart().await;
    let new = get(&relay, "/assets/chat.fedcba9876543210.js", &[]).await;
    assert_eq!(new.text().await.expect("text"), "new chat");
    let old = get(&relay, "/assets/chat.0123456789abcdef.js", &[]).await;
    assert_eq!(header(&old, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(old.text().await.expect("text"), "plain chat");
    let packed = get(&relay, "/assets/chat.0123456789abcdef.js", &[("accept-encoding", "br")]).await;
    assert_eq!(header(&packed, "content-encoding"), "br");
    assert_eq!(packed.text().await.expect("text"), "brotli chat");
    assert_eq!(get(&relay, "/assets/chat.0000000000000000.js", &[]).await.status(), 404);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_web_build_it_says_what_to_do() {
    let relay = Relay::start().await;
    for path in ["/chat?site=demo", "/console"] {
        let page = get(&relay, path, &[]).await;
        assert_eq!(page.status(), 503);
        assert!(page.text().await.expect("text").contains("cargo xtask web"));
    }
    let health = get(&relay, "/health", &[]).await;
    assert_eq!((health.status().as_u16(), health.text().await.expect("text").as_str()), (200, "ok\n"));
    assert_eq!(get(&relay, "/nothing", &[]).await.status(), 404);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_read_is_refused_in_the_relays_own_words() {
    let relay = Relay::start().await;
    build(&relay);
    let cases = [
        ("/chat?site=demo&site=other", 400, "malformed"),
        ("/transcript/01900000-0000-7000-8000-000000000001?format=csv", 400, "malformed"),
        ("/transcript/01900000-0000-7000-8000-000000000001?format=text&format=json", 400, "malformed"),
        ("/transcript/%ff?format=text", 404, "not_found"),
        ("/file/%ff", 404, "not_found"),
        ("/assets/%ff", 404, "not_found"),
        ("/file/nothing", 404, "not_found"),
    ];
    for (path, status, reason) in cases {
        let response = get(&relay, path, &[("authorization", "Bearer 00")]).await;
        let (got, text) = (response.status().as_u16(), response.text().await.expect("a body"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(got == status || got == 401, "{path}: {got} {text}");
        let said = json["reason"].as_str().unwrap_or_default();
        assert!(said == reason || said == "signed_out" || said == "token_invalid", "{path}: {got} {text}");
    }
    relay.running.stop().await.expect("stopped");
}
