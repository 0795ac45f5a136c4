//! Every kind of event that there is, as a timeline of the console takes it.

use super::*;

/// Every body in `wire`'s golden file: a new kind is there, or the tests of `wire` fail.
#[expect(clippy::disallowed_methods, reason = "a test reads files")]
fn bodies() -> Vec<(String, Body)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../relay/wire/tests/golden/body.json");
    let text = std::fs::read_to_string(path).expect("wire keeps its golden files there");
    let all: std::collections::BTreeMap<String, Body> = serde_json::from_str(&text).expect("golden bodies");
    all.into_iter().collect()
}

#[test]
fn every_kind_that_is_a_line_is_shown_in_its_lane_and_no_other_kind_is() {
    let mut shown = 0;
    for (name, body) in bodies() {
        let mut desk = answering();
        let (before, staff) = (desk.items().len(), body.lane() == wire::Lane::Staff);
        let (seq, ada) = (if staff { 3 } else { 2 }, Author::Agent { id: OTHER, name: "Ada".to_owned() });
        let is_line = body.is_line();
        desk.hears(ServerFrame::Event { event: event(seq, 90, 95, ada, body) });
        let items = desk.items();
        assert_eq!(items.len(), before + usize::from(is_line), "{name}");
        let Some(item) = items.into_iter().find(|item| item.id == MessageId(95)) else { continue };
        assert_eq!(item.content.is_staff(), staff, "{name}");
        shown += 1;
    }
    assert!(shown > 7, "{shown}");
}
