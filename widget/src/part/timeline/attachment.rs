//! Files in the timeline: pictures and films are shown, others can be saved; uploads with their progress.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use widget_core::ItemState;
use wire::{Attachment, Media, digits};

use super::Surroundings;
use super::bubble::LiveRow;
use crate::dom::{El, el};
use crate::env::document;
use crate::key;
use crate::part::icon::{self, icon};
use crate::signal::{Shared, Signal};
use crate::text::{Key, Text};
use crate::transport::Preview;

/// A file that is recorded, and what its view needs.
pub(super) type Recorded = (Surroundings, Attachment);

crate::room!("files", "00000000000000000000000000000003", file_view(about: Recorded) = file_now, |about| about.0.text);

fn file_now((surroundings, attachment): &Recorded) -> El {
    match attachment.media {
        Media::Image => picture(surroundings, attachment.clone()),
        Media::Video => film(surroundings, attachment.clone()),
        Media::Document => card(surroundings, attachment),
    }
}

const LOADING: u32 = 1;
const READY: u32 = 2;
const FAILED: u32 = 3;

fn stage(preview: &Preview) -> u32 {
    match preview {
        Preview::Loading => LOADING,
        Preview::Ready(_) => READY,
        Preview::Failed => FAILED,
    }
}

fn address(preview: &Preview) -> String {
    if let Preview::Ready(url) = preview { url.clone() } else { String::new() }
}

/// How high a picture is shown in the timeline, in pixels.
const HEIGHT_MAX: u64 = 280;
/// A picture with more pixels is not shown, only offered to be saved: to show it a browser needs four bytes for each pixel.
const PIXELS_MAX: u64 = 50_000_000;

/// A picture. Its space is kept free while it is fetched; a click opens it in a viewer.
fn picture(surroundings: &Surroundings, attachment: Attachment) -> El {
    if u64::from(attachment.width) * u64::from(attachment.height) > PIXELS_MAX {
        return card(surroundings, &attachment);
    }
    let preview = surroundings.files.preview(attachment.id);
    let (shown, surroundings) = (preview.clone(), surroundings.clone());
    let build = move |stage| match stage {
        LOADING => sized(el("div", "picture picture--empty"), &attachment),
        READY => {
            let url = shown.with_untracked(address);
            let image = sized(el("img", "").attr("src", &url).attr("alt", &attachment.name), &attachment);
            let (text, name) = (surroundings.text, attachment.name.clone());
            el("button", "picture")
                .test("picture")
                .attr("type", "button")
                .attr("aria-haspopup", "dialog")
                .click(move || view(text, &url, &name))
                .child(image)
        }
        _ => card(&surroundings, &attachment),
    };
    el("div", "").switch(move || preview.with(stage), build)
}

fn sized(view: El, attachment: &Attachment) -> El {
    if attachment.width == 0 || attachment.height == 0 {
        return view;
    }
    // No wider than it is at that height: the box is the picture's, and nothing of it is cut.
    let (width, height) = (u64::from(attachment.width), u64::from(attachment.height));
    let shown = width.min((width * HEIGHT_MAX).div_ceil(height));
    let (width, height, shown) = (digits(width), digits(height), digits(shown));
    view.style("aspect-ratio", &[&width, "/", &height].concat()).style("width", &[&shown, "px"].concat())
}

/// Shows a picture above everything, whole, or enlarged to its own size. Escape and the button close it; the focus returns by itself.
fn view(text: Text, url: &str, name: &str) {
    let image = el("img", "").attr("src", url).attr("alt", name);
    let button = |key: Key, kind: &'static str| {
        el("button", "square").attr("aria-label", &text.get(key)).attr("title", &text.get(key)).child(icon(kind))
    };
    let viewer = el("dialog", "viewer").test("viewer").attr("aria-label", name);
    let (whole, closed, opened) = (viewer.clone(), viewer.clone(), viewer.clone());
    let viewer = viewer
        .child(
            // Its buttons close a dialog by themselves.
            el("form", "viewer__bar")
                .attr("method", "dialog")
                .child(el("b", "").attr("dir", "auto").attr("translate", "no").text(name))
                .child(button(key!("zoom"), icon::ZOOM).test("zoom").attr("type", "button").click(move || {
                    whole.raw().class_list().toggle("viewer--large").ok();
                }))
                .child(
                    el("a", "square")
                        .test("viewer-save")
                        .attr("href", url)
                        .attr("download", name)
                        .attr("aria-label", &text.with(key!("download"), "name", name))
                        .child(icon(icon::DOWNLOAD)),
                )
                .child(button(key!("zoom_close"), icon::CROSS).attr("autofocus", "")),
        )
        .child(el("div", "viewer__scroll").attr("tabindex", "0").child(image))
        // Escape closes the viewer only, not the chat.
        .on("keydown", |event| event.stop_propagation())
        .on("close", move |_| closed.raw().remove());
    document().body().map(|body| body.append_child(viewer.raw()).ok());
    opened.raw().unchecked_ref::<HtmlDialogElement>().show_modal().ok();
}

