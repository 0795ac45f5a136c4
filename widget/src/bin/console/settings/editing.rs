//! One document as it is being edited: what is changed, what is wrong with it, and saving it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{DocumentId, Kind, ProblemCode};
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;
use widget::key;

use super::words;
use crate::api::documents::{self, Document};
use crate::api::v1::{Fault, FieldProblem};
use crate::desk::route::Which;
use crate::desk::screen::{Screen, Unsaved};
use crate::ui::words::{fill, t};

/// The name of the field for the id of a new document.
pub(super) const ID: &str = "id";

/// What became of a document.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The relay has it like this.
    Saved(Document),
    /// It is not there any more.
    Removed(DocumentId),
}

impl Outcome {
    /// What is shown then.
    pub(super) fn shown_after(&self) -> Which {
        match self {
            Self::Saved(document) => Which::One(document.id.clone()),
            Self::Removed(_) => Which::List,
        }
    }
}

/// What is being edited; copies share it.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    pub(super) kind: Kind,
    /// As the relay has it; none for a new one.
    pub(super) saved: StoredValue<Option<Document>>,
    pub(super) now: RwSignal<Unsaved>,
    /// Fields that were left or changed: what is wrong with others is not said yet.
    pub(super) touched: RwSignal<BTreeSet<String>>,
    /// What the relay found wrong with what was sent last.
    pub(super) refused: RwSignal<Vec<FieldProblem>>,
    pub(super) busy: RwSignal<bool>,
    /// What is said beside the buttons.
    pub(super) note: RwSignal<Option<String>>,
}

impl Editing {
    pub(super) fn is_new(self) -> bool {
        self.saved.with_value(Option::is_none)
    }

    /// What it is without changes.
    pub(super) fn before(self) -> Unsaved {
        self.saved.with_value(|saved| match saved {
            Some(saved) => Unsaved { version: Some(saved.version), id: saved.id.to_string(), body: saved.body.clone() },
            None => Unsaved { version: None, id: String::new(), body: Map::new() },
        })
    }

    pub(super) fn is_changed(self) -> bool {
        let before = self.before();
        let now = self.now.read();
        now.id != before.id || now.body != before.body
    }

    pub(super) fn change(self, name: &str, value: Option<Value>) {
        self.now.update(|now| match value {
            Some(value) => drop(now.body.insert(name.to_owned(), value)),
            None => drop(now.body.remove(name)),
        });
        self.touched.update(|touched| {
            touched.insert(name.to_owned());
        });
        self.refused.set(Vec::new());
        self.note.set(None);
    }

    /// What is wrong, by the checks that the relay does too, and by what it said last.
    pub(super) fn problems(self) -> Vec<FieldProblem> {
        let now = self.now.read();
        let mut found = self.refused.get();
        if self.is_new() && now.id.parse::<DocumentId>().is_err() {
            let code = if now.id.is_empty() { ProblemCode::Required } else { ProblemCode::Shape };
            found.push(FieldProblem { field: ID.to_owned(), code });
        }
        let wrong = self.kind.read(&Value::Object(now.body.clone())).err().unwrap_or_default();
        found.extend(wrong.into_iter().map(|problem| FieldProblem { field: problem.field, code: problem.code }));
        found
    }

    /// What is said of a field: its first problem, with the line in lists.
    pub(super) fn said_of(self, name: &str) -> Option<String> {
        if !self.touched.read().contains(name) {
            return None;
        }
        let problems = self.problems();
        let problem = problems.iter().find(|problem| problem.field.split('.').next() == Some(name))?;
        let words = t(words::problem(problem.code));
        let line = problem.field.split('.').nth(1).and_then(|line| line.parse::<usize>().ok());
        Some(line.map_or_else(
            || words.clone(),
            |line| fill(key!("console_problem_line"), &[("line", &(line + 1).to_string()), ("problem", &words)]),
        ))
    }
}

/// Sends what was changed; what is wrong is shown instead.
pub(super) fn save(editing: Editing, screen: Screen, address: StoredValue<String>, done: Callback<Outcome>) {
    if editing.busy.get_untracked() || !untrack(|| editing.is_changed()) {
        return;
    }
    let all = words::fields(editing.kind).map(|field| field.name.to_owned()).chain([ID.to_owned()]);
    editing.touched.set(all.collect());
    let now = editing.now.get_untracked();
    let (wrong, id) = (untrack(|| editing.problems()), now.id.parse::<DocumentId>());
    let (true, Ok(id)) = (wrong.is_empty(), id) else { return focus_wrong() };
    editing.busy.set(true);
    spawn_local(async move {
        let saved = documents::save(editing.kind, &id, now.version, &now.body).await;
        editing.busy.set(false);
        match saved {
            Ok(saved) => {
                screen.unsaved.update(|unsaved| drop(unsaved.remove(&address.get_value())));
                if now.version.is_none() {
                    screen.tell(t(key!("console_saved")));
                }
                editing.note.set(Some(t(key!("console_saved"))));
                editing.saved.set_value(Some(saved.clone()));
                editing.now.set(editing.before());
                done.run(Outcome::Saved(saved));
            }
            Err(Fault::Problem(problem)) if problem.name() == "changed" && now.version.is_none() => {
                editing.refused.set(vec![FieldProblem { field: ID.to_owned(), code: ProblemCode::Taken }]);
                focus_wrong();
            }
            Err(Fault::Problem(problem)) if problem.name() == "changed" => {
                // Discarding shows what the colleague has made of it; saving again replaces that.
                let Ok(theirs) = documents::read(editing.kind, &id).await else {
                    return editing.note.set(Some(t(key!("console_settings_gone"))));
                };
                editing.now.update(|now| now.version = Some(theirs.version));
                editing.saved.set_value(Some(theirs));
                editing.note.set(Some(t(key!("console_changed_meanwhile"))));
            }
            Err(Fault::Problem(problem)) if !problem.problems.is_empty() => {
                editing.refused.set(problem.problems);
                focus_wrong();
            }
            Err(fault) => editing.note.set(Some(fault_words(&fault))),
        }
    });
}

pub(super) fn fault_words(fault: &Fault) -> String {
    t(match fault {
        Fault::Unreachable => key!("console_unreachable"),
        Fault::Problem(problem) => match problem.name() {
            "changed" => key!("console_changed_reopen"),
            "not_allowed" => key!("console_no_right"),
            "not_found" => key!("console_settings_gone"),
            _ => key!("console_refused_other"),
        },
    })
}

/// Puts the focus into the first field that is wrong, once the page shows which are.
fn focus_wrong() {
    request_animation_frame(|| {
        let wrong = widget::env::document().query_selector(".settings__fields [aria-invalid=true]").ok().flatten();
        if let Some(field) = wrong.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            field.focus().ok();
        }
    });
}
