//! A visitor's page, kept small: thousands of connections stay open and never need it again.

use wire::PageContext;

use crate::admit::cut_page;

/// Never in a field: [`cut_page`] takes control characters out.
const BETWEEN: char = '\n';

/// A page context in one piece of memory instead of seven.
#[derive(Debug)]
pub(super) struct Page(Box<str>);

impl Page {
    /// Within bounds.
    pub(super) fn new(page: &PageContext) -> Self {
        let PageContext { url, title, language, time_zone, browser, languages } = cut_page(page);
        let fields = [url, title, language, time_zone, browser, languages];
        Self(fields.join(BETWEEN.encode_utf8(&mut [0; 4])).into_boxed_str())
    }

    /// Field by field.
    pub(super) fn context(&self) -> PageContext {
        let mut fields = self.0.split(BETWEEN).map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        PageContext {
            url: next(),
            title: next(),
            language: next(),
            time_zone: next(),
            browser: next(),
            languages: next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_out_as_it_went_in_within_bounds() {
        let page = PageContext {
            url: "https://example.com/trade".to_owned(),
            title: String::new(),
            language: "en".to_owned(),
            time_zone: "Asia/Tokyo".to_owned(),
            browser: String::new(),
            languages: "ja,en".to_owned(),
        };
        assert_eq!(Page::new(&page).context(), page);
        let lines = PageContext { title: "one\ntwo".to_owned(), ..page.clone() };
        assert_eq!(Page::new(&lines).context(), PageContext { title: "onetwo".to_owned(), ..page });
    }
}
