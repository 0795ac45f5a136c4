//! One document as it is being edited: what is changed, what is wrong with it, and saving it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{DOCUMENT_ID_CHARS_MAX, DocumentId, DocumentKey, Kind, Problem, ProblemCode, Reach};
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;
use widget::key;

use super::path;
use super::problem::{self, fault_words, said};
use crate::api::documents::{self, Document};
use crate::api::v1::{Fault, FieldProblem};
use crate::desk::Desk;
use crate::desk::rights::writes;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::{Screen, Unsaved};
use crate::ui::task::spawn_for;
use crate::ui::who;
use crate::ui::words::{fill, t};

/// The name of the field for the id of a new document.
pub(super) const ID: &str = "id";
/// Stands among the touched fields for all of them.
const ALL: &str = "";

/// The field whose text a new document's id is made of.
const NAME: &str = "name";

/// The field for the site that a document is for.
pub(super) const SITE: &str = "site";

/// Whether documents of a kind have a field of this name.
fn has_field(kind: Kind, name: &str) -> bool {
    kind.schema().fields.iter().any(|field| field.name == name)
}

/// An id made of a name: its letters a-z and digits, with `-` between words.
fn id_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id: String = words.collect::<Vec<_>>().join("-").chars().take(DOCUMENT_ID_CHARS_MAX).collect();
    id.trim_end_matches('-').to_owned()
}

/// What became of a document.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The relay has it like this.
    Saved(Document),
    /// It is not there any more.
    Removed(DocumentId),
}

impl Outcome {
    /// Of which document.
    pub(super) const fn id(&self) -> &DocumentId {
        match self {
            Self::Saved(document) => &document.id,
            Self::Removed(id) => id,
        }
    }
}

