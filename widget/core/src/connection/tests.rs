//! The connection, step by step.

use wire::limit::SOCKET_AGAIN_MS;

use super::*;
use crate::types::Transport::{self, Socket, Stream};

fn live() -> (Connection, VecDeque<Output>) {
    let mut connection = Connection::new();
    let mut out = VecDeque::new();
    connection.open(0, &mut out);
    assert_eq!(out.pop_front(), Some(Output::Connect(Transport::Socket)));
    assert!(connection.up(10));
    connection.welcome(20);
    (connection, out)
}

fn next_ms(connection: &Connection, now_ms: u64) -> Option<u64> {
    let mut earliest = Earliest::after(now_ms);
    connection.timeout(&mut earliest);
    earliest.get()
}

#[test]
fn a_silent_line_is_pinged_then_dropped_then_made_again() {
    let (mut connection, mut out) = live();
    assert_eq!(next_ms(&connection, 20), Some(20_020));
    assert!(!connection.tick(20_020, 0, &mut out));
    assert_eq!(out.pop_front(), Some(Output::Transmit(ClientFrame::Ping)));
    assert_eq!(next_ms(&connection, 20_020), Some(30_020));
    assert!(connection.tick(30_020, 0, &mut out));
    assert_eq!(out.pop_front(), Some(Output::Disconnect));
    assert_eq!(connection.online(), Online::Reconnecting { retry_at_ms: 30_270 });
    assert!(!connection.tick(30_270, 0, &mut out));
    assert_eq!(out.pop_front(), Some(Output::Connect(Transport::Socket)));
}

#[test]
fn any_frame_proves_that_the_line_lives() {
    let (mut connection, mut out) = live();
    connection.tick(20_020, 0, &mut out);
    assert!(connection.frame_came(false));
    assert!(!connection.tick(30_020, 0, &mut out));
    assert_eq!(next_ms(&connection, 30_020), Some(40_020));
}

#[test]
fn what_the_browser_says_of_the_network_shows_at_once_and_until_the_line_answers() {
    // After the event: whether the ping is answered, and how the connection then stands at once and in the end.
    for answered in [true, false] {
        let (mut connection, mut out) = live();
        connection.network_down(1_000, &mut out);
        assert_eq!(out.pop_front(), Some(Output::Transmit(ClientFrame::Ping)));
        assert_eq!(connection.online(), Online::Offline);
        assert!(connection.live(), "it may be wrong: nothing is dropped for it");
        assert!(connection.frame_came(false), "a frame that was under way is taken, and is no answer");
        assert_eq!(connection.online(), Online::Offline);
        if answered {
            assert!(connection.frame_came(true));
            assert_eq!(connection.online(), Online::Live);
        } else {
            assert!(connection.tick(1_000 + PONG_WAIT_MS, 0, &mut out));
            assert_eq!(connection.online(), Online::Offline);
        }
    }
}

#[test]
fn waits_double_until_a_line_has_lasted() {
    let mut connection = Connection::new();
    let mut out = VecDeque::new();
    connection.open(0, &mut out);
    let mut now_ms = 0;
    for wait_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
        assert!(connection.down(now_ms, 1006, 0));
        assert_eq!(next_ms(&connection, now_ms), Some(now_ms + wait_ms));
        now_ms += wait_ms;
        assert!(!connection.tick(now_ms, 0, &mut out));
    }
    assert!(connection.up(now_ms));
    connection.welcome(now_ms);
    now_ms += STABLE_MS;
    assert!(connection.down(now_ms, 1006, 0));
    assert_eq!(next_ms(&connection, now_ms), Some(now_ms + 250));
}

#[test]
fn codes_say_whether_and_when_to_come_back() {
    for (code, online) in [
        (1006, Online::Reconnecting { retry_at_ms: 350 }),
        (Close::Restart.code(), Online::Reconnecting { retry_at_ms: 350 }),
        (Close::Busy.code(), Online::Reconnecting { retry_at_ms: 4_100 }),
        (Close::Version.code(), Online::Refused(Close::Version)),
        (Close::SignedOut.code(), Online::Refused(Close::SignedOut)),
        (4_777, Online::Refused(Close::Version)),
    ] {
        let (mut connection, mut out) = live();
        assert!(connection.down(100, code, 0));
        assert_eq!(connection.online(), online, "{code}");
        let refused = matches!(online, Online::Refused(_));
        assert_eq!(next_ms(&connection, 100).is_none(), refused);
        connection.network_up(200, &mut out);
        assert_eq!(out.pop_front(), if refused { None } else { Some(Output::Connect(Transport::Socket)) });
    }
}

#[test]
fn a_page_whose_pings_come_late_is_back_at_once() {
    let (mut connection, mut out) = live();
    assert!(connection.down(60_000, Close::Idle.code(), 0));
    assert!(!connection.tick(60_000, 0, &mut out));
    assert_eq!(out.pop_front(), Some(Output::Connect(Transport::Socket)));
}

