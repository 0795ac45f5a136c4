//! What the tag and the page's head say, in every way in which people write it.

use serde_json::{Value, json};
use support::{Look, Visitor, World, wait_until};

/// A page whose head and tag say this, opened.
fn page(visitor: &Visitor, world: &World, (root, head, tag): (&str, &str, &str)) {
    let text = world.site.text("odd/quiet.html");
    let text = text.replace("<html lang=\"en\">", &format!("<html {root}>"));
    let text = text.replace("<title>", &format!("{head}<title>"));
    let text = text.replace("data-site=\"demo\"", &format!("data-site=\"demo\" {tag}"));
    visitor.top();
    visitor.go(&world.site.put("said.html", &text));
    wait_until("a launcher", || in_launcher(visitor, "root.querySelector('[data-testid=launcher]')?.ariaLabel"));
}

/// What a script finds in the launcher's tree, once it is something.
fn in_launcher(visitor: &Visitor, found: &str) -> Option<Value> {
    let script =
        format!("const root = document.querySelector('causeway-launcher')?.shadowRoot; return root && ({found});");
    Some(visitor.script(&script, &[])).filter(|value| !value.is_null())
}

#[test]
fn the_theme_is_that_of_the_page_however_it_says_so() {
    let world = World::start();
    let meta = |scheme| format!("<meta name=\"color-scheme\" content=\"{scheme}\">");
    let (only_dark, both, light, dark_style) =
        (meta("dark"), meta("light dark"), meta("light"), "<meta name=\"x\"><link rel=\"x\">".to_owned());
    let cases = [
        ("", "", "", false, false),
        ("", &*only_dark, "", true, true),
        ("", &*both, "", false, true),
        ("", &*light, "", false, false),
        ("", &*only_dark, "data-theme=\"LIGHT\"", false, false),
        ("", &*light, "data-theme=\" Dark \"", true, true),
        ("", &*light, "data-theme=\"System\"", false, true),
        ("", &*dark_style, "data-theme=\"nonsense\"", false, false),
    ];
    for (system_dark, look) in
        [(false, Look::DESKTOP), (true, Look::DESKTOP.dark()), (true, Look::DESKTOP.dark().firefox())]
    {
        let visitor = world.visitor_as(look);
        for (root, head, tag, on_light, on_dark) in cases {
            page(&visitor, &world, (root, head, tag));
            let dark = in_launcher(&visitor, "root.querySelector('div').classList.contains('dark')");
            let expected = if system_dark { on_dark } else { on_light };
            assert_eq!(dark, Some(json!(expected)), "{head} {tag}, system dark: {system_dark}");
        }
    }
}

#[test]
fn what_the_tag_says_is_understood_in_any_case_and_within_the_window() {
    let world = World::start();
    let visitor = world.visitor();
    for (root, tag, label) in [
        ("lang=\"zh_CN\"", "", "打开在线客服"),
        ("lang=\"en\"", "data-lang=\"ZH_cn\"", "打开在线客服"),
        ("lang=\"en\"", "data-lang=\" zh \"", "打开在线客服"),
        ("lang=\"zha\"", "", "Open support chat"),
        ("lang=\"EN-gb\"", "", "Open support chat"),
    ] {
        page(&visitor, &world, (root, "", tag));
        let said = in_launcher(&visitor, "root.querySelector('[data-testid=launcher]').ariaLabel");
        assert_eq!(said, Some(json!(label)), "{root} {tag}");
    }
    let place = "(({ left, top, right, bottom }) => left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight)\
                 (root.querySelector('[data-testid=launcher]').getBoundingClientRect())";
    for tag in [
        "data-offset-x=\"99999\"",
        "data-offset-y=\"99999\"",
        "data-offset-x=\"-5\"",
        "data-side=\"LEFT\" data-offset-x=\"5000\"",
    ] {
        page(&visitor, &world, ("lang=\"en\"", "", tag));
        assert_eq!(in_launcher(&visitor, place), Some(json!(true)), "{tag}");
    }
    let side = in_launcher(&visitor, "root.querySelector('div').classList.contains('left')");
    assert_eq!(side, Some(json!(true)), "the side in capitals");
    visitor.script("localStorage.setItem('causeway.awake', '1');", &[]);
    page(&visitor, &world, ("lang=\"en\"", "", "data-wake=\"OFF\""));
    let kept = "return Object.keys(localStorage).length;";
    assert_eq!(visitor.script(kept, &[]), json!(0), "switched off in capitals");
}
