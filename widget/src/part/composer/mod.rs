//! Where a message is written: text, files, pasted pictures.

use crate::key;
use crate::signal::Signal;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{
    ClipboardEvent, DataTransfer, Event, File, FileList, HtmlElement, HtmlInputElement, HtmlTextAreaElement,
    KeyboardEvent,
};
use wire::{Refusal, check_text, is_blank, trim_text};

use crate::dom::{El, el, follow};
use crate::part::drop::each_file;
use crate::part::icon::{self, icon};
use crate::text::Text;

/// The kinds of files that the browser's file dialog offers. The relay decides by content.
const ACCEPT: &str = ".png,.jpg,.jpeg,.webp,.gif,.pdf,.txt,.csv,.mp4,.webm";

/// The text field, so that the owner can focus it. Empty until the composer is there.
#[derive(Clone, Copy)]
pub struct Field(Signal<Option<HtmlElement>>);

impl Default for Field {
    fn default() -> Self {
        Self::new()
    }
}

impl Field {
    /// For a composer that is made later.
    #[must_use]
    pub fn new() -> Self {
        Self(Signal::new(None))
    }

    /// Focuses the field, if it is there.
    pub fn focus(self) {
        // Called a moment later, when the composer may be gone.
        self.0.try_with(|field| field.as_ref().map(|field| field.focus().ok()));
    }
}

/// What a composer tells its owner.
pub struct Writing {
    /// Sends a message; false leaves it in the field.
    pub send: Box<dyn Fn(String) -> bool>,
    /// Gets each chosen or pasted file.
    pub file: Box<dyn Fn(File)>,
    /// A key was pressed.
    pub typing: Box<dyn Fn()>,
}

/// A form with a field that grows with its text. Enter sends, Shift and Enter begins a new line. `written` belongs to the owner, who may keep
/// one for each conversation.
pub fn composer(
    text: Text,
    written: Signal<String>,
    placeholder: impl Fn() -> String + Copy + 'static,
    field: Field,
    writing: Writing,
) -> El {
    let trouble = Signal::new(String::new());
    let writing = Rc::new(writing);
    let send: Rc<dyn Fn()> = {
        let writing = Rc::clone(&writing);
        Rc::new(move || {
            let words = written.get_untracked();
            match check_text(trim_text(&words)) {
                Err(Refusal::TextEmpty) => {}
                Err(refusal) => trouble.set(text.refusal(&refusal)),
                Ok(()) if (writing.send)(words) => written.set(String::new()),
                Ok(()) => trouble.set(text.refusal(&Refusal::Busy)),
            }
        })
    };
    let area = area(written, trouble, Rc::clone(&send), Rc::clone(&writing))
        .attr_of("aria-label", move || Some(placeholder()))
        .attr_of("placeholder", move || Some(placeholder()));
    field.0.set(Some(area.html().clone()));
    el("form", "composer")
        .on("submit", move |event| {
            event.prevent_default();
            send();
        })
        .child(el("p", "composer__trouble").attr("role", "alert").words(move || trouble.get()))
        .child(chooser(text, writing))
        .child(area)
        .child(
            el("button", "composer__send")
                .test("send")
                .attr("aria-label", &text.get(key!("send")))
                .flag("disabled", move || written.with(|words| is_blank(words)))
                .child(icon(icon::SEND)),
        )
}

fn area(written: Signal<String>, trouble: Signal<String>, send: Rc<dyn Fn()>, writing: Rc<Writing>) -> El {
    let area = el("textarea", "composer__field")
        .test("composer")
        .attr("rows", "1")
        .attr("enterkeyhint", "send")
        .attr("dir", "auto");
    let raw: HtmlTextAreaElement = area.raw().clone().unchecked_into();
    // Shows every change of the text, also one made by the owner.
    follow({
        let raw = raw.clone();
        move || {
            let words = written.get();
            if raw.value() != words {
                raw.set_value(&words);
            }
            fit(&raw);
        }
    });
    let pasting = Rc::clone(&writing);
    let turned = raw.clone();
    area.on("focus", move |_| fit(&turned))
        .on("input", move |_| {
            written.set(raw.value());
            trouble.set(String::new());
            (writing.typing)();
        })
        .on("keydown", move |event| {
            if sends(event.unchecked_ref()) {
                event.prevent_default();
                send();
            }
        })
        .on("paste", move |event| {
            let event: &ClipboardEvent = event.unchecked_ref();
            let Some(data) = event.clipboard_data() else { return };
            let files = data.files();
            if files.as_ref().is_some_and(|files| files.length() > 0) && !brings_words(&data) {
                event.prevent_default();
                each_file(files, &pasting.file);
            }
        })
}

/// Whether what is pasted is text with a picture of it, as cells of a spreadsheet are. A copied file may come with its name as text, and a copied
/// picture comes without text.
fn brings_words(data: &DataTransfer) -> bool {
    let words = data.get_data("text/plain").unwrap_or_default();
    let first = words.split('\n').next().unwrap_or_default().trim();
    let files = data.files();
    let count = files.as_ref().map_or(0, FileList::length);
    let named =
        (0..count).any(|at| files.as_ref().and_then(|files| files.get(at)).is_some_and(|file| file.name() == first));
    !is_blank(&words) && !named
}

fn chooser(text: Text, writing: Rc<Writing>) -> El {
    let chosen = move |event: Event| {
        let Some(input) = event.target() else { return };
        let input: HtmlInputElement = input.unchecked_into();
        each_file(input.files(), &writing.file);
        // Otherwise choosing the same file again would not be a change.
        input.set_value("");
    };
    let input = el("input", "")
        .test("attach")
        .attr("type", "file")
        .attr("multiple", "")
        .attr("accept", ACCEPT)
        .attr("aria-label", &text.get(key!("attach")))
        .on("change", chosen);
    el("label", "composer__attach").attr("title", &text.get(key!("attach"))).child(icon(icon::ATTACH)).child(input)
}

/// Enter alone sends. While an input method composes (Chinese, Japanese, Korean …) Enter chooses a word, and must not send. Some browsers tell
/// so by the key code 229.
fn sends(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing() && event.key_code() != 229
}

/// Makes the field as high as its text, for browsers without `field-sizing`. The style sheet bounds the height.
fn fit(field: &HtmlTextAreaElement) {
    let style = HtmlElement::style(field);
    style.set_property("height", "auto").ok();
    // It has no height before it is in the page. A kept text is fitted when the field gets the focus.
    if field.scroll_height() > field.client_height() {
        style.set_property("height", &[&wire::digits(field.scroll_height().unsigned_abs().into()), "px"].concat()).ok();
    }
}
