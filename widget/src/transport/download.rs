//! Files of a conversation: fetched with the reader's own right, shown from memory, saved under their own name.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Blob, Document, Element, HtmlElement, Url};
use wire::AttachmentId;

use crate::env::{document, field};
use crate::signal::Shared;
use crate::transport::{Headers, Request, RequestNews, Response, Want};

/// How far the showing of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// On its way.
    Loading,
    /// Here, under an address that only this page understands.
    Ready(String),
    /// It did not come.
    Failed,
}

struct Inner {
    headers: Box<dyn Fn() -> Headers>,
    previews: RefCell<Vec<(AttachmentId, Shared<Preview>)>>,
    /// Each request by its path, so that a second click does not fetch twice.
    running: RefCell<Vec<(String, Request)>>,
    offered: RefCell<Option<Offered>>,
}

/// Fetches files; copies are the same.
#[derive(Clone)]
pub struct Downloads(Rc<Inner>);

impl Downloads {
    /// With the headers that prove the reader's right at that time.
    pub fn new(headers: impl Fn() -> Headers + 'static) -> Self {
        let headers = Box::new(headers);
        let (previews, running, offered) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self(Rc::new(Inner { headers, previews, running, offered }))
    }

    /// What can be shown of a file; asks for it unless it is here or on its way.
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
        self.fetch(&file_path(attachment), move |blob| {
            let url = blob.and_then(|blob| Url::create_object_url_with_blob(&blob).ok());
            shown.set(url.map_or(Preview::Failed, Preview::Ready));
        });
        signal
    }

    /// Shows a file of this very browser without fetching it back.
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

    /// Saves what a path of the relay holds under a name; `done` hears whether it came.
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

    /// Fetches a path; `done` gets the body, or nothing when it did not come.
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

/// Where the relay serves a file.
#[must_use]
pub fn file_path(attachment: AttachmentId) -> String {
    ["/file/", &attachment.text()].concat()
}

fn body(answer: Response) -> Option<Blob> {
    if answer.status == 200 { answer.body.dyn_into().ok() } else { None }
}

/// What was offered last: a frame of our own and the blob's address. Both are given up for the next one.
struct Offered(Element, String);

impl Drop for Offered {
    fn drop(&mut self) {
        self.0.remove();
        Url::revoke_object_url(&self.1).ok();
    }
}

/// Lets the browser save a blob.
///
/// Firefox asks the policy of the page around a frame whether the frame may go to the blob's address, although it only saves it; the sites' policies
/// name the relay and nothing else. So the link is followed in a frame within this page, whose policy lets blobs in.
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
