//! Fields and lists of a page: filled in, chosen, read and counted.

use crate::Browser;

impl Browser {
    /// Types into a field in place of what is in it.
    #[track_caller]
    pub fn put(&self, css: &str, text: &str) {
        let script = "const field = document.querySelector(arguments[0]); field.value = '';
            field.dispatchEvent(new Event('input', { bubbles: true }));";
        self.script(script, &[css.into()]);
        self.keys(css, text);
    }

    /// Chooses from a list by the value of the choice.
    #[track_caller]
    pub fn choose(&self, css: &str, value: &str) {
        let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
            field.dispatchEvent(new Event('change', { bubbles: true }));";
        self.script(script, &[css.into(), value.into()]);
    }

    /// How many elements a selector finds, shown or not.
    #[track_caller]
    #[must_use]
    pub fn count(&self, css: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length;";
        self.script(script, &[css.into()]).as_u64().expect("a count")
    }
}
