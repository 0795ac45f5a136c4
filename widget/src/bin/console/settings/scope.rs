//! The editor for a scope, and its words: all sites and departments, or some.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{BuiltInRole, DocumentId, Kind, Reach, RightNames, RightSet, Scope, Staff};
use serde_json::Value;
use widget::key;
use wire::SiteId;

use crate::api::documents;
use crate::desk::Desk;
use crate::desk::rights::makes;
use crate::ui::words::t;

/// Id and name of documents that people and keys name; empty until they are loaded.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) sites: RwSignal<Vec<(String, String)>>,
    departments: RwSignal<Vec<(String, String)>>,
    /// The roles that are documents, with their rights.
    pub(super) roles: RwSignal<Vec<documents::Document>>,
    /// Whether all of them are loaded.
    pub(super) loaded: RwSignal<bool>,
}

impl Names {
    /// Begins to load them.
    pub(super) fn load() -> Self {
        let names = Self {
            sites: RwSignal::default(),
            departments: RwSignal::default(),
            roles: RwSignal::default(),
            loaded: RwSignal::default(),
        };
        spawn_local(async move {
            names.sites.try_set(named(documents::list(Kind::Site).await.unwrap_or_default()));
            names.departments.try_set(named(documents::list(Kind::Department).await.unwrap_or_default()));
            names.roles.try_set(documents::list(Kind::Role).await.unwrap_or_default());
            names.loaded.try_set(true);
        });
        names
    }

    /// Every role: its id and what it is called, the built-in ones first.
    pub(super) fn all_roles(self) -> Vec<(String, String)> {
        let built_in = BuiltInRole::ALL.into_iter().map(|role| (role.id().to_owned(), t(built_in(role))));
        built_in.chain(named(self.roles.get())).collect()
    }

    /// The rights of a role; none while it is not known.
    fn rights(self, id: &str) -> Option<RightSet> {
        if let Some(role) = BuiltInRole::with_id(id) {
            return Some(role.rights());
        }
        let roles = self.roles.read();
        let role = roles.iter().find(|role| role.id.as_str() == id)?;
        let rights = role.body.get("rights").and_then(Value::as_array).into_iter().flatten();
        Some(rights.filter_map(Value::as_str).collect::<RightNames>().known)
    }

    /// Whether the signed-in agent may make somebody who has these roles in this scope, and so change who has them.
    pub(super) fn makes(self, desk: Desk, roles: &[String], scope: &Scope) -> bool {
        let rights: Option<Vec<RightSet>> = roles.iter().map(|id| self.rights(id)).collect();
        rights.is_some_and(|rights| makes(desk, &Staff::new(rights, scope.clone())))
    }

    /// What a role is called.
    pub(super) fn role(self, id: &str) -> String {
        name_in(&self.all_roles(), id)
    }

    /// What a site is called.
    pub(super) fn site(self, id: &str) -> String {
        name_in(&self.sites.read(), id)
    }

    /// What a department is called.
    pub(super) fn department(self, id: &str) -> String {
        name_in(&self.departments.read(), id)
    }

    /// A scope in words.
    pub(super) fn scope(self, scope: &Scope) -> String {
        let some = |names: &[(String, String)], ids: Vec<String>| {
            ids.iter().map(|id| name_in(names, id)).collect::<Vec<_>>().join(", ")
        };
        let sites = match &scope.sites {
            Reach::All => t(key!("console_scope_all_sites")),
            Reach::Some(sites) => some(&self.sites.read(), sites.iter().map(ToString::to_string).collect()),
        };
        match &scope.departments {
            Reach::All => sites,
            Reach::Some(some_of) => {
                let departments = some(&self.departments.read(), some_of.iter().map(ToString::to_string).collect());
                [&sites, " · ", &departments].concat()
            }
        }
    }
}

/// What a built-in role is called.
pub(super) const fn built_in(role: BuiltInRole) -> widget::text::Key {
    match role {
        BuiltInRole::Agent => key!("console_built_in_agent"),
        BuiltInRole::Supervisor => key!("console_built_in_supervisor"),
        BuiltInRole::Administrator => key!("console_built_in_administrator"),
    }
}

