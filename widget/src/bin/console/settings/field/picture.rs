//! The editor for a small picture: whatever the browser can show is drawn small, and kept as a PNG in the document.

use js_sys::futures::JsFuture;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::image::IMAGE_PX_MAX;
use wasm_bindgen::{JsCast, JsValue};

use web_sys::{CanvasRenderingContext2d, File, HtmlCanvasElement, HtmlImageElement, Url};
use widget::env::document;
use widget::key;

use super::Spot;
use crate::ui::words::t;

/// The picture, another one in its place, or none.
#[component]
pub(super) fn Picture(spot: Spot) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let failed = RwSignal::new(false);
    let choose = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        // The same file can be chosen again.
        input.set_value("");
        spawn_local(async move {
            let drawn = drawn_small(&file).await;
            failed.try_set(drawn.is_err());
            if let Ok(url) = drawn {
                spot.put(Some(url.into()));
            }
        });
    };
    let remove = move |_| {
        failed.set(false);
        spot.put(None);
    };
    let shown = Memo::new(move |_| spot.text());
    view! {
        <div class="image-field">
            {move || {
                let url = shown.get();
                (!url.is_empty()).then(|| view! { <img class="image-field__now" data-testid="field-picture-now" src=url alt="" /> })
            }}
            <label class="button image-field__choose">
                {t(key!("console_picture_choose"))}
                <input
                    node_ref=input
                    type="file"
                    accept="image/*"
                    data-testid="field-picture"
                    aria-describedby=spot.described()
                    on:change=choose
                />
            </label>
            {move || {
                (!shown.read().is_empty())
                    .then(|| {
                        view! {
                            <button type="button" class="button" data-testid="field-picture-remove" on:click=remove>
                                {t(key!("console_picture_remove"))}
                            </button>
                        }
                    })
            }}
        </div>
        <small class="field__problem" role="status">
            {move || failed.get().then(|| t(key!("console_picture_failed")))}
        </small>
    }
}

/// A picture as a PNG of [`IMAGE_PX_MAX`] pixels at most, with its own proportions.
async fn drawn_small(file: &File) -> Result<String, JsValue> {
    let url = Url::create_object_url_with_blob(file)?;
    let drawn = draw(&url).await;
    Url::revoke_object_url(&url)?;
    drawn
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the sides are between 1 and the bound")]
async fn draw(url: &str) -> Result<String, JsValue> {
    let picture = HtmlImageElement::new()?;
    picture.set_src(url);
    JsFuture::from(picture.decode()).await?;
    let most = f64::from(IMAGE_PX_MAX);
    // A drawing of lines without a size of its own has none.
    let side = |px: u32| if px == 0 { most } else { f64::from(px) };
    let (width, height) = (side(picture.natural_width()), side(picture.natural_height()));
    let scale = (most / width.max(height)).min(1.0);
    let (width, height) = ((width * scale).round().max(1.0), (height * scale).round().max(1.0));
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into::<CanvasRenderingContext2d>();
    context.set_image_smoothing_enabled(true);
    context.draw_image_with_html_image_element_and_dw_and_dh(&picture, 0.0, 0.0, width, height)?;
    canvas.to_data_url()
}
