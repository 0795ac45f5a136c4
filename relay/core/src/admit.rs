//! Checks what clients send: the bounds of everything they write, before anything is done about it.

use wire::limit::{COMMENT_CHARS_MAX, CONTEXT_FIELD_CHARS_MAX};
use wire::{Body, ConversationId, PageContext, Refusal, Say, Subject};

use crate::append::NewBody;

/// Requests of one connection that may wait for the store: what a console asks for when it reconnects (both lanes of all that it follows),
/// and a full outbox.
pub(crate) const REQUESTS_PER_CONNECTION_MAX: u32 = 160;

/// A request about a conversation.
pub(crate) const fn about(conversation: ConversationId) -> Subject {
    Subject::Conversation { conversation }
}

/// A message as a new event's body, without the blank lines around its text.
pub(crate) fn admit_say(say: Say) -> Result<NewBody, Refusal> {
    match say {
        Say::Text { text } => {
            let text = wire::trim_text(&text);
            wire::check_text(text).map(|()| NewBody::Ready(Body::Text { text: text.to_owned() }))
        }
        Say::File { attachment } => Ok(NewBody::File(attachment)),
    }
}

/// Whether a rating can be taken.
pub(crate) fn check_rating(score: u8, comment: &str) -> Result<(), Refusal> {
    if !(1..=5).contains(&score) || comment.chars().count() > COMMENT_CHARS_MAX {
        return Err(Refusal::RatingInvalid);
    }
    if comment.contains('\0') {
        return Err(Refusal::TextInvalid);
    }
    Ok(())
}

/// The page context within its bounds: query and fragment may hold secrets, control characters say nothing.
pub(crate) fn cut_page(page: &PageContext) -> PageContext {
    let url = page.url.split(['?', '#']).next().unwrap_or_default();
    PageContext {
        url: cut(url),
        title: cut(&page.title),
        language: cut(&page.language),
        time_zone: cut(&page.time_zone),
        browser: cut(&page.browser),
        languages: cut(&page.languages),
    }
}

fn cut(field: &str) -> String {
    field.chars().filter(|char| !char.is_control()).take(CONTEXT_FIELD_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_one_to_five_with_a_short_comment() {
        for (score, comment, want) in [
            (0, String::new(), Err(Refusal::RatingInvalid)),
            (1, String::new(), Ok(())),
            (5, "好".repeat(COMMENT_CHARS_MAX), Ok(())),
            (6, String::new(), Err(Refusal::RatingInvalid)),
            (3, "a".repeat(COMMENT_CHARS_MAX + 1), Err(Refusal::RatingInvalid)),
            (3, "\0".to_owned(), Err(Refusal::TextInvalid)),
        ] {
            assert_eq!(check_rating(score, &comment), want);
        }
    }

    #[test]
    fn a_page_is_cut_and_loses_query_and_fragment() {
        let page = PageContext {
            url: "https://example.com/trade?key=secret#x".to_owned(),
            title: "a\u{7}b\0".to_owned() + &"t".repeat(1_000),
            languages: "ja,\u{1b}en".to_owned() + &"x".repeat(1_000),
            ..PageContext::default()
        };
        let cut = cut_page(&page);
        assert_eq!(cut.url, "https://example.com/trade");
        assert!(cut.title.starts_with("abt"));
        assert_eq!(cut.title.chars().count(), CONTEXT_FIELD_CHARS_MAX);
        assert!(cut.languages.starts_with("ja,enx"));
        assert_eq!(cut.languages.chars().count(), CONTEXT_FIELD_CHARS_MAX);
    }
}
