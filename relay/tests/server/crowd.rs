//! Many clients that connect at once: those that stay silent do not keep others out.

use wire::limit::ADMISSIONS_AT_ONCE_MAX;

use crate::support::Relay;

#[tokio::test(flavor = "multi_thread")]
async fn visitors_who_say_nothing_keep_neither_agents_nor_other_visitors_out() {
    let limits = "[limits]\nconnections_per_address_max = 2000\nconnects_per_address_per_minute_max = 2000\n";
    let relay = Relay::start_with(limits).await;
    let mut silent = Vec::new();
    for _ in 0..=ADMISSIONS_AT_ONCE_MAX {
        silent.push(relay.connection(Some(&relay.origin()), None).await);
    }
    let agent = relay.agent("ann").await;
    let visitor = relay.registered().await;
    assert!(visitor.id.is_some() && !agent.cookie.is_empty());
    // They still have their connections, and may say hello.
    for connection in silent.iter_mut().take(3) {
        connection.send(&crate::support::hello("demo", None)).await;
        connection.until(|frame| matches!(frame, wire::ServerFrame::Welcome { .. }).then_some(())).await;
    }
}
