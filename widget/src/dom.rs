//! Builds elements by calls, on the same signals and effects as `view!`, but with one type for all elements.
//!
//! Why not `view!` in what the visitor loads: with it every different view is a type of its own, and the code of those types was more than a
//! third of the chat's weight. Here each kind of change is compiled once. The console, whose size matters less, uses `view!`, and takes these
//! parts in by `widget/src/bin/console/ui/parts.rs`. For the same reason nothing here or in the chat names the `leptos` crate itself, which also
//! exports what only server functions use: signals and effects come from its reactive crate.

use reactive_graph::effect::RenderEffect;
use reactive_graph::graph::untrack;
use reactive_graph::owner::{Owner, StoredValue};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, HtmlElement, Node};

use crate::env::document;
use crate::keyed::Keyed;

/// An element of the page; copies are the same element.
#[derive(Clone)]
pub struct El(Element);

/// An element that is in the page already.
impl From<Element> for El {
    fn from(element: Element) -> Self {
        Self(element)
    }
}

/// A new element with its class (none when empty).
#[must_use]
pub fn el(tag: &str, class: &str) -> El {
    let element = document().create_element(tag).expect("our own tags are valid names");
    if !class.is_empty() {
        element.set_class_name(class);
    }
    El(element)
}

/// A new element of another namespace (SVG).
#[must_use]
pub fn el_of(namespace: &str, tag: &str) -> El {
    El(document().create_element_ns(Some(namespace), tag).expect("our own tags are valid names"))
}

impl El {
    /// The element itself.
    #[must_use]
    pub const fn raw(&self) -> &Element {
        &self.0
    }

    /// The element as HTML.
    #[must_use]
    pub fn html(&self) -> &HtmlElement {
        self.0.unchecked_ref()
    }

    /// With an attribute.
    #[must_use]
    pub fn attr(self, name: &str, value: &str) -> Self {
        set_attribute(&self.0, name, Some(value));
        self
    }

    /// With the id by which tests find it.
    #[must_use]
    pub fn test(self, name: &str) -> Self {
        self.attr("data-testid", name)
    }

    /// With a text that never changes.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        append(&self.0, &document().create_text_node(text));
        self
    }

    /// With a child.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a child is built in place; a reference would only add signs to every call"
    )]
    pub fn child(self, child: El) -> Self {
        append(&self.0, &child.0);
        self
    }

    /// With children.
    #[must_use]
    pub fn children(mut self, children: Vec<El>) -> Self {
        for child in children {
            self = self.child(child);
        }
        self
    }

    /// With a style property, set by script: the page's policy forbids style attributes.
    #[must_use]
    pub fn style(self, name: &str, value: &str) -> Self {
        self.html().style().set_property(name, value).ok();
        self
    }

    /// With a text that is made anew when a signal that it reads changes.
    #[must_use]
    pub fn words(self, words: impl Fn() -> String + 'static) -> Self {
        let node = document().create_text_node("");
        append(&self.0, &node);
        follow_text(self.0.clone(), node.into(), Box::new(words));
        self
    }

    /// With an attribute that is made anew when a signal that it reads changes; none removes it.
    #[must_use]
    pub fn attr_of(self, name: &'static str, value: impl Fn() -> Option<String> + 'static) -> Self {
        follow_attribute(self.0.clone(), name, Box::new(value));
        self
    }

    /// With an attribute that is there or not (`hidden`, `disabled`).
    #[must_use]
    pub fn flag(self, name: &'static str, on: impl Fn() -> bool + 'static) -> Self {
        self.attr_of(name, move || on().then(String::new))
    }

    /// Hidden while something is true.
    #[must_use]
    pub fn hidden(self, hidden: impl Fn() -> bool + 'static) -> Self {
        self.flag("hidden", hidden)
    }

    /// Calls a function at every event of a kind.
    #[must_use]
    pub fn on(self, event: &str, run: impl FnMut(Event) + 'static) -> Self {
        listen(&self.0, event, Box::new(run));
        self
    }

    /// Calls a function at every click.
    #[must_use]
    pub fn click(self, mut run: impl FnMut() + 'static) -> Self {
        self.on("click", move |_| run())
    }

    /// With a part that is built anew when its key changes; with the key 0 there is none.
    #[must_use]
    pub fn switch(self, key: impl Fn() -> u32 + 'static, build: impl Fn(u32) -> El + 'static) -> Self {
        switch(&self.0, Box::new(key), Box::new(build));
        self
    }

    /// With a part that is there only while something is true.
    #[must_use]
    pub fn when(self, on: impl Fn() -> bool + 'static, build: impl Fn() -> El + 'static) -> Self {
        self.switch(move || u32::from(on()), move |_| build())
    }

    /// With one part for each key of a list, in the list's order. A part stays while its key is in the list.
    #[must_use]
    pub fn each(self, keys: impl Fn() -> Vec<u128> + 'static, build: impl Fn(u128) -> El + 'static) -> Self {
        each(self.0.clone(), Box::new(keys), Box::new(build));
        self
    }
}

