//! Agents of one site: what is of another site is for them as if it were not there, over every way in; and a scope that changes counts at once.

use std::time::{Duration, Instant};

use relay::store::sqlite::SqliteStore;
use relay::store::{AuditFilter, Store};
use relay_settings::BuiltInRole;
use wire::{
    AttachmentId, Body, ClientFrame, Close, ConversationId, ConversationState, Counts, Lane, Refusal, Seq, ServerFrame,
    SessionStart, Subject, View,
};

use crate::blocked::run;
use crate::support::{Agent, Relay, Visitor, add_agent_as, new_conversation, new_message};

/// A relay on which ann is an agent of one site, bob of the other, and sue a supervisor everywhere; and a conversation of ann's site.
async fn world() -> (Relay, Visitor, ConversationId) {
    let relay = Relay::start_filled("", |folder| add_agent_as(folder, "sue", BuiltInRole::Supervisor)).await;
    for (name, site) in [("ann", "demo"), ("bob", "other")] {
        run(&relay, &["agent", "scope", &format!("{name}@example.com"), "--site", site]).await;
    }
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "hello").await;
    (relay, visitor, conversation)
}

/// The next answer that is no news by itself.
async fn answer(agent: &mut Agent) -> ServerFrame {
    let is_news = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Counts { .. } | ServerFrame::Agent { .. } | ServerFrame::Inbox { .. })
    };
    agent.connection.until(|frame| (!is_news(frame)).then(|| frame.clone())).await
}