#[test]
fn hanging_attempts_are_given_up_and_late_reports_ignored() {
    let mut connection = Connection::new();
    let mut out = VecDeque::new();
    connection.open(0, &mut out);
    connection.open(0, &mut out);
    assert_eq!(out.len(), 1);
    assert!(connection.tick(CONNECT_WAIT_MS, 0, &mut out));
    assert!(!connection.up(CONNECT_WAIT_MS) && !connection.frame_came(true));
    assert!(!connection.down(CONNECT_WAIT_MS, Close::Version.code(), 0));
    assert!(matches!(connection.online(), Online::Reconnecting { .. }));
    connection.network_down(CONNECT_WAIT_MS, &mut out);
    assert_eq!(connection.online(), Online::Offline);
}

/// What may happen to a connection, for the tables below.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The try fails at once: refused, closed, no route.
    Fails,
    /// The try gets no answer of any kind.
    Hangs,
    /// The try is greeted.
    Works,
    /// The relay itself ends the connection.
    Closes(Close),
    /// A greeted connection breaks.
    Breaks,
    /// A ping is answered.
    Answers,
    /// A ping is not answered.
    Silent,
    /// A look whether a socket can be opened finds that it can.
    Opens,
    /// Time passes on a connection that lives.
    Lives(u64),
    /// A greeted connection breaks, and the browser says that there is a network.
    Returns,
    /// The browser says whether there is a network.
    Network(bool),
}

/// Lives through it, connecting again whenever it is due; every transport that was tried.
fn tried(story: &[Happens]) -> (Vec<Transport>, Connection) {
    let (mut connection, mut out, mut now_ms) = (Connection::new(), VecDeque::new(), 0);
    connection.open(0, &mut out);
    for happens in story {
        match *happens {
            Happens::Fails => assert!(connection.down(now_ms, 1006, 0)),
            Happens::Hangs => {
                now_ms = next_ms(&connection, now_ms).expect("a bound");
                assert!(connection.tick(now_ms, 0, &mut out));
            }
            Happens::Works => {
                assert!(connection.up(now_ms));
                connection.welcome(now_ms);
            }
            Happens::Closes(close) => assert!(connection.down(now_ms, close.code(), 0)),
            Happens::Breaks => {
                now_ms += STABLE_MS;
                assert!(connection.live() && connection.down(now_ms, 1006, 0));
            }
            Happens::Answers => {
                now_ms = connection.ping_at_ms;
                assert!(!connection.tick(now_ms, 0, &mut out) && connection.frame_came(true));
            }
            Happens::Silent => {
                assert!(!connection.tick(connection.ping_at_ms, 0, &mut out));
                now_ms = connection.dead_at_ms.expect("a bound");
                assert!(connection.tick(now_ms, 0, &mut out));
            }
            Happens::Opens => assert!(connection.socket_open(now_ms, &mut out)),
            Happens::Lives(ms) => {
                let end_ms = now_ms + ms;
                while now_ms < end_ms {
                    now_ms = next_ms(&connection, now_ms).expect("a ping is due").min(end_ms);
                    assert!(!connection.tick(now_ms, 0, &mut out) && connection.frame_came(true));
                }
            }
            Happens::Returns => {
                now_ms += STABLE_MS;
                assert!(connection.live() && connection.down(now_ms, 1006, 0));
                assert!(!connection.network_up(now_ms, &mut out));
            }
            Happens::Network(true) => drop(connection.network_up(now_ms, &mut out)),
            Happens::Network(false) => connection.network_down(now_ms, &mut out),
        }
        if let State::Down { retry_at_ms } = connection.state {
            now_ms = now_ms.max(retry_at_ms);
            connection.tick(now_ms, 0, &mut out);
        }
    }
    let tried = |output: &Output| if let Output::Connect(transport) = output { Some(*transport) } else { None };
    (out.iter().filter_map(tried).collect(), connection)
}