/// A film is fetched only when somebody wants to see it.
fn film(surroundings: &Surroundings, attachment: Attachment) -> El {
    let wanted = Signal::new(false);
    let preview = Rc::new(std::cell::OnceCell::<Shared<Preview>>::new());
    let (known, surroundings) = (Rc::clone(&preview), surroundings.clone());
    let stage_now = move || {
        if !wanted.get() {
            return FAILED;
        }
        known.get().map_or(FAILED, |preview| preview.with(stage))
    };
    let build = move |stage| {
        if stage == READY {
            let url = preview.get().map(|preview| preview.with_untracked(address)).unwrap_or_default();
            return el("video", "film").attr("src", &url).attr("controls", "");
        }
        let label = [&surroundings.text.get(key!("play")), " ", &attachment.name].concat();
        let (files, id, preview) = (surroundings.files.clone(), attachment.id, Rc::clone(&preview));
        let play = el("button", "square")
            .test("play")
            .attr("type", "button")
            .attr("aria-label", &label)
            .flag("disabled", move || stage == LOADING)
            .click(move || {
                // After a failure this asks again, and gives the same signal.
                let asked = files.preview(id);
                preview.set(asked).ok();
                wanted.set(true);
            })
            .child(icon(icon::PLAY));
        el("div", "film film--card").child(card(&surroundings, &attachment)).child(play)
    };
    el("div", "").switch(stage_now, build)
}

/// Name, size, and a button that saves the file.
fn card(surroundings: &Surroundings, attachment: &Attachment) -> El {
    let text = surroundings.text;
    let busy = Signal::new(false);
    let failed = Signal::new(false);
    let length = text.bytes(attachment.bytes);
    let picture = if attachment.media == Media::Image { icon::PICTURE } else { icon::FILE };
    let (files, path, name) =
        (surroundings.files.clone(), surroundings.files.path(attachment.id), attachment.name.clone());
    let save = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(false);
        files.save(&path, &name, move |came| {
            busy.set(false);
            failed.set(!came);
        });
    };
    let words = move || if failed.get() { text.get(key!("download_failed")) } else { length.clone() };
    el("div", "file")
        .child(icon(picture))
        .child(
            el("div", "file__text")
                .child(el("b", "").attr("dir", "auto").text(&attachment.name))
                .child(el("small", "").words(words)),
        )
        .child(
            el("button", "square")
                .test("download")
                .attr("type", "button")
                .attr("aria-label", &text.with(key!("download"), "name", &attachment.name))
                .flag("disabled", move || busy.get())
                .click(save)
                .child(icon(icon::DOWNLOAD)),
        )
}

/// A file that is being uploaded, or whose upload failed: its row, name, kind and length in bytes.
pub(super) type Sending = (Surroundings, LiveRow, String, Media, u64);

crate::room!("files", "00000000000000000000000000000004", upload_view(about: Sending) = upload_now, |about| about.0.text);

fn upload_now((surroundings, live, name, media, bytes): &Sending) -> El {
    let (text, media, bytes) = (surroundings.text, *media, *bytes);
    let id = live.with_untracked(|row| row.item.id);
    let failed = {
        let live = live.clone();
        move || live.with(|row| matches!(row.item.state, ItemState::Failed(_)))
    };
    let percent = {
        let live = live.clone();
        move || digits(live.with(|row| percent(&row.item.state)))
    };
    let (uploading, length, stopped) = (text.with(key!("uploading"), "name", name), text.bytes(bytes), failed.clone());
    let progress = move |kind| {
        if kind == FAILED {
            return el("small", "").text(&length);
        }
        let filled = el("i", "");
        let (raw, width) = (filled.clone(), percent.clone());
        crate::dom::follow(move || {
            raw.html().style().set_property("width", &[&width(), "%"].concat()).ok();
        });
        let now = percent.clone();
        el("div", "bar")
            .attr("role", "progressbar")
            .attr("aria-label", &uploading)
            .attr_of("aria-valuenow", move || Some(now()))
            .child(filled)
    };
    let discard = Rc::clone(&surroundings.discard);
    el("div", "file")
        .test("upload")
        .child(icon(if media == Media::Image { icon::PICTURE } else { icon::FILE }))
        .child(
            el("div", "file__text")
                .child(el("b", "").attr("dir", "auto").text(name))
                .switch(move || if stopped() { FAILED } else { LOADING }, progress),
        )
        .child(
            el("button", "square")
                .test("upload-cancel")
                .attr("type", "button")
                .hidden(failed)
                .attr("aria-label", &text.with(key!("upload_cancel"), "name", name))
                .click(move || discard(id))
                .child(icon(icon::CROSS)),
        )
}

fn percent(state: &ItemState) -> u64 {
    match *state {
        ItemState::Uploading { sent, total } => (sent * 100).checked_div(total).unwrap_or(0).min(100),
        ItemState::Recorded
        | ItemState::Sending
        | ItemState::Waiting
        | ItemState::Sent
        | ItemState::Seen
        | ItemState::Failed(_) => 0,
    }
}
