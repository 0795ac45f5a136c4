//! What the browser keeps for us between visits. Where it cannot, values are in memory until the page is left.

use std::cell::RefCell;
use std::rc::Rc;

use wire::MessageId;

use crate::env::window;

/// Texts by name, under one prefix. Every draft has a name of its own, so that tabs never overwrite each other's. Copies share everything.
#[derive(Clone)]
pub struct Storage {
    prefix: String,
    kept: Option<web_sys::Storage>,
    /// What the browser could not keep: storage is blocked or full.
    memory: Rc<RefCell<Vec<(String, String)>>>,
}

/// What another tab changed in the storage.
pub enum Elsewhere {
    /// It keeps a draft.
    Draft(widget_core::KeptDraft),
    /// It dropped a draft.
    NoDraft(MessageId),
    /// A name has another text now, or none.
    Text(String, Option<String>),
}

impl Storage {
    /// The texts whose names begin with `prefix.`.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let kept = window().local_storage().ok().flatten();
        Self { prefix: [prefix, "."].concat(), kept, memory: Rc::default() }
    }

    /// Whether everything so far could be kept.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.kept.is_some() && self.memory.borrow().is_empty()
    }

    /// Reads a storage event; none when it is not about our names.
    #[must_use]
    pub fn elsewhere(&self, event: &web_sys::StorageEvent) -> Option<Elsewhere> {
        let key = event.key()?;
        let name = key.strip_prefix(&self.prefix)?;
        let text = event.new_value();
        let Some(id) = name.strip_prefix(DRAFT) else { return Some(Elsewhere::Text(String::from(name), text)) };
        Some(match text {
            Some(text) => Elsewhere::Draft(widget_core::read_draft(&text)?),
            None => Elsewhere::NoDraft(id.parse().ok()?),
        })
    }

    /// The text of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let key = self.key(name);
        if let Some((_, text)) = self.memory.borrow().iter().find(|(name, _)| *name == key) {
            return Some(text.clone());
        }
        self.kept.as_ref()?.get_item(&key).ok().flatten()
    }

    /// Keeps a text under a name.
    pub fn set(&self, name: &str, text: &str) {
        let key = self.key(name);
        let kept = self.kept.as_ref().is_some_and(|kept| kept.set_item(&key, text).is_ok());
        let mut memory = self.memory.borrow_mut();
        memory.retain(|(name, _)| *name != key);
        if !kept {
            memory.push((key, text.to_owned()));
        }
    }

    /// Forgets a name.
    pub fn remove(&self, name: &str) {
        let key = self.key(name);
        self.memory.borrow_mut().retain(|(name, _)| *name != key);
        if let Some(kept) = &self.kept {
            kept.remove_item(&key).ok();
        }
    }

    /// The drafts that have not been recorded yet, in any order.
    #[must_use]
    pub fn drafts(&self) -> Vec<widget_core::KeptDraft> {
        self.names(DRAFT).iter().filter_map(|name| widget_core::read_draft(&self.get(name)?)).collect()
    }

    /// Keeps a draft until it is recorded.
    pub fn keep_draft(&self, draft: &widget_core::KeptDraft) {
        self.set(&[DRAFT, &draft.id.text()].concat(), &widget_core::write_draft(draft));
    }

    /// Drops a draft: it was recorded or discarded.
    pub fn forget_draft(&self, id: MessageId) {
        self.remove(&[DRAFT, &id.text()].concat());
    }

    fn key(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }

    /// The kept names with this beginning.
    #[must_use]
    pub fn names(&self, beginning: &str) -> Vec<String> {
        let Some(kept) = &self.kept else { return Vec::new() };
        let beginning = self.key(beginning);
        (0..kept.length().unwrap_or(0))
            .filter_map(|index| kept.key(index).ok().flatten())
            .filter(|key| key.starts_with(&beginning))
            .map(|key| key[self.prefix.len()..].to_owned())
            .collect()
    }
}

/// How the names of drafts begin.
const DRAFT: &str = "draft.";
