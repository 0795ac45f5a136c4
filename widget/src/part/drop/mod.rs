//! Takes files that are dropped on a part of the page.

use crate::key;
use crate::signal::Signal;
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, DataTransferItem, DragEvent, EventTarget, File, FileList, FocusEvent, MouseEvent, Node};

use crate::dom::{El, el};
use crate::part::icon::{self, icon};
use crate::text::Text;

/// Calls `take` with each file of a list. A browser may give no list.
pub fn each_file(files: Option<FileList>, take: &dyn Fn(File)) {
    let Some(files) = files else { return };
    (0..files.length()).filter_map(|index| files.get(index)).for_each(take);
}

/// Makes an element take dropped files. While files are dragged over it, it says that they can be dropped.
pub fn drop_zone(zone: El, text: Text, open: impl Fn() -> bool + 'static, take: impl Fn(File) + 'static) -> El {
    let over = Signal::new(false);
    let folder = Signal::new(false);
    zone.on("dragover", move |event| {
        if brings_files(event.unchecked_ref()) && open() {
            event.prevent_default();
            folder.set(false);
            over.set(true);
        }
    })
    .on("drop", move |event| {
        if over.get_untracked() {
            event.prevent_default();
            over.set(false);
            let event: &DragEvent = event.unchecked_ref();
            if let Some(data) = event.data_transfer() {
                // A browser gives a folder as a file that cannot be read.
                let folders = folders(&data);
                let files = data.files();
                let count = files.as_ref().map_or(0, FileList::length);
                let whole = (0..count).filter(|index| !folders.contains(index));
                whole.filter_map(|index| files.as_ref().and_then(|files| files.get(index))).for_each(&take);
                folder.set(!folders.is_empty());
            }
        }
    })
    .on("dragleave", move |event| {
        let event: &MouseEvent = event.unchecked_ref();
        // Only when the pointer leaves the element, not when it moves over one of its children.
        if !contains(event.current_target(), event.related_target()) {
            over.set(false);
        }
    })
    .child(el("div", "drop").hidden(move || !over.get()).child(icon(icon::ATTACH)).text(&text.get(key!("drop"))))
    .child(el("div", "").attr("role", "alert").when(move || folder.get(), move || folder_refused(text, folder)))
}

/// Says that a folder was not taken, until it is clicked away or something else is dragged here.
fn folder_refused(text: Text, folder: Signal<bool>) -> El {
    el("button", "drop")
        .test("folder-refused")
        .attr("type", "button")
        .click(move || folder.set(false))
        .child(icon(icon::CROSS))
        .text(&text.get(key!("folder")))
}

/// Which of the dropped files are folders, by index.
fn folders(data: &DataTransfer) -> Vec<u32> {
    let items = data.items();
    let files = (0..items.length()).filter_map(|index| items.get(index)).filter(|item| item.kind() == "file");
    let folder =
        |item: &DataTransferItem| item.webkit_get_as_entry().ok().flatten().is_some_and(|entry| entry.is_directory());
    (0..).zip(files).filter(|(_, item)| folder(item)).map(|(at, _)| at).collect()
}

fn brings_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// Whether the focus moves to something outside the element that listens. Not when it moves to nothing: the element that had it was removed,
/// or the whole window lost it.
#[must_use]
pub fn goes_outside(event: &FocusEvent) -> bool {
    event.related_target().is_some() && !contains(event.current_target(), event.related_target())
}

/// Whether one is inside the other.
#[must_use]
pub fn contains(outer: Option<EventTarget>, inner: Option<EventTarget>) -> bool {
    let node = |target: EventTarget| target.dyn_into::<Node>().ok();
    match (outer.and_then(node), inner.and_then(node)) {
        (Some(outer), Some(inner)) => outer.contains(Some(&inner)),
        _ => false,
    }
}