/// What is being edited; copies share it.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    /// Who edits it.
    pub(super) desk: Desk,
    pub(super) kind: Kind,
    /// The id of one that is not at the relay any more: saving adds it again.
    pub(super) missing: StoredValue<Option<DocumentId>>,
    /// As the relay has it; none for a new one.
    pub(super) saved: StoredValue<Option<Document>>,
    pub(super) now: RwSignal<Unsaved>,
    /// Fields that were left or changed: what is wrong with others is not said yet.
    pub(super) touched: RwSignal<BTreeSet<String>>,
    /// What the relay found wrong with what was sent last.
    pub(super) refused: RwSignal<Vec<FieldProblem>>,
    pub(super) busy: RwSignal<bool>,
    /// Who has changed it meanwhile, while what both made of it is compared.
    pub(super) conflict: RwSignal<Option<String>>,
    /// Grows when the relay has another version.
    pub(super) saves: RwSignal<u64>,
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
            None => Unsaved {
                version: None,
                id: self.missing.get_value().map(String::from).unwrap_or_default(),
                body: self.begun(),
            },
        })
    }

    /// The body of a new one: it is for the only site on which its maker's rights count, where they count on one.
    fn begun(self) -> Map<String, Value> {
        let only = untrack(|| {
            self.desk.staff(|staff| match &staff.scope.sites {
                Reach::Some(sites) if sites.len() == 1 && has_field(self.kind, SITE) => sites.first().cloned(),
                Reach::Some(_) | Reach::All => None,
            })
        });
        only.map(|site| (SITE.to_owned(), site.to_string().into())).into_iter().collect()
    }

    pub(super) fn is_changed(self) -> bool {
        let before = self.before();
        let now = self.now.read();
        now.id != before.id || now.body != before.body
    }

    /// The value at a path, as it is now.
    pub(super) fn value(self, path: &str) -> Option<Value> {
        path::get(&self.now.read().body, path).filter(|value| !value.is_null()).cloned()
    }

    /// The text at a path, or nothing.
    pub(super) fn text(self, path: &str) -> String {
        match self.value(path) {
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// Puts a value at a path; none removes it, which means the default. A new document's id follows its name until it is typed.
    pub(super) fn change(self, path: &str, value: Option<Value>) {
        let follows = self.is_new() && path == NAME && !self.touched.read_untracked().contains(ID);
        self.now.update(|now| {
            if follows && let Some(Value::String(name)) = &value {
                now.id = id_of(name);
            }
            path::set(&mut now.body, path, value);
        });
        self.touch(path);
    }

    /// A field was left or changed: what is wrong with it may be said.
    pub(super) fn touch(self, path: &str) {
        self.touched.update(|touched| {
            touched.insert(path.to_owned());
        });
        if !self.refused.read_untracked().is_empty() {
            self.refused.set(Vec::new());
        }
        if self.note.read_untracked().is_some() {
            self.note.set(None);
        }
    }

    /// What is wrong, by the checks that the relay does too, and by what it said last.
    pub(super) fn problems(self) -> Vec<FieldProblem> {
        let now = self.now.read();
        let mut found = self.refused.get();
        if self.is_new() && now.id.parse::<DocumentId>().is_err() {
            let code = if now.id.is_empty() { ProblemCode::Required } else { ProblemCode::Shape };
            found.push(FieldProblem { field: ID.to_owned(), code, remedy: String::new() });
        }
        let wrong = self.kind.read(&Value::Object(now.body.clone())).err().unwrap_or_default();
        let found_here =
            |problem: Problem| FieldProblem { field: problem.field, code: problem.code, remedy: problem.remedy };
        found.extend(wrong.into_iter().map(found_here));
        if found.is_empty() {
            found.extend(self.not_mine(&now));
        }
        found
    }

    /// Whether its editor may have it be for all sites.
    pub(super) fn may_be_everywhere(self) -> bool {
        self.desk.staff(|staff| staff.scope.sites == Reach::All)
    }

    /// What the relay would refuse because its editor's rights do not count there, or because they do not have what it gives.
    fn not_mine(self, now: &Unsaved) -> Option<FieldProblem> {
        let key = DocumentKey { kind: self.kind, id: now.id.parse().ok()? };
        if writes(self.desk, &key, &Value::Object(now.body.clone())) {
            return None;
        }
        let field = if self.kind == Kind::Role {
            "rights"
        } else if has_field(self.kind, SITE) {
            SITE
        } else {
            NAME
        };
        Some(FieldProblem { field: field.to_owned(), code: ProblemCode::NotGranted, remedy: String::new() })
    }

    /// What is said of a field: its first problem. Where one editor stands for a whole list, also those of its lines, with the line.
    pub(super) fn said_of(self, path: &str, with_lines: bool) -> Option<String> {
        let below = [path, "."].concat();
        let is_touched = self.touched.read().iter().any(|touched| {
            let is_part =
                path.strip_prefix(touched.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            touched == ALL || is_part || (with_lines && touched.starts_with(&below))
        });
        if !is_touched {
            return None;
        }
        let problems = self.problems();
        let problem = problems
            .iter()
            .find(|problem| problem.field == path || (with_lines && problem.field.starts_with(&below)))?;
        let words = problem::words_in(self.kind, problem);
        let line = problem.field.strip_prefix(&below).and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        Some(line.map_or_else(
            || words.clone(),
            |line| fill(key!("console_problem_line"), &[("line", &(line + 1).to_string()), ("problem", &words)]),
        ))
    }
}

/// Sends what was changed; what is wrong is shown instead. What is typed meanwhile stays, and so does the wish when the form is left meanwhile.
pub(super) fn save(editing: Editing, screen: Screen, address: StoredValue<String>, done: Callback<Outcome>) {
    if editing.busy.get_untracked() || !untrack(|| editing.is_changed()) {
        return;
    }
    editing.touched.set([ALL.to_owned()].into());
    let sent = editing.now.get_untracked();
    let (wrong, id) = (untrack(|| editing.problems()), sent.id.parse::<DocumentId>());
    let (true, Ok(id)) = (wrong.is_empty(), id) else { return focus_wrong() };
    editing.busy.set(true);
    let address = address.get_value();
    spawn_local(async move {
        let saved = documents::save(editing.kind, &id, sent.version, &sent.body).await;
        if editing.busy.try_set(false).is_some() {
            return left_meanwhile(screen, &address, &sent, saved);
        }
        match saved {
            Ok(saved) => taken(editing, screen, &address, &sent, saved, done),
            Err(Fault::Problem(problem)) if problem.name() == "changed" && sent.version.is_none() => {
                let taken = FieldProblem { field: ID.to_owned(), code: ProblemCode::Taken, remedy: String::new() };
                editing.refused.set(vec![taken]);
                focus_wrong();
            }
            Err(Fault::Problem(problem)) if problem.name() == "changed" => {
                spawn_for(editing.busy, changed_meanwhile(editing, id));
            }
            Err(Fault::Problem(problem)) if problem.name() == "not_found" && sent.version.is_some() => {
                done.run(Outcome::Removed(id));
            }
            Err(Fault::Problem(problem)) if !problem.problems.is_empty() => {
                editing.refused.set(problem.problems);
                focus_wrong();
            }
            Err(fault) => editing.note.set(Some(fault_words(&fault))),
        }
    });
}

/// The form is gone: what was saved is not unsaved any more, and what was refused stays with its document and is said.
fn left_meanwhile(screen: Screen, address: &str, sent: &Unsaved, saved: Result<Document, Fault>) {
    match saved {
        Ok(_) => screen.unsaved.update(|unsaved| {
            if unsaved.get(address).is_some_and(|kept| kept.id == sent.id && kept.body == sent.body) {
                unsaved.remove(address);
            }
        }),
        Err(fault) => screen.tell(said(&fault)),
    }
}

/// It is saved. What was typed meanwhile is a change of what is saved now.
fn taken(editing: Editing, screen: Screen, address: &str, sent: &Unsaved, saved: Document, done: Callback<Outcome>) {
    let now = editing.now.get_untracked();
    let typed_on = now.body != sent.body;
    let later = Unsaved { version: Some(saved.version), id: saved.id.to_string(), body: now.body };
    if sent.version.is_none() {
        // This form goes, and one of the document comes: what was typed waits for it there.
        let which = Which::One(saved.id.clone());
        screen.unsaved.update(|unsaved| {
            unsaved.remove(address);
            if typed_on {
                unsaved.insert(Setting { page: Page::Kind(editing.kind), which }.path(), later);
            }
        });
        screen.tell(t(key!("console_saved")));
    } else {
        editing.note.set((!typed_on).then(|| t(key!("console_saved"))));
        editing.saved.set_value(Some(saved.clone()));
        editing.now.set(if typed_on { later } else { editing.before() });
        editing.conflict.set(None);
        editing.saves.update(|saves| *saves += 1);
    }
    done.run(Outcome::Saved(saved));
}

/// A colleague was faster. Discarding shows what they have made of it; saving again replaces that.
async fn changed_meanwhile(editing: Editing, id: DocumentId) {
    match documents::read(editing.kind, &id).await {
        Ok(theirs) => compare(editing, id, theirs).await,
        Err(fault) => editing.note.set(Some(fault_words(&fault))),
    }
}

/// Shows theirs beside what was made of it here.
pub(super) async fn compare(editing: Editing, id: DocumentId, theirs: Document) {
    // What was not touched here is taken as they made it.
    let base = editing.before().body;
    editing.now.update(|now| now.body = path::merged(&base, &theirs.body, &now.body));
    let history = documents::history(editing.kind, &id, None).await;
    let who = history.ok().and_then(|page| page.items.first().map(|version| who::words(&version.by)));
    editing.saved.set_value(Some(theirs.clone()));
    editing.now.update(|now| now.version = Some(theirs.version));
    editing.saves.update(|saves| *saves += 1);
    editing.conflict.set(Some(who.unwrap_or_else(|| t(key!("console_who_nobody")))));
    editing.note.set(Some(t(key!("console_changed_meanwhile"))));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_a_name() {
        for (name, id) in [
            ("Deposits & withdrawals", "deposits-withdrawals"),
            ("  VIP 1 ", "vip-1"),
            ("存款", ""),
            ("a".repeat(60).as_str(), "a".repeat(40).as_str()),
        ] {
            assert_eq!(id_of(name), id);
        }
    }
}
