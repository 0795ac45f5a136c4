//! What an agent writes and decides is carried out or kept, through reloads, other tabs and the way out.

use support::{Look, World, wait_until};

const VALUE: &str = "return document.querySelector('[data-testid=composer]').value;";

#[test]
fn half_written_words_stay_with_their_conversation_until_they_are_sent() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let (one, other) = (world.visitor(), world.visitor());
    for (visitor, words) in [(&one, "About deposits"), (&other, "About limits")] {
        visitor.open_chat();
        visitor.say(words);
        visitor.sent(words);
    }
    ada.open_mine("About deposits");
    ada.keys("[data-testid=composer]", "Your deposit is");
    ada.open_mine("About limits");
    assert_eq!(ada.script(VALUE, &[]), "", "nothing of the other conversation");
    ada.click("button[data-testid=note]");
    ada.keys("[data-testid=composer]", "ask the bank");
    ada.reload();
    wait_until("the inbox", || ada.shows("[data-testid=presence]").then_some(()));
    ada.open_mine("About deposits");
    wait_until("the words are back", || (ada.script(VALUE, &[]) == "Your deposit is").then_some(()));
    ada.open_mine("About limits");
    wait_until("the note is back", || (ada.script(VALUE, &[]) == "ask the bank").then_some(()));
    let mode = "return document.querySelector('.desk-composer').dataset.mode;";
    assert_eq!(ada.script(mode, &[]), "note", "as a note, which it was");
    ada.keys("[data-testid=composer]", "\u{e007}");
    ada.wait_text("ask the bank");
    wait_until("back to reply after a note", || (ada.script(mode, &[]) == "reply").then_some(()));
    ada.say("Your limit is 10.");
    other.sees("agent", "Your limit is 10.");
    assert!(other.messages().iter().all(|one| !one.text.contains("ask the bank")));

    // Another tab knows them, too; sent there, they are gone here.
    let first = ada.new_tab();
    ada.go(&format!("{}/console", world.relay.origin()));
    wait_until("the inbox in the other tab", || ada.shows("[data-testid=presence]").then_some(()));
    ada.open_mine("About deposits");
    wait_until("the words in the other tab", || (ada.script(VALUE, &[]) == "Your deposit is").then_some(()));
    ada.say(" on its way.");
    one.sees("agent", "Your deposit is on its way.");
    ada.tab(&first);
    ada.reload();
    wait_until("the inbox", || ada.shows("[data-testid=presence]").then_some(()));
    ada.open_mine("Your deposit is on its way.");
    assert_eq!(ada.script(VALUE, &[]), "");
}

#[test]
fn an_end_that_could_be_taken_back_is_carried_out_by_signing_out() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("That is all");
    visitor.sent("That is all");
    ada.open_mine("That is all");
    // Taken back, it does not end.
    ada.end_conversation();
    ada.click("[data-testid=end-undo]");
    wait_until("the button is back", || {
        ada.shown_text("[data-testid=end-conversation]").filter(|text| text.contains("End")).map(drop)
    });
    ada.end_conversation();
    wait_until("the undo", || ada.shows("[data-testid=end-undo]").then_some(()));
    ada.click(".rail__avatar");
    ada.click("[data-testid=sign-out]");
    wait_until("the sign-in page", || ada.shows("[data-testid=email]").then_some(()));
    wait_until("the visitor is asked for a rating", || visitor.shows("[data-testid=rating]").then_some(()));
}

#[test]
fn an_end_that_could_be_taken_back_is_carried_out_by_leaving_the_page() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    for (way, text) in [("loaded anew", "Ended by a reload"), ("elsewhere", "Ended by going elsewhere")] {
        visitor.say(text);
        visitor.sent(text);
        ada.open_mine(text);
        ada.end_conversation();
        wait_until("the undo", || ada.shows("[data-testid=end-undo]").then_some(()));
        if way == "loaded anew" {
            ada.reload();
        } else {
            ada.go(&world.site.origin());
        }
        wait_until(way, || visitor.shows("[data-testid=begin-again]").then_some(()));
        visitor.click("[data-testid=begin-again]");
        ada.go(&format!("{}/console", world.relay.origin()));
    }
}

#[test]
fn new_messages_below_are_counted_until_one_goes_there() {
    let world = World::start();
    let ada = world.agent_as("ada@example.com", "Ada L.", 4, Look { height: 500, ..Look::CONSOLE });
    let visitor = world.visitor();
    visitor.open_chat();
    for n in 0..14 {
        visitor.say(&format!("line {n:02}"));
    }
    visitor.sent("line 13");
    ada.open_mine("line 13");
    ada.sees("visitor", "line 00");
    ada.script("document.querySelector('.timeline__scroll').scrollTop = -10000;", &[]);
    wait_until("the way back", || ada.shows("[data-testid=newest]").then_some(()));
    assert_eq!(ada.shown_text("[data-testid=newest]").as_deref().map(str::trim), Some(""));
    visitor.say("one more");
    wait_until("one is told", || ada.shown_text("[data-testid=newest]")?.contains("1 new message").then_some(()));
    visitor.say("and another");
    wait_until("two are told", || ada.shown_text("[data-testid=newest]")?.contains("2 new messages").then_some(()));
    ada.click("[data-testid=newest]");
    wait_until("it is gone", || (!ada.shows("[data-testid=newest]")).then_some(()));
}

#[test]
fn what_the_browser_says_of_the_network_is_shown_within_a_second() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Hello");
    visitor.sent("Hello");
    // A relay that stands still answers no ping: only the browser's word tells that something is wrong.
    let pid = world.relay.id().to_string();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the relay gets {name}");
    };
    signal("-STOP");
    let script = "const began = performance.now();
        const look = () => document.querySelector('[data-testid=connection]')
            ? performance.now() - began : performance.now() - began > 5000 ? -1 : null;
        window.dispatchEvent(new Event('offline'));
        return new Promise((tell) => { const ask = () => { const ms = look(); ms === null ? setTimeout(ask, 20) : tell(ms); }; ask(); });";
    let times = [ada.script(script, &[]), visitor.script(script, &[])];
    signal("-CONT");
    for ms in times {
        let ms = ms.as_f64().expect("milliseconds");
        assert!((0.0..=1_000.0).contains(&ms), "the banner after {ms} ms");
    }
    for side in [&*ada, &*visitor] {
        side.script("window.dispatchEvent(new Event('online'));", &[]);
        wait_until("the banner goes", || (!side.shows("[data-testid=connection]")).then_some(()));
    }
}
