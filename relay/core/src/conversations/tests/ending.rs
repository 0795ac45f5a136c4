//! Ending many: some at a time, with progress for whoever asked.

use relay_settings::BuiltInRole;
use wire::Many;

use super::*;
use crate::rights::tests::{everywhere, on_sites};

#[test]
fn many_end_some_at_a_time_and_a_store_that_is_down_is_asked_later() {
    let mut world = World::new();
    for n in 0..40_u128 {
        let event = |lane, seq, body| Event {
            conversation: ConversationId(n),
            lane,
            seq: Seq(seq),
            at_ms: START_MS,
            id: MessageId(u128::from(seq)),
            author: Author::Visitor,
            body,
        };
        let events = vec![event(Lane::Shared, 1, text("hello")), event(Lane::Shared, 2, Body::Queued)];
        world.all.committed(Commit { site: site(), visitor: VisitorId(n), events }, false, &mut world.step);
    }
    world.step.take_news();
    let author = Author::Agent { id: AGENT, name: String::new() };
    let elsewhere = on_sites(BuiltInRole::Supervisor, &["other"]);
    let many = || Many::Found { view: wire::View::Open, find: String::new() };
    world.all.end_many(CONNECTION, (author.clone(), AGENT, &elsewhere), (many(), None), &mut world.step);
    let nothing = News::Send(Audience::One(CONNECTION), wire::ServerFrame::Ending { ended: 0, left: 0 });
    assert_eq!(world.step.take_news(), [nothing], "none of them is of that site");
    world.all.end_many(
        CONNECTION,
        (author, AGENT, &everywhere(BuiltInRole::Supervisor)),
        (many(), None),
        &mut world.step,
    );
    let asked: Vec<_> = world.step.take_news();
    let of = |news: &News| match news {
        News::Append(Pending::Ending(wish, id), Append { .. }) => (*wish, *id),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked.len(), 32);
    let (wish, first) = of(&asked[0]);
    // Down: nothing more is asked for, until it is tried again; then the one that failed first.
    world.all.ended(wish, first, Some(AppendError::Down), &mut world.step);
    assert_eq!(world.step.take_news(), []);
    world.all.end_again(&mut world.step);
    assert_eq!(of(&world.step.take_news()[0]), (wish, first));
    let mut ended: Vec<_> = asked[1..].iter().map(of).collect();
    ended.push((wish, first));
    let mut got = Vec::new();
    while let Some((wish, id)) = ended.pop() {
        world.all.ended(wish, id, None, &mut world.step);
        for news in world.step.take_news() {
            if let News::Append(Pending::Ending(wish, id), _) = news {
                ended.push((wish, id));
            } else {
                got.push(news);
            }
        }
    }
    let done = ServerFrame::Ending { ended: 40, left: 0 };
    assert_eq!(got, [News::Send(Audience::One(CONNECTION), done)]);
}
