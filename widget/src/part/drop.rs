//! A part of the page that takes files dropped on it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, EventTarget, File, FileList, FocusEvent, MouseEvent, Node};

use crate::part::icon::{self, icon};
use crate::text::Text;

/// Hands out each file of a list; a browser may give none at all.
pub fn each_file(files: Option<FileList>, take: impl Fn(File)) {
    let Some(files) = files else { return };
    (0..files.length()).filter_map(|index| files.get(index)).for_each(take);
}

/// Its children, and over them the invitation to drop while files are dragged over it.
#[component]
pub fn DropZone(
    /// The class of the element.
    class: &'static str,
    /// Whether files are taken now.
    #[prop(into)]
    open: Signal<bool>,
    /// Gets each dropped file.
    on_file: UnsyncCallback<File>,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let text = Text::here();
    let over = RwSignal::new(false);
    let dragover = move |event: DragEvent| {
        if open.get_untracked() && brings_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    };
    let dropped = move |event: DragEvent| {
        if over.get_untracked() {
            event.prevent_default();
            over.set(false);
            each_file(event.data_transfer().and_then(|data| data.files()), |file| on_file.run(file));
        }
    };
    view! {
        <div
            class=class
            on:dragover=dragover
            on:drop=dropped
            on:dragleave=move |event| {
                if leaves(&event) {
                    over.set(false);
                }
            }
        >
            {children()}
            <div class="drop" hidden=move || !over.get()>
                {icon(icon::ATTACH)}
                {text.get("drop")}
            </div>
        </div>
    }
}

fn brings_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// The pointer goes out of the element, not only over one of its children.
fn leaves(event: &MouseEvent) -> bool {
    !contains(event.current_target(), event.related_target())
}

/// Whether the focus only moves between parts of the element that listens.
#[must_use]
pub fn stays_inside(event: &FocusEvent) -> bool {
    contains(event.current_target(), event.related_target())
}

fn contains(outer: Option<EventTarget>, inner: Option<EventTarget>) -> bool {
    let node = |target: EventTarget| target.dyn_into::<Node>().ok();
    match (outer.and_then(node), inner.and_then(node)) {
        (Some(outer), Some(inner)) => outer.contains(Some(&inner)),
        _ => false,
    }
}
