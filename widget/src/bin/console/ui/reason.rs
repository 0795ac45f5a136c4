//! The field of a window that asks why something is done.

use leptos::prelude::*;
use widget::key;
use widget::text::Key;

use crate::ui::words::t;

/// Characters of a reason; the relay takes no more.
const CHARS_MAX: usize = 200;

/// A reason that must be given.
#[component]
pub(crate) fn Reason(
    /// What is asked.
    label: Key,
    /// The id by which tests find the field.
    test: &'static str,
    /// The id of what is wrong with it.
    problem_id: &'static str,
    /// What is typed.
    reason: RwSignal<String>,
    /// What is wrong with it.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{t(label)}</span>
            <input
                type="text"
                dir="auto"
                maxlength=CHARS_MAX.to_string()
                data-testid=test
                aria-invalid=move || problem.read().is_some().to_string()
                aria-describedby=problem_id
                on:input=move |event| reason.set(event_target_value(&event))
            />
            <small id=problem_id class="field__problem" role="alert">
                {problem}
            </small>
        </label>
    }
}

/// The reason that was given; without one, what is wrong is said.
pub(crate) fn given(reason: RwSignal<String>, problem: RwSignal<Option<String>>) -> Option<String> {
    let given = Some(reason.get_untracked().trim().to_owned()).filter(|given| !given.is_empty());
    if given.is_none() {
        problem.set(Some(t(key!("console_problem_required"))));
    }
    given
}
