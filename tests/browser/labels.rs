//! Labels: what a colleague changed is a line of the timeline, in the reader's language, and never the visitor's.

use serde_json::json;
use support::{Agent, Look, World, wait_until};

/// Records a change of labels in the shown conversation, as the agent whose page this is, by a connection of its own.
fn label(agent: &Agent, added: &[&str], removed: &[&str]) {
    let script = "const [added, removed] = arguments;
        const conversation = location.pathname.split('/').pop();
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/socket`);
        const body = { kind: 'labelled', added, removed };
        const frames = [
            { type: 'hello', protocol: 1, hello: { as: 'agent' }, follow: [] },
            { type: 'record', conversation, id: crypto.randomUUID(), body },
        ];
        socket.onopen = () => frames.forEach((frame) => socket.send(JSON.stringify(frame)));
        return conversation.length;";
    assert_eq!(agent.script(script, &[json!(added), json!(removed)]), 36, "a conversation is shown");
}

/// Waits until the timeline tells exactly this.
fn told(agent: &Agent, line: &str) {
    let script = "return [...document.querySelectorAll('.notice')].map((notice) => notice.innerText);";
    wait_until(&format!("the line {line:?}"), || {
        let lines: Vec<String> = serde_json::from_value(agent.script(script, &[])).expect("texts");
        lines.iter().any(|shown| shown == line).then_some(())
    });
}

#[test]
fn what_a_colleague_labelled_is_told_in_both_languages_and_never_to_the_visitor() {
    let world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("My withdrawal is stuck");
    visitor.sent("My withdrawal is stuck");
    ada.open_mine("withdrawal is stuck");
    let ben = world.agent_as("ben@example.com", "Ben K.", 4, Look { language: "zh-CN", ..Look::CONSOLE.dark() });
    ben.click("[data-testid=list-open]");
    ben.click("[data-testid=conversation-item]");

    label(&ada, &["withdrawal"], &[]);
    told(&ada, "Labels: Ada L. added “withdrawal”");
    told(&ben, "标签：Ada L. 添加了“withdrawal”");
    label(&ben, &["משיכה (VIP)", "客户"], &["withdrawal"]);
    told(&ada, "Labels: Ben K. added “משיכה (VIP)”, “客户”; removed “withdrawal”");
    told(&ben, "标签：Ben K. 添加了“משיכה (VIP)”、“客户”；移除了“withdrawal”");
    label(&ada, &[], &["客户"]);
    told(&ada, "Labels: Ada L. removed “客户”");
    told(&ben, "标签：Ada L. 移除了“客户”");
    ada.screenshot("labels_light");
    ben.screenshot("labels_dark");

    // What the visitor reads after it is the answer, and nothing of labels came with it.
    ada.say("It is on its way.");
    visitor.sees("agent", "It is on its way.");
    let page = visitor.script("return document.documentElement.outerHTML;", &[]);
    assert!(!page.as_str().expect("a text").contains("客户"), "a label reached the visitor");
    // A reload shows the same.
    ada.reload();
    told(&ada, "Labels: Ben K. added “משיכה (VIP)”, “客户”; removed “withdrawal”");
    assert_eq!(ada.findings("labels"), Vec::<String>::new());
}
