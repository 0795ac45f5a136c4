//! What an event says, and what holds for every event of its kind.

use serde::{Deserialize, Serialize};

use super::{Attachment, Lane, PageContext, Part, Parts};
use crate::id::{AgentId, Seq, Tag};
use crate::limit::{LABEL_CHARS_MAX, LABELS_MAX};
use crate::refusal::Refusal;
use crate::rule::{check_text, is_line_break, trim_text};

/// What happened. A new kind is a variant here with its row in [`Body::rules`] and its texts in [`Body::for_each_text`]; CONTRIBUTING.md has the whole recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A message (shared).
    Text {
        /// At most [`crate::limit::TEXT_CHARS_MAX`] characters.
        text: String,
    },
    /// A message that is a file (shared).
    File {
        /// What was uploaded.
        attachment: Attachment,
    },
    /// The visitor waits in the queue (shared).
    Queued,
    /// The visitor left the queue; the conversation stays open (shared).
    LeftQueue,
    /// An agent has joined; the author is that agent (shared).
    Joined,
    /// The author's side has seen every shared message up to here (shared).
    Seen {
        /// The last message seen.
        up_to: Seq,
    },
    /// The conversation ended (shared).
    Closed,
    /// The visitor's rating of the ended conversation (shared).
    Rated {
        /// 1 (bad) to 5 (good).
        score: u8,
        /// At most [`crate::limit::COMMENT_CHARS_MAX`] characters, may be empty.
        comment: String,
    },
    /// A private note (staff).
    Note {
        /// As a message's text.
        text: String,
    },
    /// The author added or removed labels (staff).
    Labelled {
        /// At most [`crate::limit::LABELS_MAX`], each of at most [`crate::limit::LABEL_CHARS_MAX`] characters on one line; none twice.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<String>,
        /// The same; none that is also in `added`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<String>,
    },
    /// The turn taken in the queue (staff): lower turns are served first. Given by the store in the transaction that
    /// records `Queued`, so that it survives a restart and means the same on every relay.
    Turn {
        /// Grows with every queueing on this store; says nothing else. Who comes back to the queue keeps it.
        turn: u64,
        /// The tag of the address that the visitor wrote from. None in older logs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Tag>,
        /// The tag of that address's network: networks are served in turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<Tag>,
        /// Whether the visitor was known before: a token older than a day, and an agent has answered them.
        #[serde(default, skip_serializing_if = "is_false")]
        known: bool,
    },
    /// It is taken out of the queue or from its agent, although nobody ended it (staff): its visitor is not there. Its messages are kept.
    SetAside {
        /// Why.
        why: Aside,
    },
    /// The author marked it as spam (staff).
    Spam,
    /// Who answers from now on (staff). At most one agent at a time.
    Assigned {
        /// Which agent.
        agent: AgentId,
    },
    /// Where the visitor writes from (staff).
    Context {
        /// The page and the browser.
        page: PageContext,
    },
    /// What was here was erased; number, time and author are kept (shared). It was said by the author, and nothing tells what it was.
    Erased,
    /// The same for what agents alone saw (staff).
    StaffErased,
    /// A kind that is not known here: it keeps its number, so that nothing after it looks like a gap, and shows nothing.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What holds for every event of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rules {
    /// The lane that it belongs to. No visitor is ever sent anything of the staff lane.
    lane: Lane,
    /// Whether a person wrote it for the other side to read. Messages count as unread.
    message: bool,
    /// Whether a timeline shows it as a line of its own.
    line: bool,
    /// Whether a conversation that has ended still takes it.
    after_end: bool,
}

impl Body {
    /// What holds for each kind: the one table of it.
    const fn rules(&self) -> Rules {
        use Lane::{Shared, Staff};
        match self {
            Self::Text { .. } | Self::File { .. } => {
                Rules { lane: Shared, message: true, line: true, after_end: false }
            }
            Self::Queued | Self::LeftQueue | Self::Joined | Self::Closed => {
                Rules { lane: Shared, message: false, line: true, after_end: false }
            }
            Self::Rated { .. } => Rules { lane: Shared, message: false, line: true, after_end: true },
            Self::Seen { .. } => Rules { lane: Shared, message: false, line: false, after_end: true },
            Self::Note { .. } | Self::Labelled { .. } => {
                Rules { lane: Staff, message: false, line: true, after_end: true }
            }
            Self::Assigned { .. } => Rules { lane: Staff, message: false, line: true, after_end: false },
            Self::Erased => Rules { lane: Shared, message: false, line: true, after_end: true },
            Self::StaffErased => Rules { lane: Staff, message: false, line: true, after_end: true },
            Self::Spam => Rules { lane: Staff, message: false, line: false, after_end: true },
            Self::Turn { .. } | Self::SetAside { .. } | Self::Context { .. } => {
                Rules { lane: Staff, message: false, line: false, after_end: false }
            }
            // No visitor is sent what nobody knows.
            Self::Unknown => Rules { lane: Staff, message: false, line: false, after_end: false },
        }
    }

