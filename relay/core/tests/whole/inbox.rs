//! Which rows consoles are sent, and when.

use wire::{ClientFrame, MessageId, PageContext, ServerFrame};

use crate::support::*;

#[test]
fn a_row_is_sent_at_once_when_it_moves_and_otherwise_a_little_later_as_it_is_then() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4)]);
    let (_, colleague) = (world.agent(1), world.agent(2));
    let phone = world.visitor(1);
    world.frame(phone, say(1, 1, "hello"));
    world.advance(1_000);
    world.ignore();
    let connections = |world: &mut World| {
        let connection = |frame| if let ServerFrame::Inbox { row } = frame { Some(row.last_line) } else { None };
        world.got(colleague).into_iter().filter_map(connection).collect::<Vec<_>>()
    };
    for (id, text) in [(2, "one"), (3, "two"), (4, "three")] {
        world.frame(phone, say(1, id, text));
    }
    assert_eq!(connections(&mut world), [""; 0]);
    world.advance(100);
    assert_eq!(connections(&mut world), ["three"], "as it is then");
    world.advance(10_000);
    assert_eq!(connections(&mut world), [""; 0]);
    // A changed status is sent at once, and with it the rows that waited.
    world.frame(phone, say(1, 5, "four"));
    world.frame(phone, say(1, 6, "five"));
    world.frame(phone, ClientFrame::End { conversation: conversation(1), id: MessageId(7) });
    assert_eq!(connections(&mut world), ["five"]);
    world.advance(10_000);
    assert_eq!(connections(&mut world), [""; 0]);
}

#[test]
fn many_rows_that_change_at_once_are_sent_some_at_a_time() {
    let mut world = World::new(vec![settings(1, 50)]);
    let console = world.agent(1);
    let connections: Vec<_> = (1..=40).map(|n| world.visitor(n)).collect();
    let everybody = |world: &mut World, id: u128| {
        for (n, connection) in (1..).zip(&connections) {
            world.frame(*connection, say(n, id + n, "hello"));
        }
    };
    everybody(&mut world, 100);
    world.advance(10_000);
    world.ignore();
    everybody(&mut world, 200);
    let rows = |world: &mut World| {
        let is_row = |frame: &ServerFrame| matches!(frame, ServerFrame::Inbox { .. });
        world.got(console).iter().filter(|frame| is_row(frame)).count()
    };
    assert_eq!(rows(&mut world), 0);
    world.advance(100);
    assert_eq!(rows(&mut world), 32);
    world.advance(100);
    assert_eq!(rows(&mut world), 8);
    world.advance(10_000);
    assert_eq!(rows(&mut world), 0);
}

#[test]
fn rows_name_the_language_of_the_visitor_and_not_that_of_the_chat() {
    for (chat, browser, shown) in [
        ("en", "ja-JP,ja,en", "ja-JP"),
        ("en", "ar", "ar"),
        ("en", " , de", "de"),
        ("zh-CN", "", "zh-CN"),
        ("", "", ""),
    ] {
        let page = PageContext { language: chat.to_owned(), languages: browser.to_owned(), ..PageContext::default() };
        assert_eq!(page.own_language(), shown, "{chat} {browser}");
        let mut world = World::new(vec![settings(1, 1)]);
        let source = relay_core::Source::default();
        let ann = world
            .connect(relay_core::Peer::Visitor { site: site(), visitor: Some(visitor(1)), page, source }, Vec::new());
        world.frame(ann, say(1, 1, "hello"));
        assert_eq!(
            world.store.conversation(conversation(1)).map(|known| known.language.clone()).as_deref(),
            Some(shown)
        );
    }
}
