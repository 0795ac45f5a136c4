//! Frames in short, as the stories read them.

use relay_core::ConnectionId;
use wire::*;

use crate::support::World;

/// One connection for a frame, none for lists.
pub(crate) fn brief(frame: &ServerFrame) -> Option<String> {
    Some(match frame {
        ServerFrame::Event { event } => {
            let body = match &event.body {
                Body::Text { text } => format!("text {text}"),
                Body::Note { text } => format!("note {text}"),
                Body::Labelled { added, removed } => format!("labelled +{added:?} -{removed:?}"),
                Body::Turn { .. } => "turn".to_owned(),
                Body::Context { page } => format!("context {}", page.url),
                Body::Assigned { agent } => format!("assigned {:x}", agent.0),
                Body::Seen { up_to } => format!("seen {up_to}"),
                Body::Rated { score, .. } => format!("rated {score}"),
                Body::File { .. } => "file".to_owned(),
                Body::Queued => "queued".to_owned(),
                Body::LeftQueue => "left".to_owned(),
                Body::Joined => "joined".to_owned(),
                Body::Closed => "closed".to_owned(),
                Body::SetAside { why } => format!("set aside {why:?}"),
                Body::Spam => "spam".to_owned(),
                Body::Erased | Body::StaffErased => "erased".to_owned(),
                Body::Unknown => "unknown".to_owned(),
            };
            format!("{} {body}", event.seq)
        }
        ServerFrame::Events { lane, after, events, head, .. } => {
            format!("{lane:?} after {after}: {} of {head}", events.len())
        }
        ServerFrame::Queue { place, waiting, .. } => format!("position {place} of {waiting}"),
        ServerFrame::Refused { refusal, .. } => format!("refused {refusal:?}"),
        ServerFrame::Typing { name, .. } => format!("typing {name}"),
        ServerFrame::Welcome { .. } => "welcome".to_owned(),
        ServerFrame::Registered { .. } => "registered".to_owned(),
        ServerFrame::Pong { heads } => format!("pong {}", heads.len()),
        ServerFrame::Erased { .. } => "erased".to_owned(),
        ServerFrame::Answering { .. }
        | ServerFrame::Look { .. }
        | ServerFrame::Inbox { .. }
        | ServerFrame::Agent { .. }
        | ServerFrame::Closed { .. }
        | ServerFrame::OfVisitor { .. }
        | ServerFrame::Holder { .. }
        | ServerFrame::Counts { .. }
        | ServerFrame::Open { .. }
        | ServerFrame::Ending { .. }
        | ServerFrame::Blocks { .. } => return None,
    })
}

impl World {
    /// As `got`, without lists, agents and answering: the frames of the conversations themselves.
    pub(crate) fn news(&mut self, connection: ConnectionId) -> Vec<String> {
        self.got(connection).iter().filter_map(brief).collect()
    }
}