    /// The lane of this kind of event.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.rules().lane
    }

    /// Whether a person wrote this for the other side to read.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        self.rules().message
    }

    /// Whether a timeline shows this as a line of its own.
    #[must_use]
    pub const fn is_line(&self) -> bool {
        self.rules().line
    }

    /// Whether a conversation that has ended still takes this.
    #[must_use]
    pub const fn is_taken_after_end(&self) -> bool {
        self.rules().after_end
    }

    /// The same as it is recorded when an agent asks for it by the frame `record`: within bounds, and without the blank lines around its
    /// texts. A kind that is not named here is recorded by the relay alone, or by a frame of its own that checks more.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for such a kind, else what is out of bounds.
    pub fn by_agent(self) -> Result<Self, Refusal> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is not allowed")]
        match self {
            Self::Note { text } => {
                let text = trim_text(&text);
                check_text(text).map(|()| Self::Note { text: text.to_owned() })
            }
            Self::Labelled { added, removed } => {
                let (added, removed) = (check_labels(&added)?, check_labels(&removed)?);
                let mut all: Vec<&String> = added.iter().chain(&removed).collect();
                let count = all.len();
                all.sort_unstable();
                all.dedup();
                if count == 0 || all.len() < count {
                    return Err(Refusal::Malformed);
                }
                Ok(Self::Labelled { added, removed })
            }
            _ => Err(Refusal::NotAllowed),
        }
    }

    /// What is left of it without these parts, and which part it was; none when it has nothing of them. What it means for the state of its
    /// conversation stays.
    #[must_use]
    pub fn without(&self, parts: Parts) -> Option<(Part, Self)> {
        let (part, left) = match self {
            Self::Text { .. } => (Part::Texts, Self::Erased),
            Self::File { .. } => (Part::Files, Self::Erased),
            Self::Note { .. } | Self::Labelled { .. } => (Part::Texts, Self::StaffErased),
            Self::Rated { score, comment } if !comment.is_empty() => {
                (Part::Texts, Self::Rated { score: *score, comment: String::new() })
            }
            Self::Context { page } if *page != PageContext::default() => {
                (Part::Names, Self::Context { page: PageContext::default() })
            }
            Self::Rated { .. }
            | Self::Context { .. }
            | Self::Queued
            | Self::LeftQueue
            | Self::Joined
            | Self::Seen { .. }
            | Self::Closed
            | Self::Turn { .. }
            | Self::SetAside { .. }
            | Self::Spam
            | Self::Assigned { .. }
            | Self::Erased
            | Self::StaffErased
            | Self::Unknown => return None,
        };
        parts.has(part).then_some((part, left))
    }

    /// What is left of a kind that is not known here, which a newer relay wrote, when everything is erased.
    #[must_use]
    pub const fn erased(lane: Lane) -> Self {
        match lane {
            Lane::Shared => Self::Erased,
            Lane::Staff => Self::StaffErased,
        }
    }

    /// Calls `see` with each text in it, whoever wrote it: what is counted in bytes.
    pub fn for_each_text(&self, mut see: impl FnMut(&str)) {
        match self {
            Self::Text { text } | Self::Note { text } | Self::Rated { comment: text, .. } => see(text),
            Self::File { attachment } => see(&attachment.name),
            Self::Context { page: PageContext { url, title, language, time_zone, browser, languages } } => {
                [url, title, language, time_zone, browser, languages].into_iter().for_each(|text| see(text));
            }
            Self::Labelled { added, removed } => added.iter().chain(removed).for_each(|label| see(label)),
            Self::Queued
            | Self::LeftQueue
            | Self::Joined
            | Self::Seen { .. }
            | Self::Closed
            | Self::Turn { .. }
            | Self::SetAside { .. }
            | Self::Spam
            | Self::Assigned { .. }
            | Self::Erased
            | Self::StaffErased
            | Self::Unknown => {}
        }
    }
}