/// What a console is welcomed with.
async fn welcome(relay: &Relay, cookie: &str) -> (Vec<ConversationId>, Vec<String>, Counts) {
    let mut connection = relay.connection(Some(&relay.origin()), Some(cookie)).await;
    let hello = wire::Hello::Agent { state: Some(wire::AgentState::Away) };
    connection.send(&ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow: Vec::new() }).await;
    let (open, agents) = connection
        .until(|frame| match frame {
            ServerFrame::Welcome { session: SessionStart::Agent { open, agents, .. }, .. } => {
                let mut names: Vec<_> = agents.iter().map(|agent| agent.name.clone()).collect();
                names.sort();
                Some((open.iter().map(|row| row.conversation).collect(), names))
            }
            _ => None,
        })
        .await;
    let counts =
        connection.until(|frame| if let ServerFrame::Counts { counts } = frame { Some(*counts) } else { None }).await;
    (open, agents, counts)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_another_site_is_answered_as_what_does_not_exist() {
    let (relay, visitor, conversation) = world().await;
    let mut bob = relay.away("bob").await;
    let frames = |conversation: ConversationId| {
        let id = new_message();
        let say = wire::Say::Text { text: "hello".to_owned() };
        let follow = wire::Follow { conversation, after: wire::Cursor::default() };
        let message = Subject::Message { conversation, id };
        let about = Subject::Conversation { conversation };
        vec![
            (ClientFrame::Say { conversation, id, say }, message),
            (ClientFrame::Note { conversation, id, text: "note".to_owned() }, message),
            (ClientFrame::End { conversation, id }, message),
            (ClientFrame::Spam { conversation, id }, message),
            (ClientFrame::Take { conversation }, about),
            (ClientFrame::Release { conversation }, about),
            (ClientFrame::Seen { conversation, up_to: Seq(1) }, about),
            (ClientFrame::Follow { follow }, about),
            (ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO }, about),
            (ClientFrame::Fetch { conversation, lane: Lane::Staff, after: Seq::ZERO }, about),
        ]
    };
    for conversation in [conversation, new_conversation()] {
        for (frame, subject) in frames(conversation) {
            bob.connection.send(&frame).await;
            let refused = ServerFrame::Refused { subject, refusal: Refusal::NotFound };
            assert_eq!(answer(&mut bob).await, refused, "{frame:?}");
        }
    }
    let (visitor_id, wanted) = (visitor.id.expect("registered"), View::Open);
    bob.connection.send(&ClientFrame::ListOpen { view: wanted, find: String::new(), after: None }).await;
    assert!(matches!(answer(&mut bob).await, ServerFrame::Open { rows, total: 0, .. } if rows.is_empty()));
    bob.connection.send(&ClientFrame::ListOfVisitor { visitor: visitor_id }).await;
    assert!(matches!(answer(&mut bob).await, ServerFrame::OfVisitor { rows, .. } if rows.is_empty()));
    bob.connection.send(&ClientFrame::ListClosed { before_ms: 1 << 50, before: None }).await;
    assert!(matches!(answer(&mut bob).await, ServerFrame::Closed { rows, more: false, .. } if rows.is_empty()));
    let (ann, sue) = (relay.cookie("ann").await, relay.cookie("sue").await);
    for (cookie, open, agents, waiting) in [
        (&ann, vec![conversation], &["ann", "sue"][..], 1),
        (&bob.cookie, Vec::new(), &["bob", "sue"], 0),
        (&sue, vec![conversation], &["ann", "bob", "sue"], 1),
    ] {
        let (rows, names, counts) = welcome(&relay, cookie).await;
        assert_eq!(
            (rows, names, counts.waiting),
            (open, agents.iter().map(|name| (*name).to_owned()).collect(), waiting)
        );
    }
    let client = reqwest::Client::new();
    let file = AttachmentId(relay::clock::new_id());
    for (cookie, transcript, upload) in [(&ann, 200, 201), (&bob.cookie, 404, 404)] {
        for (conversation, transcript, upload) in [(conversation, transcript, upload), (new_conversation(), 404, 404)] {
            let get = client
                .get(relay.url(&format!("/api/v1/conversations/{conversation}/transcript")))
                .header("cookie", cookie);
            assert_eq!(get.send().await.expect("answered").status(), transcript);
            let path = format!("/api/v1/conversations/{conversation}/files/{file}");
            let put = client.put(relay.url(&path)).header("cookie", cookie);
            let put = put.header("origin", relay.origin()).header("x-file-name", "a.txt").body("hello");
            assert_eq!(put.send().await.expect("answered").status(), upload);
        }
        // What ann has brought is not there for bob.
        let get = client.get(relay.url(&format!("/api/v1/files/{file}"))).header("cookie", cookie);
        assert_eq!(get.send().await.expect("answered").status(), transcript);
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_given_to_those_who_may_answer_and_taken_away_with_the_scope() {
    let (relay, mut visitor, conversation) = world().await;
    let _bob = relay.agent("bob").await;
    let mut ann = relay.agent("ann").await;
    let assigned = |frame: &ServerFrame| match frame {
        ServerFrame::Event { event } => match event.body {
            Body::Assigned { agent } => Some(agent),
            _ => None,
        },
        _ => None,
    };
    ann.connection.until(assigned).await;
    let changed = Instant::now();
    run(&relay, &["agent", "scope", "ann@example.com", "--site", "other"]).await;
    let since = Instant::now();
    ann.connection.closes(Close::RightsChanged).await;
    assert!(since.elapsed() <= Duration::from_secs(1), "{:?} of {:?}", since.elapsed(), changed.elapsed());
    // It is queued again, and goes to whoever may answer there.
    let mut sue = relay.agent("sue").await;
    let agent = sue.connection.until(assigned).await;
    let (rows, names, _) = welcome(&relay, &ann.cookie).await;
    assert_eq!((rows, names), (Vec::new(), ["ann", "bob", "sue"].map(str::to_owned).into()));
    let said = visitor.say(conversation, "still here").await;
    sue.connection.event(|event| event.id == said.id).await;
    sue.connection.send(&ClientFrame::ListOpen { view: View::Owned, find: String::new(), after: None }).await;
    let rows = sue.connection.until(|frame| match frame {
        ServerFrame::Open { rows, .. } => Some(rows.clone()),
        _ => None,
    });
    assert_eq!(rows.await[0].state, ConversationState::Assigned { agent });
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_takes_over_from_an_online_colleague_and_it_is_in_the_audit_log() {
    let (relay, mut visitor, conversation) = world().await;
    run(&relay, &["agent", "scope", "bob@example.com"]).await;
    let mut ann = relay.agent("ann").await;
    ann.connection.event(|event| matches!(event.body, Body::Assigned { .. })).await;
    let mut bob = relay.away("bob").await;
    bob.connection.send(&ClientFrame::Take { conversation }).await;
    assert_eq!(bob.connection.refusal().await, Refusal::Taken, "an agent takes nothing over");
    let mut sue = relay.away("sue").await;
    sue.connection.send(&ClientFrame::Take { conversation }).await;
    sue.connection.event(|event| event.conversation == conversation && event.body == Body::Joined).await;
    let said = visitor.say(conversation, "hello again").await;
    sue.connection.event(|event| event.id == said.id).await;
    let mut reader = SqliteStore::attach(relay.folder.path()).expect("a store").reader().expect("a reader");
    let filter = AuditFilter { action: Some(relay::audit::Action::TakenOver), ..AuditFilter::default() };
    let entries = reader.audit_page(&filter, u64::MAX, 10).expect("read");
    assert_eq!(entries.len(), 1, "{entries:?}");
    let text = format!("{entries:?}");
    assert!(
        text.contains(&conversation.to_string()) && text.contains("sue") && text.contains("agent_before"),
        "{text}"
    );
    relay.running.stop().await.expect("stopped");
}