/// Runs at once, and again after each change of a signal that it read, until the part that it belongs to is removed.
pub fn follow(run: impl FnMut() + 'static) {
    follow_boxed(Box::new(run));
}

// What follows is compiled once, whatever the closures are.

fn follow_boxed(mut run: Box<dyn FnMut()>) {
    let effect = RenderEffect::new(move |_: Option<()>| run());
    StoredValue::new(effect);
}

fn append(parent: &Node, child: &Node) {
    parent.append_child(child).ok();
}

fn set_attribute(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => element.set_attribute(name, value).ok(),
        None => element.remove_attribute(name).ok(),
    };
}

fn follow_text(element: Element, node: Node, words: Box<dyn Fn() -> String>) {
    let mut last = String::new();
    follow_boxed(Box::new(move || {
        let now = words();
        if now != last {
            node.set_text_content(Some(&now));
            if node.parent_node().is_none() {
                // A browser that translates the page has replaced the text node by an element: the new text goes into that.
                match element.query_selector("font").ok().flatten() {
                    Some(translated) => translated.replace_with_with_node_1(&node).ok(),
                    None => element.append_child(&node).ok().map(|_| ()),
                };
            }
            last = now;
        }
    }));
}

fn follow_attribute(element: Element, name: &'static str, value: Box<dyn Fn() -> Option<String>>) {
    let mut last = None;
    follow_boxed(Box::new(move || {
        let now = value();
        if now != last {
            set_attribute(&element, name, now.as_deref());
            last = now;
        }
    }));
}

fn listen(element: &Element, event: &str, run: Box<dyn FnMut(Event)>) {
    // The browser frees the closure with the element.
    let run = Closure::wrap(run).into_js_value();
    element.add_event_listener_with_callback(event, run.unchecked_ref()).ok();
}

/// A part of the page, with its effects.
struct Part {
    key: u128,
    element: El,
    scope: Owner,
}

impl Part {
    fn build(above: &Owner, key: u128, build: &dyn Fn() -> El) -> Self {
        let scope = above.child();
        let element = untrack(|| scope.with(build));
        Self { key, element, scope }
    }

    fn remove(self) {
        self.scope.cleanup();
        self.element.0.remove();
    }
}

fn above() -> Owner {
    Owner::current().unwrap_or_default()
}

fn switch(parent: &Element, key: Box<dyn Fn() -> u32>, build: Box<dyn Fn(u32) -> El>) {
    // An empty text marks where the part goes.
    let mark: Node = document().create_text_node("").into();
    append(parent, &mark);
    let above = above();
    let mut shown: Option<Part> = None;
    follow_boxed(Box::new(move || {
        let now = key();
        if shown.as_ref().map_or(0, |part| part.key) == u128::from(now) {
            return;
        }
        if let Some(old) = shown.take() {
            old.remove();
        }
        if now != 0
            && let Some(parent) = mark.parent_node()
        {
            let part = Part::build(&above, u128::from(now), &|| build(now));
            parent.insert_before(&part.element.0, Some(&mark)).ok();
            shown = Some(part);
        }
    }));
}

fn each(parent: Element, keys: Box<dyn Fn() -> Vec<u128>>, build: Box<dyn Fn(u128) -> El>) {
    let above = above();
    let mut shown: Vec<Part> = Vec::new();
    follow_boxed(Box::new(move || {
        let keys = keys();
        let mut old = Keyed::new(std::mem::take(&mut shown), |part| part.key);
        // Usually the keys are the same, in the same order, with a few more at the end. Then nothing is searched or moved.
        let mut next: Option<Node> = parent.first_child();
        for key in keys {
            let part = old.take(key).unwrap_or_else(|| Part::build(&above, key, &|| build(key)));
            let node: &Node = &part.element.0;
            if next.as_ref() == Some(node) {
                next = node.next_sibling();
            } else {
                parent.insert_before(node, next.as_ref()).ok();
            }
            shown.push(part);
        }
        old.rest(Part::remove);
    }));
}
