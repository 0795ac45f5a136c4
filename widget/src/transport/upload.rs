//! Uploads a file. The code that sends it is in the room `files`: most visitors never send one.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use web_sys::File;
use widget_core::UploadInput;
use wire::{MessageId, Refusal};

use crate::transport::Downloads;
use crate::transport::{Headers, Request, RequestNews, Response, Want};

/// Tells the session what becomes of the upload.
type Tell = Box<dyn Fn(UploadInput)>;

/// A running upload. Dropping it ends it; nothing more is told of it.
pub(crate) struct Upload {
    /// The draft that it belongs to.
    id: MessageId,
    /// The path of the request.
    path: String,
    headers: Headers,
    file: File,
    /// Gets the file, so that it need not be fetched back to be shown.
    downloads: Downloads,
    tell: Tell,
    /// None until the room is loaded.
    request: RefCell<Option<Request>>,
}

impl Upload {
    /// Sends a file.
    pub(crate) fn start(
        id: MessageId,
        (path, headers): (String, Headers),
        file: File,
        downloads: Downloads,
        tell: impl Fn(UploadInput) + 'static,
    ) -> Rc<Self> {
        let tell = Box::new(tell);
        let upload = Rc::new(Self { id, path, headers, file, downloads, tell, request: RefCell::default() });
        put(Rc::downgrade(&upload));
        upload
    }

    fn failed(&self, refusal: Refusal) {
        (self.tell)(UploadInput::Failed { id: self.id, refusal });
    }

    /// Tells the session what the relay's answer means.
    fn over(&self, answer: &Response) {
        let body = answer.body.as_string().unwrap_or_default();
        if (200..300).contains(&answer.status)
            && let Some(attachment) = widget_core::read_attachment(&body)
        {
            self.downloads.adopt(attachment.id, &self.file);
            return (self.tell)(UploadInput::Done { id: self.id, attachment });
        }
        self.failed(widget_core::read_refusal(&body).unwrap_or(Refusal::UploadBroken));
    }
}

crate::room!("files", "00000000000000000000000000000007", put(upload: Weak<Upload>) = put_now else |upload| {
    if let Some(upload) = upload.upgrade() {
        upload.failed(Refusal::UploadBroken);
    }
});

fn put_now(late: &Weak<Upload>) {
    let Some(upload) = late.upgrade() else { return };
    let mut headers = upload.headers.clone();
    headers.push(("x-file-name", String::from(js_sys::encode_uri_component(&upload.file.name()))));
    let late = late.clone();
    let request = Request::send(("PUT", &upload.path), &headers, Some(&upload.file), Want::Text, move |news| {
        let Some(upload) = late.upgrade() else { return };
        match news {
            RequestNews::Sent(sent) => (upload.tell)(UploadInput::Progress { id: upload.id, sent }),
            RequestNews::Over(answer) => upload.over(&answer),
        }
    });
    if request.is_none() {
        upload.failed(Refusal::FileMissing);
    }
    upload.request.replace(request);
}
