//! Files in the timeline: pictures and films shown, others offered, uploads with their progress.

use leptos::prelude::*;
use widget_core::ItemState;
use wire::{Attachment, Media};

use super::row::Row;
use super::Surroundings;
use crate::download::{Preview, file_path};
use crate::part::icon::{self, icon};

/// A file that is recorded.
pub(super) fn file_view(surroundings: Surroundings, attachment: &Attachment) -> AnyView {
    match attachment.media {
        Media::Image => picture(surroundings, attachment.clone()),
        Media::Video => film(surroundings, attachment.clone()),
        Media::Document => card(surroundings, attachment.clone()),
    }
}

/// A picture keeps its place while it is fetched; it opens at full size in a tab of its own.
fn picture(surroundings: Surroundings, attachment: Attachment) -> AnyView {
    let preview = surroundings.files.with_value(|files| files.preview(attachment.id));
    let preview = RwSignal::from(preview);
    let name = StoredValue::new(attachment.name.clone());
    let ratio = (attachment.width > 0 && attachment.height > 0)
        .then(|| [&attachment.width.to_string(), "/", &attachment.height.to_string()].concat());
    let width = (attachment.width > 0).then(|| [&attachment.width.to_string(), "px"].concat());
    let shown = move || match preview.get() {
        Preview::Failed => card(surroundings, attachment.clone()),
        Preview::Loading => {
            view! { <div class="picture picture--empty" style:aspect-ratio=ratio.clone() style:width=width.clone()></div> }
                .into_any()
        }
        Preview::Ready(url) => {
            let source = url.clone();
            view! {
                <a class="picture" href=url target="_blank" rel="noopener">
                    <img src=source alt=name.get_value() style:aspect-ratio=ratio.clone() style:width=width.clone() />
                </a>
            }
            .into_any()
        }
    };
    shown.into_any()
}

/// A film is fetched only when somebody wants to see it.
fn film(surroundings: Surroundings, attachment: Attachment) -> AnyView {
    let wanted = RwSignal::new(None::<ArcRwSignal<Preview>>);
    let id = attachment.id;
    let play = move |_| wanted.set(Some(surroundings.files.with_value(|files| files.preview(id))));
    let label = [&surroundings.text.get("play"), " ", &attachment.name].concat();
    let card = StoredValue::new(attachment);
    let shown = move || match wanted.get().map(|preview| preview.get()) {
        Some(Preview::Ready(url)) => view! { <video class="film" src=url controls></video> }.into_any(),
        state => {
            let busy = state == Some(Preview::Loading);
            view! {
                <div class="film film--card">
                    {card.with_value(|attachment| self::card(surroundings, attachment.clone()))}
                    <button class="square" aria-label=label.clone() disabled=busy on:click=play>
                        {icon(icon::PLAY)}
                    </button>
                </div>
            }
            .into_any()
        }
    };
    shown.into_any()
}

/// Name, length and a button that saves it.
fn card(surroundings: Surroundings, attachment: Attachment) -> AnyView {
    let Surroundings { text, files, .. } = surroundings;
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(false);
    let label = text.with("download", "name", &attachment.name);
    let name = attachment.name.clone();
    let length = text.bytes(attachment.bytes);
    let save = move |_| {
        busy.set(true);
        failed.set(false);
        files.with_value(|files| {
            files.save(&file_path(attachment.id), &attachment.name, move |came| {
                busy.set(false);
                failed.set(!came);
            });
        });
    };
    view! {
        <div class="file">
            {icon(if attachment.media == Media::Image { icon::PICTURE } else { icon::FILE })}
            <div class="file__text">
                <b dir="auto">{name}</b>
                <small>{move || if failed.get() { text.get("download_failed") } else { length.clone() }}</small>
            </div>
            <button class="square" aria-label=label disabled=move || busy.get() on:click=save>
                {icon(icon::DOWNLOAD)}
            </button>
        </div>
    }
    .into_any()
}

/// A file on its way, or one that did not make it.
pub(super) fn upload_view(
    surroundings: Surroundings,
    row: RwSignal<Row>,
    name: &str,
    media: Media,
    bytes: u64,
) -> AnyView {
    let Surroundings { text, discard, .. } = surroundings;
    let id = row.with_untracked(|row| row.item.id);
    let failed = Memo::new(move |_| row.with(|row| matches!(row.item.state, ItemState::Failed(_))));
    let label = text.with("upload_cancel", "name", name);
    let uploading = text.with("uploading", "name", name);
    let percent = Memo::new(move |_| {
        row.with(|row| match row.item.state {
            ItemState::Uploading { sent, total } => (sent * 100).checked_div(total).unwrap_or(0).min(100),
            ItemState::Recorded
            | ItemState::Sending
            | ItemState::Waiting
            | ItemState::Sent
            | ItemState::Seen
            | ItemState::Failed(_) => 0,
        })
    });
    let progress = move || {
        if failed.get() {
            return view! { <small>{text.bytes(bytes)}</small> }.into_any();
        }
        view! {
            <div
                class="bar"
                role="progressbar"
                aria-label=uploading.clone()
                aria-valuenow=move || percent.get().to_string()
            >
                <i style:width=move || [&percent.get().to_string(), "%"].concat()></i>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="file" data-testid="upload">
            {icon(if media == Media::Image { icon::PICTURE } else { icon::FILE })}
            <div class="file__text">
                <b dir="auto">{name.to_owned()}</b>
                {progress}
            </div>
            <button
                class="square"
                hidden=move || failed.get()
                aria-label=label
                on:click=move |_| discard.run(id)
            >
                {icon(icon::CROSS)}
            </button>
        </div>
    }
    .into_any()
}
