//! Where a message is written: words, files, pasted pictures.

use leptos::ev::{Event, KeyboardEvent, SubmitEvent};
use leptos::html::Textarea;
use leptos::prelude::*;
use web_sys::{ClipboardEvent, File, HtmlInputElement, HtmlTextAreaElement};
use widget_core::check_text;
use wire::Refusal;

use crate::part::drop::each_file;
use crate::part::icon::{self, icon};
use crate::text::Text;

/// What the chooser offers first; the relay decides by content.
const ACCEPT: &str = ".png,.jpg,.jpeg,.webp,.gif,.pdf,.txt,.csv,.mp4,.webm";

/// A form with a growing field. Enter sends, Shift and Enter breaks the line.
#[component]
pub fn Composer(
    /// What is being written; belongs to the owner, who may keep it per conversation.
    text: RwSignal<String>,
    /// What the empty field says; also its label.
    #[prop(into)]
    placeholder: Signal<String>,
    /// Takes a message; false leaves it in the field.
    on_send: UnsyncCallback<String, bool>,
    /// Gets each chosen or pasted file.
    on_file: UnsyncCallback<File>,
    /// A key was pressed.
    on_typing: UnsyncCallback<()>,
    /// The field, for its owner to focus.
    #[prop(optional)]
    field: NodeRef<Textarea>,
) -> impl IntoView {
    let words = Text::here();
    let trouble = RwSignal::new(None::<Refusal>);
    let send = move || {
        let written = text.get_untracked();
        match check_text(&written) {
            Err(Refusal::TextEmpty) => {}
            Err(refusal) => trouble.set(Some(refusal)),
            Ok(()) if on_send.run(written) => text.set(String::new()),
            Ok(()) => trouble.set(Some(Refusal::Busy)),
        }
    };
    let key = move |event: KeyboardEvent| {
        if sends(&event) {
            event.prevent_default();
            send();
        }
    };
    let input = move |event: Event| {
        text.set(event_target_value(&event));
        trouble.set(None);
        on_typing.run(());
    };
    // Follows every change of the text, the owner's too.
    Effect::new(move |_| {
        text.track();
        if let Some(field) = field.get() {
            fit(&field);
        }
    });
    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                send();
            }
        >
            <p class="composer__trouble" role="alert">
                {move || trouble.get().map(|refusal| words.refusal(&refusal))}
            </p>
            <label class="composer__attach" title=words.get("attach")>
                {icon(icon::ATTACH)}
                <input
                    type="file"
                    multiple
                    accept=ACCEPT
                    data-testid="attach"
                    aria-label=words.get("attach")
                    on:change=move |event| chosen(&event, on_file)
                />
            </label>
            <textarea
                class="composer__field"
                node_ref=field
                rows="1"
                data-testid="composer"
                enterkeyhint="send"
                dir="auto"
                aria-label=move || placeholder.get()
                placeholder=move || placeholder.get()
                prop:value=move || text.get()
                on:input=input
                on:keydown=key
                on:paste=move |event| pasted(&event, on_file)
            ></textarea>
            <button
                class="composer__send"
                data-testid="send"
                aria-label=words.get("send")
                disabled=move || text.with(|text| text.trim().is_empty())
            >
                {icon(icon::SEND)}
            </button>
        </form>
    }
}

/// Enter alone sends. While an input method composes (Chinese, Japanese, Korean …) Enter chooses a word and must not;
/// key code 229 is how some browsers say the same.
fn sends(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing() && event.key_code() != 229
}

/// Makes the field as high as its text; the sheet bounds it.
fn fit(field: &HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    style.set_property("height", "auto").ok();
    style.set_property("height", &[&field.scroll_height().to_string(), "px"].concat()).ok();
}

fn chosen(event: &Event, on_file: UnsyncCallback<File>) {
    let input: HtmlInputElement = event_target(event);
    each_file(input.files(), |file| on_file.run(file));
    // So that choosing the same file again is a change again.
    input.set_value("");
}

fn pasted(event: &ClipboardEvent, on_file: UnsyncCallback<File>) {
    let Some(data) = event.clipboard_data() else { return };
    let files = data.files();
    if files.as_ref().is_some_and(|files| files.length() > 0) {
        event.prevent_default();
        each_file(files, |file| on_file.run(file));
    }
}
