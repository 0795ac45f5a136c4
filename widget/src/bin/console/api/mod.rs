//! Signing in and out over HTTP: the only requests the console makes by itself beside its socket.

use js_sys::{Array, Object, Reflect};
use leptos::prelude::*;
use web_sys::Blob;
use widget::codec;
use widget::env::field;
use widget::request::{Answer, Request, RequestNews, Want};
use wire::Refusal;

/// Where all three requests go.
const SESSION: &str = "/session";

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Name shown to visitors.
    pub(crate) name: String,
    /// Address they sign in with.
    pub(crate) email: String,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody is signed in.
    SignedOut,
    /// The relay refuses.
    Refused(Refusal),
    /// The relay cannot be reached, or does not know what to say.
    Unreachable,
}

/// Makes the requests, one at a time; copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Account(StoredValue<Option<Request>, LocalStorage>);

impl Account {
    /// No request yet.
    pub(crate) fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Asks who is signed in.
    pub(crate) fn who(self, done: impl Fn(Result<Person, Trouble>) + 'static) {
        self.request("GET", None, move |answer| {
            let known = (answer.status == 200).then(|| person(answer)).flatten();
            done(known.ok_or_else(|| match answer.status {
                401 => Trouble::SignedOut,
                _ => trouble(answer),
            }));
        });
    }

    /// Signs in.
    pub(crate) fn sign_in(self, email: &str, password: &str, done: impl Fn(Result<(), Trouble>) + 'static) {
        let body = Object::new();
        for (name, value) in [("email", email), ("password", password)] {
            // Setting a property of a fresh plain object cannot fail.
            Reflect::set(&body, &name.into(), &value.into()).ok();
        }
        let body = js_sys::JSON::stringify(&body).map(String::from).unwrap_or_default();
        self.request("POST", Some(&body), move |answer| {
            done(if answer.status == 204 { Ok(()) } else { Err(trouble(answer)) });
        });
    }

    /// Signs out; says whether nobody is signed in any more.
    pub(crate) fn sign_out(self, done: impl Fn(bool) + 'static) {
        self.request("DELETE", None, move |answer| done(matches!(answer.status, 204 | 401)));
    }

    fn request(self, method: &str, body: Option<&str>, done: impl Fn(&Answer) + 'static) {
        let blob = body.and_then(|body| Blob::new_with_str_sequence(&Array::of1(&body.into())).ok());
        let headers = if body.is_some() { vec![("content-type", "application/json".to_owned())] } else { Vec::new() };
        let request = Request::send((method, SESSION), &headers, blob.as_ref(), Want::Text, move |news| {
            if let RequestNews::Over(answer) = news {
                done(&answer);
            }
        });
        self.0.set_value(request);
    }
}

/// The relay says why as JSON; without words of its own it was not reached, or somebody between answered.
fn trouble(answer: &Answer) -> Trouble {
    let refusal = answer.body.as_string().and_then(|body| codec::read_refusal(&body));
    refusal.map_or(Trouble::Unreachable, Trouble::Refused)
}

fn person(answer: &Answer) -> Option<Person> {
    let body = js_sys::JSON::parse(&answer.body.as_string()?).ok()?;
    Some(Person { name: field(&body, "name").as_string()?, email: field(&body, "email").as_string()? })
}
