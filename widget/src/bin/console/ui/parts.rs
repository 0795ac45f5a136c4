//! The parts that the chat uses too, as components for the console's views.

use std::rc::Rc;

use leptos::mount::mount_to;
use leptos::prelude::*;
use web_sys::File;
use widget::dom::{El, el};
use widget::part::{self, Field, Rows, StaffWords, Surroundings, Writing};
use widget::text::Text;
use widget::transport::Downloads;
use widget_core::Online;
use wire::MessageId;

/// An element of `widget::dom` in a view: inside a host element that takes no space of its own.
fn bridge(element: El) -> impl IntoView {
    let host = NodeRef::<leptos::html::Div>::new();
    host.on_load(move |host| {
        // A view that is rebuilt keeps its host element: remove what was in it before.
        host.set_text_content(None);
        host.append_child(element.raw()).ok();
    });
    view! { <div class="bridge" node_ref=host></div> }
}

/// A conversation, with the children below its last row.
#[component]
pub(crate) fn TimelineView(
    /// The rows.
    rows: Rows,
    /// Where files come from.
    files: Downloads,
    /// Sends a failed draft again.
    retry: UnsyncCallback<MessageId>,
    /// Drops a failed draft, or stops an upload.
    discard: UnsyncCallback<MessageId>,
    /// The visitor's name under their messages.
    visitor_name: Signal<String>,
    /// The words of what happened on the staff lane.
    staff_notice: StaffWords,
    /// What is shown below the last row.
    children: Children,
) -> impl IntoView {
    let surroundings = Surroundings {
        text: Text::here(),
        files,
        retry: Rc::new(move |id| retry.run(id)),
        discard: Rc::new(move |id| discard.run(id)),
        visitor_name: Rc::new(move || visitor_name.get()),
        staff_notice: Some(staff_notice),
    };
    let below = el("div", "bridge");
    // Removed with the component that mounted it.
    StoredValue::new_local(mount_to(below.html().clone(), children));
    bridge(part::timeline(rows, surroundings, vec![below]))
}

/// A form with a growing field.
#[component]
pub(crate) fn Composer(
    /// What is being written.
    text: widget::signal::Signal<String>,
    /// What the empty field says; also its label.
    placeholder: Signal<String>,
    /// Sends a message; false leaves it in the field.
    on_send: UnsyncCallback<String, bool>,
    /// Gets each chosen or pasted file.
    on_file: UnsyncCallback<File>,
    /// A key was pressed.
    on_typing: UnsyncCallback<()>,
    /// The field, for its owner to focus.
    field: Field,
) -> impl IntoView {
    let writing = Writing {
        send: Box::new(move |words| on_send.run(words)),
        file: Box::new(move |file| on_file.run(file)),
        typing: Box::new(move || on_typing.run(())),
    };
    bridge(part::composer(Text::here(), text, move || placeholder.get(), field, writing))
}

/// Shown while there is no connection to the relay.
#[component]
pub(crate) fn ConnectionBanner(
    /// How the connection stands.
    online: Memo<Online>,
    /// Messages that wait for the connection.
    waiting: Memo<usize>,
) -> impl IntoView {
    bridge(part::connection_banner(Text::here(), move || (online.get(), waiting.get())))
}

/// Three dots, while somebody types.
#[component]
pub(crate) fn Typing(
    /// Who types; none when nobody does.
    who: Memo<Option<String>>,
) -> impl IntoView {
    bridge(part::typing(Text::here(), move || who.get()))
}

/// Takes dropped files. While files are dragged over its children, it says that they can be dropped.
#[component]
pub(crate) fn DropZone(
    /// The class of the element.
    class: &'static str,
    /// Whether files are taken now.
    open: Signal<bool>,
    /// Gets each dropped file.
    on_file: UnsyncCallback<File>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let zone = NodeRef::<leptos::html::Div>::new();
    let text = Text::here();
    zone.on_load(move |zone| {
        let zone: web_sys::Element = zone.into();
        drop(part::drop_zone(El::from(zone), text, move || open.get_untracked(), move |file| on_file.run(file)));
    });
    view! {
        <div class=class node_ref=zone>
            {children()}
        </div>
    }
}
