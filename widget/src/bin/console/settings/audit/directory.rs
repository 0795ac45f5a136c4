//! Names of whom and what entries of the audit log are about, as far as this page knows them.

use std::collections::BTreeMap;

use leptos::prelude::*;
use relay_settings::Scope;
use widget::key;

use super::words;
use crate::api::audit::{Entry, Item, Subject};
use crate::api::staff;
use crate::settings::scope::Names;
use crate::ui::task::spawn_for;
use crate::ui::who::{self, Who};
use crate::ui::words::t;

/// What filters know the keys of programs by begins like this.
const OF_KEYS: &str = "key/";

/// The names.
#[derive(Clone, Copy)]
pub(super) struct Directory {
    /// Who could have done something, by what filters know them by.
    people: RwSignal<BTreeMap<String, String>>,
    /// What entries themselves call their subjects, by what filters know these by.
    things: RwSignal<BTreeMap<String, String>>,
    /// Sites, departments and roles.
    names: Names,
}

impl Directory {
    /// Begins to load them. Who may not read colleagues or sites has those who are in entries, and ids.
    pub(super) fn load() -> Self {
        let always = [Who::CommandLine, Who::System, Who::Nobody];
        let people = RwSignal::new(always.iter().map(|who| (who.key(), who::words(who))).collect::<BTreeMap<_, _>>());
        spawn_for(people, async move {
            let Ok(colleagues) = staff::list().await else { return };
            let named = colleagues.into_iter().map(|colleague| (agent_key(&colleague.id), colleague.name));
            people.update(|people| people.extend(named));
        });
        Self { people, things: RwSignal::default(), names: Names::load() }
    }

    /// Adds everybody who is in these entries; colleagues keep the name that they have now.
    pub(super) fn remember(self, items: &[Item]) {
        let seen: Vec<&Who> = items.iter().filter_map(|item| item.entry.as_ref()).map(|entry| &entry.who).collect();
        self.people.maybe_update(|people| remember(people, &seen));
        let named: Vec<_> = items.iter().filter_map(|item| called(item.entry.as_ref()?)).collect();
        if !named.is_empty() {
            self.things.update(|things| things.extend(named));
        }
    }

    /// Everybody who can be chosen, with the value for the filter.
    pub(super) fn people(self) -> Vec<(String, String)> {
        options(&self.people.read(), &t(key!("console_audit_kind_key")))
    }

    /// The name of an agent, or their id.
    pub(super) fn agent(self, id: &str) -> String {
        self.people.read().get(&agent_key(id)).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Sites with their ids, in the order of their names.
    pub(super) fn sites(self) -> Vec<(String, String)> {
        sorted(self.names.sites.get().into_iter())
    }

    /// The name of a site, or its id.
    pub(super) fn site(self, id: &str) -> String {
        self.names.site(id)
    }

    /// What a role is called.
    pub(super) fn role(self, id: &str) -> String {
        self.names.role(id)
    }

    /// A scope in words.
    pub(super) fn scope(self, scope: &Scope) -> String {
        self.names.scope(scope)
    }

    /// Kind and name, or kind and id; the site where it has one.
    pub(super) fn subject(self, subject: &Subject) -> String {
        let kind = words::kind(&subject.kind).map_or_else(|| subject.kind.clone(), t);
        let site = subject.site.as_ref().filter(|site| **site != subject.id);
        let site = site.map(|site| [" · ", &self.site(site)].concat()).unwrap_or_default();
        [&kind, " · ", &self.name(subject), &site].concat()
    }

    /// The name of a subject, or its id.
    pub(super) fn name(self, subject: &Subject) -> String {
        match subject.kind.as_str() {
            "agent" | "key" => {
                let (people, things) = (self.people.read(), self.things.read());
                let known = people.get(&subject.key()).or_else(|| things.get(&subject.key()));
                known.cloned().unwrap_or_else(|| subject.id.clone())
            }
            "site" => self.site(&subject.id),
            "role" => self.role(&subject.id),
            "department" => self.names.department(&subject.id),
            _ => self.things.read().get(&subject.key()).cloned().unwrap_or_else(|| subject.id.clone()),
        }
    }
}

/// What an entry calls its subject, if it does: people and programs by name or address, which their ids do not tell.
fn called(entry: &Entry) -> Option<(String, String)> {
    let subject = entry.subject.as_ref()?;
    let is_person = matches!(subject.kind.as_str(), "agent" | "key" | "invitation");
    let name = ["name", "email"].iter().find_map(|detail| entry.detail.get(*detail)?.as_str());
    name.filter(|_| is_person).map(|name| (subject.key(), name.to_owned()))
}

fn agent_key(id: &str) -> String {
    ["agent/", id].concat()
}

/// Adds those who are not there; whether there was one.
fn remember(people: &mut BTreeMap<String, String>, seen: &[&Who]) -> bool {
    let before = people.len();
    for who in seen {
        people.entry(who.key()).or_insert_with(|| who::words(who));
    }
    people.len() > before
}

/// The choices of a select in the order of their words; programs are told from colleagues of the same name.
fn options(people: &BTreeMap<String, String>, key_word: &str) -> Vec<(String, String)> {
    let words = |(key, name): (&String, &String)| {
        let name = if key.starts_with(OF_KEYS) { [key_word, " · ", name].concat() } else { name.clone() };
        (key.clone(), name)
    };
    sorted(people.iter().map(words))
}

fn sorted(named: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut named: Vec<_> = named.collect();
    named.sort_by_cached_key(|(id, name)| (name.to_lowercase(), id.clone()));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, name: &str) -> Who {
        Who::Agent { id: id.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn everybody_is_there_once_by_the_newest_name_and_in_order() {
        let mut people = BTreeMap::from([("agent/1".to_owned(), "kim".to_owned())]);
        let key = Who::Key { id: "9".to_owned(), name: "Kim".to_owned() };
        assert!(remember(&mut people, &[&agent("1", "Kimberly"), &agent("2", "Ada"), &key, &agent("2", "Ada L.")]));
        assert!(!remember(&mut people, &[&agent("2", "Ada M."), &key]));
        let expected = [("agent/2", "Ada"), ("key/9", "API key · Kim"), ("agent/1", "kim")]
            .map(|(key, name)| (key.to_owned(), name.to_owned()));
        assert_eq!(options(&people, "API key"), expected);
    }

    #[test]
    fn subjects_and_people_have_the_same_keys() {
        let subject = Subject { kind: "agent".to_owned(), id: "1".to_owned(), site: None };
        assert_eq!((subject.key(), agent_key("1")), (agent("1", "Kim").key(), agent("1", "Kim").key()));
    }
}
