//! Stopping in order, starting only when it is safe, and the numbers.

use relay::config::Config;
use relay::serve::start;
use relay::web::Web;
use wire::Close;

use crate::filled::recorded;
use crate::support::{Relay, new_conversation};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_relay_tells_everybody_to_come_back() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let mut silent = relay.connection(Some(&relay.origin()), None).await;
    let mut agent = relay.agent("ann").await;
    let said = visitor.say(new_conversation(), "kept").await;
    let Relay { running, folder } = relay;
    let begun = std::time::Instant::now();
    let stopping = tokio::spawn(running.stop());
    visitor.connection.closes(Close::Restart).await;
    agent.connection.closes(Close::Restart).await;
    silent.closes(Close::Restart).await;
    stopping.await.expect("joined").expect("stopped");
    assert!(begun.elapsed().as_millis() < u128::from(wire::limit::STOP_WAIT_MS));

    let events = recorded(folder.path(), said.conversation);
    assert_eq!(events.first(), Some(&said));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_relay_on_the_same_folder_refuses_to_start() {
    let relay = Relay::start().await;
    let text = format!("listen = \"127.0.0.1:0\"\ndata = {:?}", relay.folder.path().display().to_string());
    let config = Config::parse(&text).expect("a configuration");
    let error = Box::pin(start(config, Web::Built, None)).await.err().expect("refused");
    assert!(error.to_string().contains("another relay is using the data folder"), "{error}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_it_refuses_to_start_in_the_clear() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("listen = \"0.0.0.0:0\"\ndata = {:?}", folder.path().display().to_string());
    let config = Config::parse(&text).expect("a configuration");
    let error = Box::pin(start(config, Web::Built, None)).await.err().expect("refused");
    assert!(error.to_string().contains("trusted_proxies"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_served_on_their_own_listener_only() {
    let folder = tempfile::tempdir().expect("a folder");
    crate::support::add_site(folder.path(), "demo", crate::support::SITE_ORIGIN);
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\ndata = {:?}",
        folder.path().display().to_string()
    );
    let config = Config::parse(&text).expect("a configuration");
    let recorder = relay::numbers::install().expect("installed once");
    let running = Box::pin(start(config, Web::Built, Some(recorder))).await.expect("started");
    let address = running.metrics_address.expect("a listener");
    let relay = Relay { running, folder };
    let _visitor = relay.registered().await;
    let _other = relay.streamed_visitor(None).await;
    let text = reqwest::get(format!("http://{address}/metrics")).await.expect("answered").text().await.expect("text");
    assert!(text.contains("\nrelay_connections{kind=\"visitor\"} 2\n"), "{text}");
    assert!(text.contains("\nrelay_streams 1\n"), "{text}");
    let packed = reqwest::Client::new().get(format!("http://{address}/metrics")).header("accept-encoding", "gzip, br");
    let packed = packed.send().await.expect("answered");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await.expect("bytes").len() * 2 < text.len());
    let public = reqwest::get(relay.url("/metrics")).await.expect("answered");
    assert_eq!(public.status(), 404);
    relay.running.stop().await.expect("stopped");
}
