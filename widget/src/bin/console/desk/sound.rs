//! A short tone for new messages and assignments, and its switch.

use leptos::prelude::*;
use web_sys::AudioContext;
use widget::storage::Storage;

/// Under which name the choice is kept in the browser.
const KEPT: &str = "sound";
/// The tone: two soft notes, each this long.
const NOTE_SECONDS: f64 = 0.14;
/// Their pitches in hertz.
const NOTES_HZ: [f32; 2] = [659.3, 880.0];
/// Their loudness, out of 1.
const LOUDNESS: f32 = 0.12;

/// The tone and its switch; copies share them.
#[derive(Clone, Copy)]
pub(crate) struct Sound {
    on: RwSignal<bool>,
    storage: StoredValue<Storage, LocalStorage>,
    /// Made at the first gesture: browsers keep a page silent before one.
    context: StoredValue<Option<AudioContext>, LocalStorage>,
}

impl Sound {
    /// On or off as it was last time; on at first.
    pub(crate) fn new() -> Self {
        let storage = Storage::new("causeway.console");
        let on = storage.get(KEPT).as_deref() != Some("off");
        Self { on: RwSignal::new(on), storage: StoredValue::new_local(storage), context: StoredValue::new_local(None) }
    }

    /// Whether it is on.
    pub(crate) fn on(&self) -> bool {
        self.on.get()
    }

    /// Switches it. When switched on, it plays once.
    pub(crate) fn toggle(&self) {
        let on = !self.on.get_untracked();
        self.on.set(on);
        self.storage.with_value(|storage| storage.set(KEPT, if on { "on" } else { "off" }));
        self.allow();
        self.play();
    }

    /// The person did something on the page: from now on browsers let it play.
    pub(crate) fn allow(&self) {
        self.context.update_value(|context| {
            if context.is_none() {
                *context = AudioContext::new().ok();
            }
        });
    }

    /// Plays the tone, if it is on and allowed.
    pub(crate) fn play(&self) {
        if self.on.get_untracked() {
            self.context.with_value(|context| {
                // A browser without sound stays silent. Title and badge show the same.
                let _ = context.as_ref().map(beep);
            });
        }
    }
}

fn beep(context: &AudioContext) -> Result<(), wasm_bindgen::JsValue> {
    // Browsers may have suspended the sound of a page in the background.
    let _waking = context.resume()?;
    let mut at = context.current_time();
    for pitch in NOTES_HZ {
        let (tone, volume) = (context.create_oscillator()?, context.create_gain()?);
        tone.frequency().set_value(pitch);
        volume.gain().set_value_at_time(LOUDNESS, at)?;
        volume.gain().exponential_ramp_to_value_at_time(0.001, at + NOTE_SECONDS)?;
        tone.connect_with_audio_node(&volume)?;
        volume.connect_with_audio_node(&context.destination())?;
        tone.start_with_when(at)?;
        tone.stop_with_when(at + NOTE_SECONDS)?;
        at += NOTE_SECONDS;
    }
    Ok(())
}
