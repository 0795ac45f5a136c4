//! What the routes of the matrix are about: a colleague of each site with sign-ins, keys and invitations.

use std::path::Path;

use relay::audit::Who as By;
use relay::store::{
    AttachmentRecord, InvitationRecord, Invited, ServiceKeyRecord, TokenHash, Uploader, VisitorRecord, Writer,
};
use relay_settings::{Reach, Scope};
use wire::{
    AgentId, Attachment, AttachmentId, ConversationId, InvitationId, Media, ServiceKeyId, SiteId, Token, VisitorId,
};

use super::world::{SITES, Who, agent_record, everybody, id, sign_in};

/// What one agent tries the routes on.
pub(super) struct Targets {
    /// A colleague of the site.
    pub(super) mate: AgentId,
    /// One who is removed.
    pub(super) leaver: AgentId,
    /// A sign-in of the first.
    pub(super) session: String,
    pub(super) invitation: InvitationId,
    pub(super) key: ServiceKeyId,
    pub(super) conversation: ConversationId,
    /// One that is brought, …
    pub(super) file: AttachmentId,
    /// … and one that is in the conversation.
    pub(super) kept: AttachmentId,
    /// A visitor who has written nothing.
    pub(super) nobody: VisitorId,
}

/// Beyond every row of the frames.
const ROW: usize = 900;

pub(super) fn targets(who: Who, site: usize) -> Targets {
    let cell = who.cell(ROW, site);
    Targets {
        mate: AgentId(20_000 + site as u128),
        leaver: AgentId(1_000_000_000 + cell),
        session: format!("{:032x}", 2_000_000_000 + cell),
        invitation: InvitationId(3_000_000_000 + cell),
        key: ServiceKeyId(30_000 + site as u128),
        conversation: ConversationId(super::world::looked_for(site, false)),
        file: AttachmentId(4_000_000_000 + cell),
        kept: AttachmentId(40_000 + site as u128),
        nobody: VisitorId(5_000_000_000 + site as u128),
    }
}

fn site_id(site: usize) -> SiteId {
    SITES[site].parse().expect("a site id")
}

fn scope(site: usize) -> Scope {
    Scope { sites: Reach::Some([site_id(site)].into()), departments: Reach::All }
}

fn hash(number: u128) -> TokenHash {
    let mut bytes = [7; 32];
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    TokenHash(bytes)
}

pub(super) fn fill(writer: &mut dyn Writer, folder: &Path) {
    let now = relay::clock::now_ms();
    for site in 0..SITES.len() {
        let Targets { mate, key, kept, conversation, nobody, .. } = targets(Who { role: 0, scope: 0 }, site);
        file(writer, folder, kept, conversation);
        let record = agent_record(&format!("mate-{site}"), [id("reader")].into(), scope(site), mate);
        writer.put_agent(&record).expect("added");
        let record = ServiceKeyRecord {
            id: key,
            token: hash(key.0),
            name: format!("key-{site}"),
            rights: r#"["conversation_read"]"#.to_owned(),
            scope: serde_json::to_string(&scope(site)).expect("JSON"),
            made_by: By::CommandLine,
            made_at_ms: now,
            until_ms: None,
            used_at_ms: None,
            revoked_at_ms: None,
        };
        writer.add_service_key(&record).expect("added");
        let record = VisitorRecord {
            id: nobody,
            site: site_id(site),
            token: hash(nobody.0),
            created_at_ms: now,
            used_at_ms: now,
        };
        writer.add_visitor(&record).expect("added");
        for who in everybody() {
            let Targets { leaver, session, invitation, .. } = targets(who, site);
            let record = agent_record(&format!("leaver-{leaver}"), [id("reader")].into(), scope(site), leaver);
            writer.put_agent(&record).expect("added");
            let number = u128::from_str_radix(&session, 16).expect("digits");
            let mut token = [9; 32];
            token[16..].copy_from_slice(&number.to_be_bytes());
            sign_in(writer, mate, &Token::from_bytes(&token), number);
            let what = Invited::Colleague {
                email: format!("{invitation}@matrix.example.com"),
                name: String::new(),
                roles: [id("reader")].into(),
                scope: scope(site),
                capacity: 1,
            };
            let record = InvitationRecord {
                id: invitation,
                token: hash(invitation.0),
                what,
                made_by: By::CommandLine,
                made_at_ms: now,
                until_ms: now + 3_600_000,
            };
            writer.put_invitation(&record).expect("invited");
        }
    }
}

/// A text in a conversation, with its bytes.
fn file(writer: &mut dyn Writer, folder: &Path, id: AttachmentId, conversation: ConversationId) {
    let key = format!("{:032x}", id.0);
    let place = folder.join("files").join(&key[..2]);
    std::fs::create_dir_all(&place).expect("made");
    std::fs::write(place.join(&key), "hello").expect("written");
    let record = AttachmentRecord {
        attachment: Attachment {
            id,
            name: "a.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            media: Media::Document,
            bytes: 5,
            width: 0,
            height: 0,
        },
        conversation,
        uploader: Uploader::Visitor(super::world::visitor_of(conversation.0)),
        key,
        uploaded_at_ms: relay::clock::now_ms(),
    };
    writer.add_attachment(&record).expect("kept");
}
