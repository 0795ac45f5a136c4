//! Fetches files of a conversation with the reader's own right, to show them from memory or to save them.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Blob, Document, Element, HtmlElement, Url};
use wire::AttachmentId;

use crate::env::{document, field};
use crate::signal::Shared;
use crate::transport::{Headers, Request, RequestNews, Response, Want};

/// Whether a file can be shown yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// It is being fetched.
    Loading,
    /// It is here, under an address that is valid in this page only.
    Ready(String),
    /// It could not be fetched.
    Failed,
}

struct Inner {
    /// What stands before a file's id.
    files: &'static str,
    headers: Box<dyn Fn() -> Headers>,
    previews: RefCell<Vec<(AttachmentId, Shared<Preview>)>>,
    /// Each request by its path, so that a second click does not fetch twice.
    running: RefCell<Vec<(String, Request)>>,
    offered: RefCell<Option<Offered>>,
}

/// Fetches files. Copies share what they fetched.
#[derive(Clone)]
pub struct Downloads(Rc<Inner>);

impl Downloads {
    /// `files` is where the relay serves them to this reader, `headers` are asked for at each request; they prove the reader's right.
    pub fn new(files: &'static str, headers: impl Fn() -> Headers + 'static) -> Self {
        let headers = Box::new(headers);
        let (previews, running, offered) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self(Rc::new(Inner { files, headers, previews, running, offered }))
    }

    /// A file to be shown. Fetches it, unless it is here or being fetched.
    #[must_use]
    pub fn preview(&self, attachment: AttachmentId) -> Shared<Preview> {
        let signal = match self.known(attachment) {
            Some(signal) if signal.with_untracked(|preview| *preview != Preview::Failed) => return signal,
            Some(signal) => {
                signal.set(Preview::Loading);
                signal
            }
            None => self.add(attachment, Preview::Loading),
        };
        let shown = signal.clone();
        self.fetch(&self.path(attachment), move |blob| {
            let url = blob.and_then(|blob| Url::create_object_url_with_blob(&blob).ok());
            shown.set(url.map_or(Preview::Failed, Preview::Ready));
        });
        signal
    }

    /// Where the relay serves a file.
    #[must_use]
    pub fn path(&self, attachment: AttachmentId) -> String {
        [self.0.files, &attachment.text()].concat()
    }

    /// Takes a file that was sent from this page, so that it need not be fetched to be shown.
    pub(crate) fn adopt(&self, attachment: AttachmentId, file: &Blob) {
        if let Ok(url) = Url::create_object_url_with_blob(file) {
            match self.known(attachment) {
                Some(signal) => signal.set(Preview::Ready(url)),
                None => drop(self.add(attachment, Preview::Ready(url))),
            }
        }
    }

    fn known(&self, attachment: AttachmentId) -> Option<Shared<Preview>> {
        let previews = self.0.previews.borrow();
        previews.iter().find(|(id, _)| *id == attachment).map(|(_, signal)| signal.clone())
    }

    fn add(&self, attachment: AttachmentId, preview: Preview) -> Shared<Preview> {
        let signal = Shared::new(preview);
        self.0.previews.borrow_mut().push((attachment, signal.clone()));
        signal
    }

    /// Fetches a path of the relay and saves it under a name. `done` is told whether that worked.
    pub fn save(&self, path: &str, name: &str, done: impl Fn(bool) + 'static) {
        let name = name.to_owned();
        let late = Rc::downgrade(&self.0);
        self.fetch(path, move |blob| {
            let offered = blob.and_then(|blob| offer(&blob, &name));
            done(offered.is_some());
            if let (Some(offered), Some(inner)) = (offered, late.upgrade()) {
                inner.offered.replace(Some(offered));
            }
        });
    }

    /// Fetches a path; `done` gets the body, or nothing when that failed.
    fn fetch(&self, path: &str, done: impl Fn(Option<Blob>) + 'static) {
        let path = path.to_owned();
        let late = Rc::downgrade(&self.0);
        let over = path.clone();
        let request = Request::send(("GET", &path), &(self.0.headers)(), None, Want::Blob, move |news| {
            let RequestNews::Over(answer) = news else { return };
            let finished = late.upgrade().and_then(|inner| {
                let mut running = inner.running.borrow_mut();
                let at = running.iter().position(|(path, _)| *path == over)?;
                Some(running.swap_remove(at))
            });
            done(body(answer));
            drop(finished);
        });
        if let Some(request) = request {
            let mut running = self.0.running.borrow_mut();
            // A second click takes the place of the first: dropping a request ends it.
            running.retain(|(other, _)| *other != path);
            running.push((path, request));
        }
    }
}

fn body(answer: Response) -> Option<Blob> {
    if answer.status == 200 { answer.body.dyn_into().ok() } else { None }
}

/// What was saved last: the iframe that was used, and the blob's address. Both are removed when the next file is saved.
struct Offered(Element, String);

impl Drop for Offered {
    fn drop(&mut self) {
        self.0.remove();
        Url::revoke_object_url(&self.1).ok();
    }
}

/// Lets the browser save a blob.
///
/// The chat is in an iframe on the site's page. When a frame follows a link to a blob, Firefox asks the policy of the page around it, even if the
/// blob is only saved, and the site's policy allows the relay only. So the link is followed in an iframe within this page, whose own policy
/// allows blobs.
fn offer(blob: &Blob, name: &str) -> Option<Offered> {
    let page = document();
    let frame = page.create_element("iframe").ok()?;
    frame.set_attribute("hidden", "").ok()?;
    let offered = Offered(frame, Url::create_object_url_with_blob(blob).ok()?);
    page.body()?.append_child(&offered.0).ok()?;
    let inside: Document = field(&offered.0, "contentDocument").unchecked_into();
    let link: HtmlElement = inside.create_element("a").ok()?.unchecked_into();
    link.set_attribute("href", &offered.1).ok()?;
    link.set_attribute("download", name).ok()?;
    link.click();
    Some(offered)
}
