//! The API as a stranger tries it: requests made from its own document, right and wrong, thousands of them.

use std::process::Command;

use support::{Relay, Setup};

/// Requests at least.
const CASES_MIN: u64 = 2_000;

#[test]
fn no_request_that_the_document_allows_or_forbids_gets_an_answer_outside_of_it() {
    let config = "[limits]\napi_requests_per_address_per_minute_max = 1000000\n".to_owned();
    let relay = Relay::start_with(Setup { config, ..Setup::default() });
    relay.command(
        &["agent", "add", "eve@example.com", "--name", "Eve", "--role", "administrator", "--password-stdin"],
        relay.password(),
    );
    let cookie = relay.sign_in("eve@example.com");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(xtask::python::python().expect("there is a Python to be had"));
    command.args(["-m", "schemathesis.cli", "run"]).current_dir(folder.path());
    command.arg(format!("{}/api/v1/openapi.json", relay.origin()));
    command.args(["--header", &format!("cookie: {cookie}"), "--header", &format!("origin: {}", relay.origin())]);
    // The same requests each time. Setting up wants a code, and signing out would end the rest: both have their own tests.
    command.args(["--seed", "1", "--max-examples", "12", "--exclude-path", "/api/v1/setup"]);
    command.args(["--exclude-path", "/api/v1/session", "--no-color"]);
    // What one field may be depends on others, and on what documents there are: the document cannot say that, so a request that it allows may be
    // refused. Everything else is checked: no failure of the relay, no answer that the document does not have, nothing taken that it forbids.
    command.args(["--exclude-checks", "positive_data_acceptance"]);
    let output = command.output().expect("schemathesis runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    let generated = text.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u64>().ok());
    assert!(generated.is_some_and(|cases| cases >= CASES_MIN), "{generated:?} cases\n{text}");
    assert!(!relay.log().contains("ERROR"), "{}", relay.log());
}
