//! Passkeys: what the browser does with them, and the relay's routes.

use js_sys::futures::JsFuture;
use js_sys::{JSON, Object, Promise, Reflect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use widget::env::{field, window};

use super::v1::{self, Fault};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = PublicKeyCredential, js_name = parseCreationOptionsFromJSON)]
    fn creation(options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = PublicKeyCredential, js_name = parseRequestOptionsFromJSON)]
    fn request(options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"])]
    fn create(options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"])]
    fn get(options: &JsValue) -> Result<Promise, JsValue>;
}

/// One's passkeys, and where they can be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Passkeys {
    /// The passkeys, the first made first.
    pub(crate) items: Vec<Passkey>,
    /// The relay's origins whose host is a name.
    pub(crate) origins: Vec<String>,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Passkey {
    /// Its id.
    pub(crate) id: String,
    /// What its owner calls it.
    pub(crate) name: String,
    /// The host that it is for.
    pub(crate) host: String,
    /// Whether it signs in without a password.
    pub(crate) alone: bool,
    /// When it was made.
    pub(crate) made_at_ms: u64,
    /// When it was last used.
    pub(crate) used_at_ms: Option<u64>,
}

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unmade {
    /// The browser did not finish; the name of its exception.
    Browser(String),
    /// The relay.
    Relay(Fault),
}

impl From<Fault> for Unmade {
    fn from(fault: Fault) -> Self {
        Self::Relay(fault)
    }
}

impl From<JsValue> for Unmade {
    fn from(thrown: JsValue) -> Self {
        Self::Browser(field(&thrown, "name").as_string().unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Options {
    options: Value,
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    credential: Value,
}

#[derive(Deserialize)]
struct Made {
    recovery_codes: Vec<String>,
}

#[derive(Serialize)]
struct Ask<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<&'a str>,
    credential: Value,
}

#[derive(Serialize)]
struct Confirmation {
    passkey: Value,
}

/// Whether the browser knows passkeys, as this page speaks with it about them.
pub(crate) fn is_known() -> bool {
    field(&field(&window(), "PublicKeyCredential"), "parseRequestOptionsFromJSON").is_function()
}

/// Whether passkeys may do here: the browser knows them, and the page's host is a name.
pub(crate) fn is_offered() -> bool {
    let host = window().location().hostname().unwrap_or_default();
    let is_address = host.starts_with('[') || host.chars().all(|char| char.is_ascii_digit() || char == '.');
    is_known() && !is_address
}

/// One's passkeys.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn list() -> Result<Passkeys, Fault> {
    v1::get("/me/passkeys").await
}

/// Removes one.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn remove(id: &str) -> Result<(), Fault> {
    v1::delete(&["/me/passkeys/", id].concat(), None).await
}

/// Makes one. The account's first recovery codes, if these are they.
///
/// # Errors
/// When the browser did not finish, or what the relay says.
pub(crate) async fn make(name: &str) -> Result<Vec<String>, Unmade> {
    let asked: Options = v1::ask("/me/passkeys", &()).await?;
    let credential = answered(create(&public_key(&creation(&parsed(&asked.options)?)?)?)?).await?;
    let made: Made = v1::put("/me/passkeys", None, &New { name, credential }).await?;
    Ok(made.recovery_codes)
}

/// Signs in with one: alone, or after a password, whose sign-in is named.
///
/// # Errors
/// When the browser did not finish, or what the relay says.
pub(crate) async fn sign_in(pending: Option<&str>) -> Result<(), Unmade> {
    let asked: Options = v1::ask("/session/passkey", &Ask { pending }).await?;
    let credential = answer(&asked.options).await?;
    Ok(v1::put_only("/session/passkey", &Answer { pending, credential }).await?)
}

/// Proves once more who is signed in.
///
/// # Errors
/// When the browser did not finish, or what the relay says.
pub(crate) async fn confirm() -> Result<(), Unmade> {
    let asked: Options = v1::ask("/me/passkeys/challenge", &()).await?;
    let passkey = answer(&asked.options).await?;
    Ok(v1::post("/session/confirm", &Confirmation { passkey }).await?)
}

/// The browser's answer to options.
async fn answer(options: &Value) -> Result<Value, Unmade> {
    answered(get(&public_key(&request(&parsed(options)?)?)?)?).await
}

fn parsed(options: &Value) -> Result<JsValue, JsValue> {
    JSON::parse(&options.to_string())
}

/// `{ publicKey: options }`.
fn public_key(options: &JsValue) -> Result<JsValue, JsValue> {
    let all = Object::new();
    Reflect::set(&all, &"publicKey".into(), options)?;
    Ok(all.into())
}

/// Waits for a credential and writes it as JSON, which it does by itself.
async fn answered(promise: Promise) -> Result<Value, Unmade> {
    let credential = JsFuture::from(promise).await?;
    let text = JSON::stringify(&credential)?.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| Unmade::Browser(String::new()))
}
