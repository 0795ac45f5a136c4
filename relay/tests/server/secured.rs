//! Off this machine nothing crosses the network in the clear: plain HTTP is refused at the start; over TLS, and behind a proxy that speaks it,
//! every answer says so, cookies are bound to it, and a WebSocket is one over TLS.

use relay::config::Config;
use relay::serve::start;
use relay::web::Web;
use wire::{ClientFrame, Close, Hello, PROTOCOL};

use crate::support::{PASSWORD, Relay};

const PUBLIC: &str = "https://chat.example.com";

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_off_loopback_is_refused_at_the_start() {
    let proxy = "trusted_proxies = [\"10.0.0.1\"]\n";
    let url = |scheme: &str| format!("public_url = \"{scheme}://chat.example.com\"\n");
    for (listen, rest, words) in [
        ("0.0.0.0:0", String::new(), "in the clear"),
        ("[::]:0", String::new(), "in the clear"),
        ("192.0.2.1:8080", url("https"), "in the clear"),
        ("0.0.0.0:0", url("http"), "in the clear"),
        ("0.0.0.0:0", proxy.to_owned(), "public_url"),
        ("0.0.0.0:0", format!("{proxy}{}", url("http")), "https://"),
        ("127.0.0.1:0", url("http"), "https://"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!("listen = \"{listen}\"\ndata = {:?}\n{rest}", folder.path().display().to_string());
        let config = Config::parse(&text).expect("a configuration");
        let error = Box::pin(start(config, Web::Built, None)).await.err().expect("refused").to_string();
        assert!(error.contains(words), "{listen} {rest}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing was made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_every_answer_and_cookie_says_that_it_is_over_tls() {
    let config = format!("public_url = \"{PUBLIC}\"\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let relay = Relay::start_with(&config).await;
    let url = |path: &str| format!("http://{}{path}", relay.running.address);
    let client = reqwest::Client::new();
    for (path, status) in
        [("/health", 200), ("/api/v1/me", 401), ("/nothing", 404), ("/console", 503), ("/file/x", 404)]
    {
        let answer = client.get(url(path)).send().await.expect("answered");
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{path}");
    }
    let body = serde_json::json!({ "email": "ann@example.com", "password": PASSWORD });
    let asked =
        client.post(url("/api/v1/session")).header("origin", PUBLIC).json(&body).send().await.expect("answered");
    assert_eq!(asked.status(), 204);
    let cookies: Vec<_> =
        asked.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("text")).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for (cookie, name) in cookies.iter().zip(["__Host-causeway_session=", "__Host-causeway_device="]) {
        for part in [name, "; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie} lacks {part}");
        }
        assert!(!cookie.to_ascii_lowercase().contains("domain"), "{cookie}");
    }
    let pair = cookies[0].split(';').next().expect("a pair").to_owned();
    for (cookie, status) in [(pair.clone(), 200), (pair.replace("__Host-", ""), 401)] {
        let me = client.get(url("/api/v1/me")).header("cookie", &cookie).send().await.expect("answered");
        assert_eq!(me.status(), status, "only under its own name");
    }
    // The console's socket is taken from the page over TLS, never from the plain one.
    let hello = ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() };
    let mut plain = relay.connection(Some("http://chat.example.com"), Some(&pair)).await;
    plain.send(&hello).await;
    plain.closes(Close::OriginRefused).await;
    let mut secure = relay.connection(Some(PUBLIC), Some(&pair)).await;
    secure.send(&hello).await;
    assert!(secure.next().await.is_ok());

    let web = relay.folder.path().join("web");
    std::fs::create_dir_all(&web).expect("made");
    for (name, text) in
        [("console.html", "<html>"), ("manifest.json", r#"{"chat":[],"console":[],"locale":{},"console_locale":{}}"#)]
    {
        std::fs::write(web.join(name), text).expect("written");
    }
    let console = client.get(url("/console")).send().await.expect("answered");
    let policy = console.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("connect-src 'self' wss://chat.example.com;") && !policy.contains("ws://"), "{policy}");
    relay.running.stop().await.expect("stopped");
}
