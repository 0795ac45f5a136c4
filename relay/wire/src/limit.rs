//! Every bound of the product, named, with its unit and its reason. There is no "unlimited".

/// Characters of one text message or note: the drafts of long complaints fit, a pasted book does not.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// Characters of one label: a word or two.
pub const LABEL_CHARS_MAX: usize = 40;
/// Labels that are added at once, and labels that are removed at once.
pub const LABELS_MAX: usize = 20;
/// Bytes of one frame from a client: the longest text, escaped, with its envelope.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the read buffer of one socket. The library's own 128 KiB would be most of an idle visitor's cost.
pub const READ_BUFFER_BYTES: usize = 1024;
/// Filled pages that are kept compressed: one for each site, origin and language. Beyond it all are dropped and made anew.
pub const PACKED_PAGES_MAX: usize = 64;
/// How long assets of an earlier build are kept after the last relay of that build was at work: 30 days. A page that has been open
/// for longer is loaded anew.
pub const KEPT_ASSETS_MS: u64 = 30 * 86_400_000;
/// Bytes of all kept assets, those of the running build included: about thirty builds.
pub const KEPT_ASSETS_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// How long a new connection may take to send its first frame.
pub const HELLO_WAIT_MS: u64 = 10_000;
/// A client that has nothing to say pings this often, so that both sides notice a dead connection.
pub const PING_EVERY_MS: u64 = 20_000;
/// A client that receives nothing for this long after a ping takes the connection for dead.
pub const PONG_WAIT_MS: u64 = 10_000;
/// A client gives up an attempt to connect after this long; the browser itself would wait minutes. Must exceed
/// `ADMISSION_WAIT_MS`, or clients give up while they are still queued for admission, and queue again from the end.
pub const CONNECT_WAIT_MS: u64 = 12_000;
/// After so many WebSockets in a row that failed before the relay's welcome, or fell silent, a client opens a stream. An attempt that
/// hangs until `CONNECT_WAIT_MS` counts twice, so that nobody waits twice that long.
pub const SOCKET_FAILURES_MAX: u32 = 2;
/// A client on a stream tries this often whether a WebSocket can be opened by now.
pub const SOCKET_AGAIN_MS: u64 = 10 * 60_000;
/// A stream with nothing to say sends a comment this often, so that no proxy takes it for dead.
pub const STREAM_COMMENT_EVERY_MS: u64 = 25_000;
/// Frames in one post to a stream: more than a client has under way, …
pub const POST_FRAMES_MAX: usize = 32;
/// … and their bytes in all.
pub const POST_BYTES_MAX: usize = 128 * 1024;
/// How long a post may take to arrive.
pub const POST_WAIT_MS: u64 = 30_000;
/// The relay closes a connection on which it received nothing for this long. Browsers let the timers of a hidden page fire once a minute
/// only, so its pings come that late: two of them may be missed.
pub const IDLE_MAX_MS: u64 = 150_000;
/// Bytes of frames that may wait for one visitor who reads slowly, before the connection is closed with a code that says
/// "connect again": some pages of a log, or a thousand messages.
pub const SEND_BYTES_MAX: usize = 512 * 1024;
/// The same for an agent, who is sent news of all conversations, and whose `welcome` is the largest frame.
pub const SEND_BYTES_OF_AGENT_MAX: usize = 4 * 1024 * 1024;
/// Bytes of frames that may wait for all visitors of one address, counted for each connection. Beyond it, those that do not read are closed.
pub const SEND_BYTES_PER_ADDRESS_MAX: usize = 16 * 1024 * 1024;
/// The same for one network. Five networks that read nothing still leave room within `SEND_BYTES_TOTAL_MAX`.
pub const SEND_BYTES_PER_NETWORK_MAX: usize = 48 * 1024 * 1024;
/// Bytes of frames that may wait in one relay. A frame counts once, from when it was encoded until the last who gets it has written it.
pub const SEND_BYTES_TOTAL_MAX: usize = 256 * 1024 * 1024;
/// Bytes of the largest frame to anybody: an agent's `welcome` with a thousand colleagues.
pub const SEND_FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of frames that may wait because a connection's `welcome` must come first, which waits for the store.
pub const HELD_BYTES_MAX: usize = 128 * 1024;
/// The next page of a log is read once no more bytes than this wait to be sent to the client.
pub const PAGE_AFTER_BYTES_MAX: usize = 32 * 1024;
/// Inputs that may wait for the core; a full queue answers `Busy`.
pub const CORE_QUEUE_INPUTS_MAX: usize = 8_192;
/// While more inputs wait than this, frames with long texts are answered `Busy`. This bounds the queue in bytes.
pub const CORE_QUEUE_LONG_INPUTS_MAX: usize = 256;
/// Appends that may wait for the store; a full queue answers `Busy`.
pub const STORE_QUEUE_APPENDS_MAX: usize = 8_192;
/// Bytes of the texts of appends that wait; beyond them the next append is answered `Busy`.
pub const STORE_QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Look-ups that may wait for the store; a full queue answers `Busy`.
pub const STORE_QUEUE_READS_MAX: usize = 8_192;
/// Appends committed in one transaction at most. This bounds how long the first of them waits for the last.
pub const STORE_BATCH_APPENDS_MAX: usize = 512;
/// Committed events that may wait in the table `recent` to be moved to the table `event`, unless the configuration says otherwise. With
/// more of them, more events of one conversation are moved together. A relay keeps them in memory and reads them at its start.
pub const RECENT_EVENTS_MAX: usize = 16_384;
/// Bytes of the bodies of these events, so that long texts do not fill the memory.
pub const RECENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Events that the index of the feed keeps for consumers that are behind, about 30 bytes each: about 130 MB. A consumer that is further behind reads
/// from the log itself, with one scan of all of it for every 65,536 events.
pub const FEED_EVENTS_MAX: i64 = 4_000_000;
/// Bytes of bodies in one page of the feed; the last event may exceed it.
pub const FEED_PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Events in one page of the feed.
pub const FEED_PAGE_EVENTS_MAX: usize = 512;
/// A relay's lease of a consumer runs out after this long unless it is renewed. After a crash another relay takes over that much later.
pub const CONSUMER_LEASE_MS: u64 = 10_000;
/// Frames that a connection may send at once …
pub const FRAMES_BURST_MAX: u32 = 120;
/// … and each second after that. People do not type faster; floods do.
pub const FRAMES_PER_SECOND_MAX: u32 = 20;
/// Frames over the rate that are refused one by one before the connection is closed as a flood.
pub const FRAMES_REFUSED_MAX: u32 = 200;
/// Connections that one address may hold at once. An office behind one address still fits.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 200;
/// Connections that one network (IPv4 /24, IPv6 /48) may hold at once.
pub const CONNECTIONS_PER_NETWORK_MAX: usize = 1_000;
/// Refused connections that are answered with the reason at the same time. Further ones are answered only if that needs no waiting.
pub const REFUSALS_AT_ONCE_MAX: usize = 64;
/// A visitor whose token is older than this is known. A few slots are kept for known visitors; a flood cannot make such tokens at once.
pub const KNOWN_AFTER_MS: u64 = 24 * 3_600_000;
/// Connections of plain HTTP at once; those of chats and consoles are counted apart. Further ones are refused before a byte is read.
pub const HTTP_CONNECTIONS_MAX: usize = 8_192;
/// Connections of plain HTTP that one address may open beside those of chats and consoles: an office loads pages and files, too.
pub const HTTP_CONNECTIONS_SPARE: usize = 256;
/// Bytes of one request's head; the last read may exceed it. Cookies and proxies' headers fit. Together with `HTTP_CONNECTIONS_MAX` it bounds
/// what heads take in memory.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// New connections that one address may open at once. The allowance is refilled evenly, as many in a minute.
pub const CONNECTS_PER_ADDRESS_PER_MINUTE_MAX: u32 = 300;
/// The same for one network.
pub const CONNECTS_PER_NETWORK_PER_MINUTE_MAX: u32 = 900;
/// Frames that all visitors' connections of one address may send at once: ten each for an office of two hundred that reconnects together …
pub const FRAMES_PER_ADDRESS_BURST_MAX: u32 = 2_000;
/// … and those of one network. The allowance is refilled within …
pub const FRAMES_PER_NETWORK_BURST_MAX: u32 = 4_000;
/// … this: 200 a second for an address, one for each of its two hundred.
pub const FRAMES_SHARED_WINDOW_MS: u64 = 10_000;
/// Connections that one relay holds at once.
pub const CONNECTIONS_MAX: usize = 50_000;
/// Visitors who are admitted at the same time, from their request until their hello is proven; agents do not wait for admission. Large
/// enough that slow networks do not hold others up: five hundred are admitted each second. Small enough that an agent's own hello,
/// which the core takes after theirs, is not late.
pub const ADMISSIONS_AT_ONCE_MAX: usize = 128;
/// How long a visitor waits for admission before it is refused and may come back later.
pub const ADMISSION_WAIT_MS: u64 = 10_000;
/// A visitor who has sent no hello after this long frees the admission slot for the next one. The connection stays.
pub const ADMISSION_SLOT_MS: u64 = 250;
/// New visitors that one address may register at once. The allowance is refilled evenly, as many in a minute.
pub const REGISTRATIONS_PER_ADDRESS_PER_MINUTE_MAX: u32 = 30;
/// The same for one network.
pub const REGISTRATIONS_PER_NETWORK_PER_MINUTE_MAX: u32 = 60;
/// Failed sign-ins that one address, or one browser that is known to the account, may have at once; then one is allowed for each part of the
/// window. After as many failures at one account, passwords from browsers unknown to it are checked `SIGN_IN_SLOWED_MS` later.
pub const SIGN_IN_FAILURES_MAX: u32 = 10;
/// The same for one network.
pub const SIGN_IN_FAILURES_PER_NETWORK_MAX: u32 = 30;
/// Failed sign-ins at one account from unknown browsers before these are refused: more than eighteen networks can make, and few enough that
/// nobody guesses a password.
pub const SIGN_IN_FAILURES_PER_ACCOUNT_MAX: u32 = 600;
/// Wrong codes of second factors for one account from browsers that are unknown to it, in [`SECOND_FACTOR_WINDOW_MS`]. Who tries has its password.
pub const SECOND_FACTOR_FAILURES_MAX: u32 = 10;
/// The window of [`SECOND_FACTOR_FAILURES_MAX`].
pub const SECOND_FACTOR_WINDOW_MS: u64 = 3_600_000;
/// How long a sign-in waits for its second factor.
pub const SECOND_FACTOR_WAIT_MS: u64 = 5 * 60_000;
/// How much later a password is checked while somebody guesses at an account.
pub const SIGN_IN_SLOWED_MS: u64 = 1_000;
/// How long a browser that an agent has signed in from stays known to the account without another sign-in.
pub const DEVICE_MS: u64 = 180 * 24 * 3_600_000;
/// Passwords that wait to be checked, one at a time; those from known browsers are counted apart …
pub const PASSWORDS_WAITING_MAX: usize = 256;
/// … and those of one network, so that nobody there waits longer than people are willing to.
pub const PASSWORDS_WAITING_PER_NETWORK_MAX: usize = 8;
/// The window of [`SIGN_IN_FAILURES_MAX`].
pub const SIGN_IN_WINDOW_MS: u64 = 15 * 60_000;
/// How often the relay asks the store whether sign-ins were revoked, also by another process. No connection outlives its sign-in by a second.
pub const REVOCATION_EVERY_MS: u64 = 250;
/// The use of a sign-in is recorded at most this often. An open connection counts as use.
pub const SESSION_USE_EVERY_MS: u64 = 60_000;
/// How long an agent's session lasts without use.
pub const AGENT_SESSION_MS: u64 = 12 * 3_600_000;
/// How long it lasts however much it is used: then the agent signs in anew.
pub const AGENT_SESSION_WHOLE_MS: u64 = 30 * 24 * 3_600_000;
/// How long ago an agent may have proved who they are when rights, keys or exports are touched.
pub const SIGN_IN_CONFIRMED_MS: u64 = 10 * 60_000;
/// How long a visitor's token lasts without use.
pub const VISITOR_TOKEN_MS: u64 = 180 * 24 * 3_600_000;
/// Conversations that one visitor may have open at once. Only a script wants more.
pub const OPEN_CONVERSATIONS_PER_VISITOR_MAX: usize = 3;
/// Drafts that a client keeps for a relay that cannot be reached.
pub const OUTBOX_MESSAGES_MAX: usize = 200;
/// Drafts under way at once, one of each conversation. A second one of the same could be recorded although the first is refused for now.
pub const OUTBOX_IN_FLIGHT_MAX: usize = 16;
/// Events of one lane that arrived early and wait for the gap before them to be filled.
pub const AHEAD_EVENTS_MAX: usize = 256;
/// Events in one page of a fetch.
pub const PAGE_EVENTS_MAX: usize = 200;
/// Bytes of event bodies in one page of a fetch (one event always fits): keeps a page of long texts from filling a slow connection.
pub const PAGE_BYTES_MAX: usize = 64 * 1024;
/// Open conversations in an agent's `welcome`.
pub const INBOX_CONVERSATIONS_MAX: usize = 1_000;
/// Bytes of the rows of these conversations, which hold what visitors write.
pub const INBOX_BYTES_MAX: usize = 1024 * 1024;
/// A visitor in the queue who has no connection for this long has left it, unless the configuration says otherwise.
pub const LEFT_AFTER_MS: u64 = 5 * 60_000;
/// A visitor who left this long ago, and whose last message is unanswered, has left a message.
pub const MESSAGE_AFTER_MS: u64 = 15 * 60_000;
/// After the visitor of an agent's conversation is gone for this long, the conversation no longer counts against the agent's capacity. Where
/// no agent has answered yet, [`LEFT_AFTER_MS`] counts.
pub const OWNED_LEFT_AFTER_MS: u64 = 30 * 60_000;
/// After an agent has had no console for this long, its conversations are given back.
pub const AGENT_GONE_AFTER_MS: u64 = 2 * 60_000;
/// Conversations that one address may open at once. The allowance is refilled evenly, as many in a minute. An office does not notice it.
pub const OPENINGS_PER_ADDRESS_PER_MINUTE: u32 = 30;
/// The same for one network.
pub const OPENINGS_PER_NETWORK_PER_MINUTE: u32 = 120;
/// A flood is declared when so many wait …
pub const FLOOD_WAITING: u32 = 500;
/// … and so many conversations were opened within a minute.
pub const FLOOD_OPENINGS_PER_MINUTE: u32 = 300;
/// While a flood lasts, all visitors who were not known before may open so many a minute; those of networks of which nobody waits yet have
/// as many again to themselves.
pub const FLOOD_NEW_PER_MINUTE: u32 = 120;
/// Conversations that one `end_many` may name.
pub const END_MANY_MAX: usize = 500;
/// Blocks at once; more than a person can look after.
pub const BLOCKS_MAX: usize = 1_000;
/// The longest block. Addresses change their owners.
pub const BLOCK_MS_MAX: u64 = 366 * 24 * 3_600_000;
/// Characters of a block's reason.
pub const BLOCK_REASON_CHARS_MAX: usize = 200;
/// Characters that a list may be searched for.
pub const FIND_CHARS_MAX: usize = 100;
/// Conversations in one page of a list.
pub const PAGE_CONVERSATIONS_MAX: usize = 50;
/// Conversations that a console or a visitor follows on one connection.
pub const FOLLOW_CONVERSATIONS_MAX: usize = 64;
/// Unread messages counted one by one; beyond, "99+".
pub const UNREAD_MAX: usize = 100;
/// Characters of the last line shown in a list.
pub const LAST_LINE_CHARS_MAX: usize = 120;
/// Characters of a site id.
pub const SITE_ID_CHARS_MAX: usize = 40;
/// Characters of a person's or a site's name.
pub const NAME_CHARS_MAX: usize = 80;
/// Characters of an attachment's name as shown; longer names are shortened, keeping the extension.
pub const FILE_NAME_CHARS_MAX: usize = 120;
/// Bytes of one attachment, unless the configuration says otherwise.
pub const ATTACHMENT_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// Pixels of one picture: a photograph of 64 megapixels fits, and a browser needs four bytes for each.
pub const PICTURE_PIXELS_MAX: u64 = 64 * 1024 * 1024;
/// Pixels of all frames of a moving picture together: five minutes of a screen's recording are a film, not a picture.
pub const PICTURE_FRAMES_PIXELS_MAX: u64 = 256 * 1024 * 1024;
/// Uploads of one address at the same time.
pub const UPLOADS_PER_ADDRESS_MAX: usize = 8;
/// Transcripts of one person at the same time. Each holds a page of both lanes and what is written of it.
pub const TRANSCRIPTS_PER_PERSON_MAX: usize = 2;
/// Transcripts of the visitors of one address at the same time.
pub const TRANSCRIPTS_PER_ADDRESS_MAX: usize = 4;
/// Transcripts of all visitors at the same time.
pub const TRANSCRIPTS_OF_VISITORS_MAX: usize = 64;
/// Transcripts of all agents at the same time, so that no visitor can take an agent's.
pub const TRANSCRIPTS_OF_AGENTS_MAX: usize = 16;
/// Bytes of a transcript that are gathered before they are written; the last event may exceed it.
pub const TRANSCRIPT_CHUNK_BYTES: usize = 16 * 1024;
/// A transfer in which nothing moves for this long is broken: an upload that brings nothing, an answer that nobody takes.
pub const TRANSFER_STALL_MS: u64 = 30_000;
/// The slowest connection for which a transfer is kept up, a quarter of 64 kbit/s. A slower one uses up `TRANSFER_STALL_MS`.
pub const TRANSFER_BYTES_PER_SECOND_MIN: u64 = 2 * 1024;
/// Bytes that may wait unsent in the kernel for one connection: what a slow reader costs beside its queue.
pub const UNSENT_BYTES_MAX: u32 = 128 * 1024;
/// Uploaded files that no message has named after this long are removed. Long enough for a connection that comes and goes; too short to use
/// the relay as a store for other files.
pub const UPLOAD_ORPHAN_MS: u64 = 3_600_000;
/// What an uploaded file counts beside its bytes wherever bytes of files are counted: the rest of its last block, its inode, its record.
pub const FILE_COST_BYTES: u64 = 8 * 1024;
/// Characters of each field of the page context a visitor sends.
pub const CONTEXT_FIELD_CHARS_MAX: usize = 300;
/// Characters of a rating's comment.
pub const COMMENT_CHARS_MAX: usize = 1_000;
/// Conversations an agent holds at once, unless set otherwise.
pub const CAPACITY_DEFAULT: u32 = 4;
/// The highest capacity that can be set.
pub const CAPACITY_MAX: u32 = 100;
/// An agent whose last console connection is gone for this long is away.
pub const AGENT_GRACE_MS: u64 = 30_000;
/// A typing sign is sent again at most this often …
pub const TYPING_EVERY_MS: u64 = 3_000;
/// … and disappears after this long.
pub const TYPING_SHOWN_MS: u64 = 6_000;
/// A client waits this long for the event that acknowledges a draft before it sends it again.
pub const ACKNOWLEDGE_WAIT_MS: u64 = 15_000;
/// The first wait before a reconnect …
pub const RECONNECT_FIRST_MS: u64 = 500;
/// … doubled each time up to this, with jitter, without end.
pub const RECONNECT_MAX_MS: u64 = 20_000;
/// How long a stopping relay waits for its connections and its store.
pub const STOP_WAIT_MS: u64 = 5_000;

