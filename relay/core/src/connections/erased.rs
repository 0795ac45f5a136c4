//! What was erased lately: clients are sent word of it, and what the store read before that is not passed on.

use relay_settings::Right;

use super::Connections;
use crate::conversation::Conversation;
use crate::input::RequestId;
use crate::request::{Page, Pending};
use crate::step::Step;
use crate::store::{Query, QueryAnswer};

/// Conversations in which something was erased while the store was being read. An erasure takes milliseconds, and so does a read: nobody waits this long.
const ERASED_LATELY_MAX: usize = 1_024;

/// A conversation of which something was erased while requests waited for the store.
#[derive(Debug)]
pub(super) struct ErasedLately {
    /// The last request that was made before.
    last: RequestId,
    last_line: String,
    language: String,
}

impl Connections {
    /// Something of an ended conversation was erased: its visitor, and all who may read it, are sent that. What was asked before may be answered with what
    /// is gone.
    pub(crate) fn erased(&mut self, read: &Conversation, step: &mut Step) {
        let oldest = self.requests.first_key_value().map(|(request, _)| *request);
        self.erased_lately.retain(|_, lately| oldest.is_some_and(|oldest| oldest <= lately.last));
        if oldest.is_some() {
            if self.erased_lately.len() >= ERASED_LATELY_MAX {
                self.erased_lately.pop_first();
            }
            let (last, last_line, language) =
                (RequestId(self.last_request), read.last_line.clone(), read.language.clone());
            self.erased_lately.insert(read.id, ErasedLately { last, last_line, language });
        }
        let consoles = self.of_agents.iter().filter(|(_, rights)| rights.in_site(Right::ConversationRead, &read.site));
        let mut to: Vec<_> = consoles.map(|((_, connection), _)| *connection).collect();
        to.extend(self.of_visitor(read.visitor));
        self.send_to(to, read.erased_frame(), step);
    }

    /// Takes what is gone out of an answer that the store may have read before it went. Events are read once more: what to ask, if so.
    pub(crate) fn without_erased(
        &self,
        (request, pending): (RequestId, &Pending),
        answer: &mut QueryAnswer,
    ) -> Option<Query> {
        let (reads, events): (&mut [Conversation], _) = match answer {
            QueryAnswer::Conversation(read) => (std::slice::from_mut(&mut **read), false),
            QueryAnswer::Events { conversation: read, .. } => (std::slice::from_mut(&mut **read), true),
            QueryAnswer::Conversations { rows, .. } => (rows.as_mut_slice(), false),
        };
        let mut gone = false;
        for read in reads {
            gone |= self.take_erased(request, read);
        }
        if let Pending::Page(Page { conversation, lane, after, .. }) = *pending
            && events
            && gone
        {
            return Some(Query::Events { conversation, lane, after });
        }
        None
    }

    fn take_erased(&self, request: RequestId, read: &mut Conversation) -> bool {
        let Some(lately) = self.erased_lately.get(&read.id).filter(|lately| request <= lately.last) else {
            return false;
        };
        read.last_line.clone_from(&lately.last_line);
        read.language.clone_from(&lately.language);
        read.erased = true;
        true
    }
}