#[test]
fn a_stream_is_taken_where_sockets_fail_and_a_socket_wherever_one_works() {
    use Happens::{Answers, Breaks, Closes, Fails, Hangs, Lives, Network, Opens, Returns, Silent, Works};
    for (story, tries) in [
        // A relay that restarts, or a hiccup, is not a blocked socket.
        (vec![Works, Breaks], vec![Socket, Socket]),
        (vec![Fails, Works, Answers, Breaks, Fails], vec![Socket; 4]),
        (vec![Works, Closes(Close::Restart), Works, Closes(Close::Slow)], vec![Socket; 3]),
        // A relay that answers was reached, whatever it answers.
        (vec![Closes(Close::Busy), Closes(Close::Busy), Closes(Close::Busy)], vec![Socket; 4]),
        (vec![Closes(Close::Version)], vec![Socket]),
        // Refused twice, or one that hangs: the next is a stream, and after that one too.
        (vec![Fails, Fails], vec![Socket, Socket, Stream]),
        (vec![Hangs], vec![Socket, Stream]),
        (vec![Closes(Close::HelloLate), Fails], vec![Socket, Socket, Stream]),
        (vec![Hangs, Works, Breaks, Works, Closes(Close::Restart)], vec![Socket, Stream, Stream, Stream]),
        // Welcomed, and then silent, twice: messages would go up and nothing come down.
        (vec![Works, Silent, Works, Silent], vec![Socket, Socket, Stream]),
        (vec![Works, Silent, Works, Answers, Silent], vec![Socket; 3]),
        // A stream that fails: it may not be the sockets.
        (vec![Fails, Fails, Fails], vec![Socket, Socket, Stream, Socket]),
        (vec![Hangs, Hangs, Fails, Fails], vec![Socket, Stream, Socket, Socket, Stream]),
        (vec![Hangs, Works, Silent, Fails], vec![Socket, Stream, Socket, Stream]),
        // Later, when the stream ends anyway, one socket is tried.
        (vec![Hangs, Works, Breaks, Works, Breaks], vec![Socket, Stream, Stream, Stream]),
        (vec![Hangs, Works, Lives(2 * SOCKET_AGAIN_MS), Breaks], vec![Socket, Stream, Stream]),
        // Another network may let sockets through.
        (vec![Fails, Fails, Works, Returns, Fails], vec![Socket, Socket, Stream, Socket, Stream]),
        // … but where they hang, only a look can tell.
        (vec![Hangs, Works, Returns], vec![Socket, Stream, Stream]),
        // Without a network nothing is learnt.
        (vec![Network(false), Fails, Hangs, Fails, Hangs], vec![Socket; 5]),
        // A socket that opens while the stream works is moved to; one that opens and is silent is not believed again.
        (vec![Hangs, Works, Lives(SOCKET_AGAIN_MS), Opens, Works, Answers], vec![Socket, Stream, Socket]),
        (vec![Hangs, Works, Opens, Hangs, Works, Breaks], vec![Socket, Stream, Socket, Stream, Stream]),
    ] {
        assert_eq!(tried(&story).0, tries, "{story:?}");
    }
}

#[test]
fn a_stream_looks_now_and_then_whether_a_socket_would_do() {
    let (_, mut connection) = tried(&[Happens::Hangs, Happens::Works]);
    let mut out = VecDeque::new();
    let mut probes = Vec::new();
    let mut now_ms = CONNECT_WAIT_MS;
    while now_ms < 2 * SOCKET_AGAIN_MS + SOCKET_AGAIN_MS / 2 {
        now_ms = next_ms(&connection, now_ms).expect("something is due");
        assert!(!connection.tick(now_ms, 0, &mut out) && connection.frame_came(true));
        probes.extend(out.drain(..).filter(|output| *output == Output::Probe).map(|_| now_ms));
    }
    assert_eq!(probes, [1, 2].map(|n| CONNECT_WAIT_MS + n * SOCKET_AGAIN_MS));
    // It may be another network: it looks at once, and not again for that.
    assert!(
        !connection.network_up(now_ms, &mut out)
            && connection.frame_came(true)
            && !connection.tick(now_ms, 0, &mut out)
    );
    assert_eq!(out.drain(..).filter(|output| *output == Output::Probe).count(), 1);
    assert!(!connection.tick(now_ms, 0, &mut out) && !out.contains(&Output::Probe));
    // On a socket it never looks.
    assert!(connection.socket_open(now_ms, &mut out));
    assert!(connection.up(now_ms));
    connection.welcome(now_ms);
    assert_eq!(connection.choice.probe_at_ms(), u64::MAX);
    assert!(!connection.socket_open(now_ms, &mut out), "a late word");
    // Nor where a socket that could be opened was of no use.
    let (_, connection) = tried(&[Happens::Hangs, Happens::Works, Happens::Opens, Happens::Hangs, Happens::Works]);
    assert_eq!(connection.choice.probe_at_ms(), u64::MAX);
}

#[test]
fn a_network_that_swallows_everything_is_told_from_a_relay_that_is_down() {
    use Happens::{Breaks, Fails, Hangs, Network, Works};
    for (story, blocked) in [
        (vec![Fails, Fails, Hangs], true),
        (vec![Hangs, Hangs, Hangs], true),
        (vec![Fails, Fails, Hangs, Fails, Fails], true),
        (vec![Fails, Fails, Hangs, Works, Breaks], false),
        (vec![Fails, Fails, Hangs, Fails, Fails, Fails], false),
        (vec![Fails, Fails, Fails], false),
        (vec![Hangs], false),
    ] {
        assert_eq!(tried(&story).1.online() == Online::Blocked, blocked, "{story:?}");
    }
    // Without a network it is that.
    assert_eq!(tried(&[Fails, Fails, Hangs, Network(false)]).1.online(), Online::Offline);
}
