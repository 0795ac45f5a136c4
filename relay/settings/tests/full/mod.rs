//! As many documents as there may be, of as many bytes: what a store with full tables gives a relay at its start.

use relay_settings::{DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, DocumentKey, Kind};
use serde_json::{Value, json};

/// The documents with their bodies as a store has them, as text. They are right, and name each other.
pub(crate) fn documents() -> Vec<(DocumentKey, String)> {
    let mut made: Vec<(String, Value)> = Vec::new();
    for site in 0..20 {
        made.push((
            format!("site/s{site}"),
            json!({ "name": format!("Site {site}"), "origins": [format!("https://s{site}.example")] }),
        ));
    }
    for at in 0..200 {
        let week: Vec<Value> = ["monday", "tuesday", "wednesday", "thursday", "friday"]
            .iter()
            .map(|day| json!({ "day": day, "from": "09:00", "to": "17:30" }))
            .collect();
        let holidays: Vec<Value> = (1..=28)
            .map(|day| json!({ "date": format!("2027-05-{day:02}"), "name": "Holiday", "yearly": true }))
            .collect();
        let hours =
            json!({ "name": format!("Hours {at}"), "zone": "Europe/Berlin", "weekly": week, "holidays": holidays });
        made.push((format!("hours/h{at}"), hours));
        made.push((
            format!("department/d{at}"),
            json!({ "name": format!("Department {at}"), "hours": format!("h{at}") }),
        ));
    }
    for at in 0..2_000 {
        let parent = (at % 8 > 0).then(|| format!("t{}", at - 1));
        let labels = json!({ "en": "Withdrawals and deposits", "zh-CN": "提现与充值" });
        let department = format!("d{}", at % 200);
        let topic =
            json!({ "name": format!("Topic {at}"), "parent": parent, "department": department, "labels": labels });
        made.push((format!("topic/t{at}"), topic));
    }
    let bytes: usize = made.iter().map(|(key, body)| size(key, body)).sum();
    let left = DOCUMENTS_MAX - made.len();
    // What is left is replies, each with its share of the bytes: text in two languages, with characters of one and of three bytes.
    let share = (DOCUMENTS_BYTES_MAX - bytes) / left;
    for at in 0..left {
        let department = format!("d{}", at % 200);
        let reply = |text: String| {
            let texts = json!({ "en": text, "zh-CN": "请稍候。" });
            json!({ "shortcut": format!("r{at}"), "title": format!("Reply {at}"), "department": department, "texts": texts })
        };
        let room = share - size("reply/any", &reply("x".to_owned())) + 1;
        let mut text: String = "We are sorry — we have looked at it. ".chars().cycle().take(room).collect();
        while text.len() > room {
            text.pop();
        }
        made.push((format!("reply/r{at}"), reply(text)));
    }
    made.into_iter()
        .map(|(key, body)| {
            let (kind, id) = key.split_once('/').expect("kind and id");
            let key = DocumentKey { kind: kind.parse().expect("a kind"), id: id.parse().expect("an id") };
            (key, body.to_string())
        })
        .collect()
}

/// Bytes of a body as it is kept: with its defaults.
fn size(key: &str, body: &Value) -> usize {
    let kind: Kind = key.split_once('/').expect("kind and id").0.parse().expect("a kind");
    kind.read(body).unwrap_or_else(|problems| panic!("{key}: {problems:?}")).json_bytes()
}

/// Each with its version and body, read from its text.
pub(crate) fn read(documents: &[(DocumentKey, String)]) -> impl Iterator<Item = (DocumentKey, u64, Value)> {
    documents.iter().map(|(key, body)| (key.clone(), 1, serde_json::from_str(body).expect("JSON")))
}