const _: () = assert!(INBOX_BYTES_MAX + 1024 * 1024 <= SEND_FRAME_BYTES_MAX);
const _: () = assert!(FRAME_BYTES_MAX < SEND_BYTES_MAX && SEND_FRAME_BYTES_MAX < SEND_BYTES_OF_AGENT_MAX);
const _: () = assert!(PAGE_AFTER_BYTES_MAX + PAGE_BYTES_MAX + 2 * FRAME_BYTES_MAX <= SEND_BYTES_MAX);
const _: () = assert!(SEND_BYTES_MAX < SEND_BYTES_PER_ADDRESS_MAX);
const _: () = assert!(SEND_BYTES_PER_ADDRESS_MAX < SEND_BYTES_PER_NETWORK_MAX);
const _: () = assert!(5 * SEND_BYTES_PER_NETWORK_MAX < SEND_BYTES_TOTAL_MAX);
// UTF-8 needs four bytes a character at most.
const _: () = assert!(TEXT_CHARS_MAX * 4 < FRAME_BYTES_MAX);
const _: () = assert!(IDLE_MAX_MS > PING_EVERY_MS + PONG_WAIT_MS);
const _: () = assert!(CONNECTIONS_PER_ADDRESS_MAX + HTTP_CONNECTIONS_SPARE < HTTP_CONNECTIONS_MAX);
const _: () = assert!(TYPING_SHOWN_MS > TYPING_EVERY_MS);
const _: () = assert!(RECONNECT_FIRST_MS < RECONNECT_MAX_MS);
const _: () = assert!(OUTBOX_IN_FLIGHT_MAX < FRAMES_BURST_MAX as usize);
const _: () = assert!(OUTBOX_IN_FLIGHT_MAX < POST_FRAMES_MAX && POST_FRAMES_MAX < FRAMES_BURST_MAX as usize);
const _: () = assert!(POST_BYTES_MAX > FRAME_BYTES_MAX);
const _: () = assert!(SOCKET_AGAIN_MS > CONNECT_WAIT_MS && STREAM_COMMENT_EVERY_MS < IDLE_MAX_MS);
const _: () = assert!(STORE_BATCH_APPENDS_MAX <= STORE_QUEUE_APPENDS_MAX);
const _: () = assert!(REVOCATION_EVERY_MS <= 500 && SESSION_USE_EVERY_MS < AGENT_SESSION_MS);
const _: () = assert!(AGENT_SESSION_MS < AGENT_SESSION_WHOLE_MS && SIGN_IN_CONFIRMED_MS < AGENT_SESSION_MS);
const _: () = assert!(SIGN_IN_FAILURES_PER_ACCOUNT_MAX > 18 * SIGN_IN_FAILURES_PER_NETWORK_MAX);
const _: () = assert!(ADMISSION_WAIT_MS < CONNECT_WAIT_MS);
const _: () = assert!(ADMISSION_SLOT_MS < HELLO_WAIT_MS);
const _: () = assert!(CAPACITY_DEFAULT <= CAPACITY_MAX);
const _: () = assert!(CAPACITY_MAX as usize >= FOLLOW_CONVERSATIONS_MAX);