/// Labels without the white space around them, if they are within bounds.
fn check_labels(labels: &[String]) -> Result<Vec<String>, Refusal> {
    if labels.len() > LABELS_MAX {
        return Err(Refusal::Malformed);
    }
    let check = |label: &String| {
        let label = trim_text(label).trim_start();
        check_text(label)?;
        if label.chars().count() > LABEL_CHARS_MAX {
            return Err(Refusal::TextTooLong { chars_max: LABEL_CHARS_MAX as u32 });
        }
        if label.contains(|char: char| char.is_control() || is_line_break(char)) {
            return Err(Refusal::TextInvalid);
        }
        Ok(label.to_owned())
    };
    labels.iter().map(check).collect()
}

/// Why an open conversation is with nobody and not in the queue, although its visitor did not ask for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// The visitor is gone and their last message waits for an answer, which may be given without them.
    Message,
    /// The visitor is gone. It returns to the queue with them.
    #[serde(other)]
    Left,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttachmentId, Media};

    fn labelled(added: &[&str], removed: &[&str]) -> Body {
        let [added, removed] = [added, removed].map(|list| list.iter().map(|label| (*label).to_owned()).collect());
        Body::Labelled { added, removed }
    }

    #[test]
    fn labels_have_bounds_and_each_stands_once() {
        let longest = "好".repeat(LABEL_CHARS_MAX);
        let numbered: Vec<String> = (0..=LABELS_MAX).map(|number| format!("label {number}")).collect();
        let many: Vec<&str> = numbered.iter().map(String::as_str).collect();
        let taken = [
            (labelled(&["withdrawal"], &[]), labelled(&["withdrawal"], &[])),
            (labelled(&[], &[" vip \n", "\u{a0}Vip"]), labelled(&[], &["vip", "Vip"])),
            (labelled(&[&longest], &["a"]), labelled(&[&longest], &["a"])),
            (labelled(&many[1..], &["other"]), labelled(&many[1..], &["other"])),
        ];
        for (body, wanted) in taken {
            assert_eq!(body.by_agent(), Ok(wanted));
        }
        let too_long = Refusal::TextTooLong { chars_max: LABEL_CHARS_MAX as u32 };
        for (body, why) in [
            (labelled(&[], &[]), Refusal::Malformed),
            (labelled(&["a", " \u{200b}"], &[]), Refusal::TextEmpty),
            (labelled(&[], &[&"a".repeat(LABEL_CHARS_MAX + 1)]), too_long),
            (labelled(&["a\nb"], &[]), Refusal::TextInvalid),
            (labelled(&["a\0b"], &[]), Refusal::TextInvalid),
            (labelled(&["a\tb"], &[]), Refusal::TextInvalid),
            (labelled(&many, &[]), Refusal::Malformed),
            (labelled(&["a"], &["b", "a "]), Refusal::Malformed),
            (labelled(&["a", "a"], &[]), Refusal::Malformed),
        ] {
            assert_eq!(body.by_agent(), Err(why));
        }
    }

    #[test]
    fn what_is_left_when_it_is_erased_has_no_text() {
        let words = || "words".to_owned();
        let attachment = Attachment {
            id: AttachmentId(1),
            name: words(),
            media_type: "text/plain".to_owned(),
            media: Media::Document,
            bytes: 1,
            width: 0,
            height: 0,
        };
        let page = PageContext { url: words(), languages: words(), ..PageContext::default() };
        for (body, part) in [
            (Body::Text { text: words() }, Part::Texts),
            (Body::Note { text: words() }, Part::Texts),
            (Body::Labelled { added: vec![words()], removed: Vec::new() }, Part::Texts),
            (Body::Rated { score: 2, comment: words() }, Part::Texts),
            (Body::Context { page }, Part::Names),
            (Body::File { attachment }, Part::Files),
        ] {
            let (found, left) = body.without(Parts::ALL).expect("it has a text");
            assert_eq!(found, part);
            left.for_each_text(|text| assert_eq!(text, "", "{left:?}"));
            assert_eq!(left.lane(), body.lane());
            assert_eq!(left.without(Parts::ALL), None, "once is enough");
            assert_eq!(body.without(Parts::only(part)), Some((part, left)));
            for other in [Part::Texts, Part::Names, Part::Files].into_iter().filter(|other| *other != part) {
                assert_eq!(body.without(Parts::only(other)), None);
            }
        }
        assert_eq!(
            Body::Rated { score: 2, comment: words() }.without(Parts::ALL).map(|(_, left)| left),
            Some(Body::Rated { score: 2, comment: String::new() })
        );
        assert_eq!(Body::Closed.without(Parts::ALL), None);
    }
}
