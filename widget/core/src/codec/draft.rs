//! A draft as it is kept in the browser's storage. Older versions wrote the same form.

use wire::ConversationId;

use crate::codec::declare::{Object, Value};
use crate::codec::json::{Json, Writer};
use crate::types::{Kept, KeptDraft};

/// Reads a kept draft; none when it is not one of ours.
#[must_use]
pub fn read_draft(text: &str) -> Option<KeptDraft> {
    let json = &Json::read(text)?;
    let say = json.get("say");
    let words = || Value::read(say.get("text"));
    let what = match say.get("kind").text()? {
        "text" if json.get("note").bool()? => Kept::Note(words()?),
        "text" => Kept::Text(words()?),
        "file" => Kept::File(Value::read(json.get("attachment"))?),
        "upload" => Kept::Upload { name: words()?, bytes: say.get("number").number()? },
        "end" => Kept::End,
        "rate" => Kept::Rate { score: Value::read(say.get("number"))?, comment: words()? },
        _ => return None,
    };
    let conversation: ConversationId = Value::read(json.get("conversation"))?;
    Some(KeptDraft { conversation, id: Value::read(json.get("id"))?, at_ms: json.get("at_ms").number()?, what })
}

/// A draft as it is kept; read back by [`read_draft`].
#[must_use]
pub fn write_draft(draft: &KeptDraft) -> String {
    let mut to = Writer::new();
    draft.conversation.write("conversation", &mut to);
    draft.id.write("id", &mut to);
    to.number("at_ms", draft.at_ms);
    to.bool("note", matches!(draft.what, Kept::Note(_)));
    to.open("say");
    match &draft.what {
        Kept::Text(text) | Kept::Note(text) => {
            to.text("kind", "text");
            to.text("text", text);
        }
        Kept::File(_) => to.text("kind", "file"),
        Kept::Upload { name, bytes } => {
            to.text("kind", "upload");
            to.text("text", name);
            to.number("number", *bytes);
        }
        Kept::End => to.text("kind", "end"),
        Kept::Rate { score, comment } => {
            to.text("kind", "rate");
            to.text("text", comment);
            to.number("number", u64::from(*score));
        }
    }
    to.close();
    if let Kept::File(attachment) = &draft.what {
        to.open("attachment");
        attachment.write_fields(&mut to);
        to.close();
    }
    to.finish()
}
