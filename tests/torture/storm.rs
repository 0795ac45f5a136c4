//! Thousands come back at once after a crash: everybody resumes, agents first, nobody is refused, memory stays within bounds.

use std::time::{Duration, Instant};

use support::{Relay, Setup, new_id, wait_until};
use wire::ConversationId;

use crate::fault::run;
use crate::form::{skip, turn};
use crate::mass::{Mass, Who};
use crate::process::{memory_kib, open_files, open_files_max};

/// How many connect at once before the crash.
const CALM: usize = 100;
/// What the relay's process may hold for each client at its worst moment, beside what it holds for nobody.
const KIB_EACH_MAX: u64 = 100;
const KIB_BASE_MAX: u64 = 200 * 1024;

#[test]
fn thousands_come_back_at_once_and_agents_are_there_first() {
    let turn = turn("storm");
    let count = turn.form.clients;
    let consoles = turn.form.consoles;
    let needed = count * 2 + 500;
    run(std::process::Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string()])
        .arg(format!("--nofile={needed}:")));
    if open_files_max() < needed as u64 {
        return skip("storm", &format!("{needed} open files are not allowed here (ulimit -n)"));
    }
    // Each visitor has an address of its own, which only a trusted proxy may say.
    // It is thousands that come, and no flood: nobody is slowed.
    let config = "trusted_proxies = [\"127.0.0.1\"]\n[conversation]\nflood_waiting = 1000000\n".to_owned();
    let mut relay = Relay::start_with(Setup { config, ..Setup::default() });
    let visitors = (0..count).map(|_| Who::Visitor { token: None, conversation: ConversationId(new_id()) });
    let mut visitors = Mass::new(relay.port(), &relay.origin(), visitors.collect());
    let sign_in = |number: usize| {
        let email = format!("agent{number}@example.com");
        relay.agent(&email, &format!("Agent {number}"), 4);
        Who::Agent { cookie: relay.sign_in(&email) }
    };
    let agents: Vec<Who> = (0..consoles).map(sign_in).collect();
    let mut agents = Mass::new(relay.port(), &relay.origin(), agents);
    let bound = turn.form.clients_bound;
    assert!(visitors.resume(bound * 4, CALM) && agents.resume(bound, CALM), "not everybody could connect in peace");

    relay.kill();
    visitors.forget();
    agents.forget();
    let started = Instant::now();
    relay.up_unasked();
    let all = std::thread::scope(|scope| {
        // The visitors knock first: agents who came before everybody would prove nothing.
        let visitors = scope.spawn(|| visitors.resume(bound, usize::MAX));
        wait_until("a part of the visitors has knocked", || (open_files(relay.id()) > count / 10).then_some(()));
        let agents = agents.resume(bound, usize::MAX);
        visitors.join().is_ok_and(|all| all) && agents
    });
    let peak_kib = memory_kib(relay.id(), "VmHWM");
    let waits = |mass: &Mass| {
        let waits = mass.members.iter().filter_map(|member| Some(member.resumed? - member.dialled));
        let mut waits: Vec<Duration> = waits.collect();
        waits.sort();
        waits
    };
    let last = |mass: &Mass| mass.members.iter().filter_map(|member| member.resumed).max().map(|last| last - started);
    let done = last(&visitors).max(last(&agents));
    let refused: Vec<_> =
        [&visitors, &agents].into_iter().flat_map(|mass| &mass.members).flat_map(|member| &member.refused).collect();
    let (agents, visitors) = (waits(&agents), waits(&visitors));
    let longest = agents.last().copied().unwrap_or_default();
    let [middle, most] = [2, 3].map(|part| visitors.get(visitors.len() * part / 4).copied().unwrap_or_default());
    turn.tell(format_args!(
        "{count} visitors and {consoles} agents: {} resumed, the last {done:?} after the relay was started; from knocking on: the slowest agent {longest:?}, \
         half of the visitors {middle:?}, the slowest {:?}; {peak_kib} KiB at most",
        agents.len() + visitors.len(),
        visitors.last(),
    ));
    assert!(refused.is_empty(), "some were refused with {refused:?}");
    assert!(all, "not everybody has resumed within {:?}", turn.form.clients_bound);
    assert!(longest < most, "an agent waited longer than three quarters of the visitors");
    assert!(peak_kib < KIB_BASE_MAX + KIB_EACH_MAX * (count + consoles) as u64, "{peak_kib} KiB");
}
