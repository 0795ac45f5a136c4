//! A bad network between everybody and the relay: what is written arrives, in order and once, when the network is well again.

use std::process::{Command, Stdio};
use std::time::Duration;

use support::{Door, NetworkFault, Proxy, Relay, Setup};

use crate::crowd::{Crowd, Size, Stage};
use crate::form::{skip, turn};

const CROWD: Size = Size { visitors: 4, agents: 2, capacity: 3, pause_ms: (60, 240), chars_max: 1_500 };
/// A connection that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(3);
/// 64 kbit/s.
const NARROW_BYTES: u32 = 8_000;

#[test]
fn through_a_bad_network_everything_arrives_in_order_and_once() {
    let mut turn = turn("network");
    let relay = Relay::start_with(Setup::default());
    let proxy = Proxy::start(relay.port());
    let door = Door { port: proxy.port(), silence_max: SILENCE, ..Door::of(&relay) };
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &door);
    let form = turn.form;
    let delay = |ms| NetworkFault { delay: Duration::from_millis(ms), ..NetworkFault::default() };
    let narrow = NetworkFault { bytes_per_second: Some(NARROW_BYTES), ..delay(40) };
    let lose_up = NetworkFault { lose_up: true, ..NetworkFault::default() };
    let lose_down = NetworkFault { lose_down: true, ..NetworkFault::default() };
    let cutting = |bytes| NetworkFault { cut_after_bytes: Some(bytes), ..NetworkFault::default() };
    let cuts = turn.dice.between(1_500, 20_000);
    let times = [
        ("delay", delay(turn.dice.between(50, 400)), form.bad_network),
        ("64 kbit/s", narrow, form.bad_network),
        ("nothing comes down", lose_down, SILENCE + form.bad_network),
        ("nothing goes up", lose_up, SILENCE + form.bad_network),
        ("cut after some bytes", cutting(cuts), form.bad_network),
        ("black hole", NetworkFault::BLACK_HOLE, form.black_hole),
    ];
    crowd.act(|stage| {
        for (name, network, time) in times {
            fair(&proxy, stage);
            let before = stage.judge.count();
            proxy.set(network);
            stage.last(time);
            turn.tell(format_args!("{name}: {} acknowledged in {time:?}", stage.judge.count() - before));
        }
        fair(&proxy, stage);
    });
    let lost: usize = crowd.clients().map(|client| client.closes().len()).sum();
    assert!(lost > 0, "the bad network broke no connection at all");
    let (_, verdict) = crowd.judge(&relay);
    assert!(crowd.judge.refusals().keys().all(|why| why == "Ended" || why == "Taken" || why == "NotAllowed"));
    turn.tell(format_args!("{lost} connections lost: {verdict:?}"));
}

fn fair(proxy: &Proxy, stage: &Stage) {
    proxy.set(NetworkFault::default());
    proxy.cut();
    stage.all_ready();
    stage.more(10);
}

/// Set for the copy of this test that runs inside the namespace.
const INSIDE: &str = "TORTURE_INSIDE_NAMESPACE";
const NAME: &str = "network::through_a_lossy_kernel_network_everything_arrives_in_order_and_once";

/// The bad networks the kernel itself can make, the worst first: `netem`, or a narrow link with a short queue, which drops what
/// does not fit.
const DISCIPLINES: [&[&str]; 2] = [
    &["netem", "delay", "30ms", "20ms", "loss", "3%", "duplicate", "1%", "reorder", "5%"],
    &["tbf", "rate", "400kbit", "burst", "4kb", "limit", "12kb"],
];

#[test]
fn through_a_lossy_kernel_network_everything_arrives_in_order_and_once() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let Some(space) = Namespace::make() else {
        return skip("kernel network", "no permission to make a network namespace, or no `ip` and `tc`");
    };
    let Some(discipline) = DISCIPLINES.iter().find(|words| space.shape(words)) else {
        return skip("kernel network", "this kernel has neither netem nor tbf");
    };
    println!("torture kernel network: {}", discipline.join(" "));
    let own = std::env::current_exe().expect("a running program has a path");
    let done = Command::new("ip")
        .args(["netns", "exec", &space.name])
        .arg(own)
        .args(["--exact", NAME, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("what just ran runs again");
    // Kept from the runner, which would count the copy's result as one more test.
    for line in String::from_utf8_lossy(&done.stdout).lines().filter(|line| line.starts_with("torture")) {
        println!("{line}");
    }
    assert!(done.status.success(), "inside the namespace: {}", String::from_utf8_lossy(&done.stderr));
    println!("torture kernel network: {}", space.counters());
}

fn inside() {
    let turn = turn("kernel network, inside");
    let relay = Relay::start_with(Setup::default());
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &Door::of(&relay));
    crowd.act(|stage| {
        stage.all_ready();
        stage.last(turn.form.bad_network * 2);
        stage.more(10);
    });
    let (_, verdict) = crowd.judge(&relay);
    turn.tell(format_args!("{verdict:?}"));
}

/// A network of its own with nothing but loopback; removed when dropped.
struct Namespace {
    name: String,
}

impl Namespace {
    fn make() -> Option<Self> {
        let name = format!("torture-{}", std::process::id());
        quiet(&["ip", "netns", "add", &name]).then_some(())?;
        let space = Self { name };
        // Loopback's own packets of 64 KiB would not pass a narrow link at all.
        let up = ["ip", "netns", "exec", &space.name, "ip", "link", "set", "lo", "mtu", "1500", "up"];
        quiet(&up).then_some(space)
    }

    fn shape(&self, words: &[&str]) -> bool {
        let mut command = vec!["ip", "netns", "exec", &self.name, "tc", "qdisc", "add", "dev", "lo", "root"];
        command.extend(words);
        quiet(&command)
    }

    /// What the kernel says it did.
    fn counters(&self) -> String {
        let command = ["netns", "exec", &self.name, "tc", "-s", "qdisc", "show", "dev", "lo"];
        let said = Command::new("ip").args(command).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        quiet(&["ip", "netns", "del", &self.name]);
    }
}

fn quiet(command: &[&str]) -> bool {
    let Some((program, words)) = command.split_first() else { return false };
    let status = Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