fn named(documents: Vec<documents::Document>) -> Vec<(String, String)> {
    documents.into_iter().map(|document| (document.id.to_string(), document.name())).collect()
}

fn name_in(names: &[(String, String)], id: &str) -> String {
    names.iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, name)| name.clone())
}

/// The editor: for sites and departments each, all or some. Nobody gives all who has some.
#[component]
pub(super) fn ScopeEditor(
    /// Who gives it.
    desk: Desk,
    scope: RwSignal<Scope>,
    names: Names,
) -> impl IntoView {
    let has_sites = Memo::new(move |_| desk.staff(|staff| staff.scope.sites == Reach::All));
    let has_departments = Memo::new(move |_| desk.staff(|staff| staff.scope.departments == Reach::All));
    let sites = Signal::derive(move || ids(&scope.read().sites));
    let departments = Signal::derive(move || ids(&scope.read().departments));
    let set_sites = move |ids: Option<BTreeSet<String>>| scope.update(|scope| scope.sites = reach::<SiteId>(ids));
    let set_departments =
        move |ids: Option<BTreeSet<String>>| scope.update(|scope| scope.departments = reach::<DocumentId>(ids));
    view! {
        <Part title=key!("console_scope_sites") all=key!("console_scope_all_sites") one="scope-site"
            every="scope-sites-all" choices=names.sites chosen=sites may_all=has_sites set=Callback::new(set_sites) />
        <Part
            title=key!("console_scope_departments")
            all=key!("console_scope_all_departments")
            one="scope-department"
            every="scope-departments-all"
            choices=names.departments
            chosen=departments
            may_all=has_departments
            set=Callback::new(set_departments)
        />
        <p class="ask__note">{t(key!("console_scope_note"))}</p>
    }
}

/// The ids that are reached; none means all.
fn ids<T: ToString>(reach: &Reach<T>) -> Option<BTreeSet<String>> {
    match reach {
        Reach::All => None,
        Reach::Some(some) => Some(some.iter().map(ToString::to_string).collect()),
    }
}

fn reach<T: Ord + std::str::FromStr>(ids: Option<BTreeSet<String>>) -> Reach<T> {
    ids.map_or(Reach::All, |ids| Reach::Some(ids.iter().filter_map(|id| id.parse().ok()).collect()))
}

#[component]
fn Part(
    title: widget::text::Key,
    all: widget::text::Key,
    /// The test id of each box …
    one: &'static str,
    /// … and of the one for all.
    every: &'static str,
    choices: RwSignal<Vec<(String, String)>>,
    chosen: Signal<Option<BTreeSet<String>>>,
    /// Whether all can be given.
    may_all: Memo<bool>,
    set: Callback<Option<BTreeSet<String>>>,
) -> impl IntoView {
    let is_all = move || chosen.read().is_none();
    let toggle_all = move |_| set.run(if chosen.read_untracked().is_some() { None } else { Some(BTreeSet::new()) });
    let toggle = move |id: &str| {
        let mut ids = chosen.get_untracked().unwrap_or_default();
        if !ids.remove(id) {
            ids.insert(id.to_owned());
        }
        set.run(Some(ids));
    };
    let boxes = move || {
        let all = choices.get();
        all.into_iter()
            .map(|(id, name)| {
                let value = id.clone();
                let of = id.clone();
                let checked = move || chosen.read().as_ref().is_some_and(|ids| ids.contains(&of));
                view! {
                    <label class="choice">
                        <input type="checkbox" data-testid=one value=value prop:checked=checked on:change=move |_| toggle(&id) />
                        {name}
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <fieldset class="field">
            <legend>{t(title)}</legend>
            <label class="choice">
                <input type="checkbox" data-testid=every prop:checked=is_all disabled=move || !may_all.get() on:change=toggle_all />
                {t(all)}
            </label>
            <Show when=move || !is_all()>
                <div class="scope__some">{boxes}</div>
            </Show>
        </fieldset>
    }
}
