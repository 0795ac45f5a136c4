//! Passkeys: one's own, and signing in with them.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use relay_settings::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wire::{Refusal, Token};

use super::asker::{Asker, OwnAccount, OwnPage};
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::params::PathWords;
use super::second_factor::secretly;
use super::session::{from, signed_in};
use crate::app::{App, Caller, origin};
use crate::hex::{digits, from_digits};
use crate::identity::{AddError, PasskeyError, PasskeyHost, account};
use crate::store::{PASSKEYS_PER_AGENT_MAX, PasskeyRecord};

/// Bytes of a body with what an authenticator answered: a credential's id of 1,023 bytes twice, a key, a signature, in base64.
pub(crate) const PASSKEY_BYTES_MAX: usize = 16 * 1024;

/// One's passkeys, 16 at most.
#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyList {
    /// The passkeys, the first made first.
    items: Vec<Passkey>,
    /// Where passkeys can be made and used: the relay's own origins whose host is a name. Empty when it is reached by an address alone.
    #[schema(example = json!(["http://localhost:8080"]))]
    origins: Vec<String>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
pub(super) struct Passkey {
    /// Its id.
    id: String,
    /// What its owner calls it.
    #[schema(example = "Laptop")]
    name: String,
    /// The host that it is for.
    #[schema(example = "localhost")]
    host: String,
    /// Whether it signs in without a password: it verified its user when it was made.
    alone: bool,
    /// Whether it may be copied to other devices of its user.
    synced: bool,
    /// When it was made: Unix time in milliseconds.
    made_at_ms: u64,
    /// When it was last used: Unix time in milliseconds.
    used_at_ms: Option<u64>,
}

/// What is to be given to the browser.
#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyOptions {
    /// Options in JSON, as `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()` reads them. Good for five minutes
    /// and one answer.
    #[schema(value_type = Object)]
    options: Value,
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskey {
    /// What to call it.
    #[schema(example = "Laptop", min_length = 1, max_length = 80)]
    name: String,
    /// What the browser made, as `PublicKeyCredential.toJSON()` gives it.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A passkey that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadePasskey {
    /// It.
    passkey: Passkey,
    /// Recovery codes, shown once, when it is the account's first second factor.
    recovery_codes: Vec<String>,
}

/// For what a passkey is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyAsk {
    /// As the right password was answered; without it a passkey signs in alone.
    #[serde(default)]
    #[schema(max_length = 100)]
    pending: Option<String>,
}

/// The answer of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeySignIn {
    /// As the right password was answered; without it a passkey signs in alone.
    #[serde(default)]
    #[schema(max_length = 100)]
    pending: Option<String>,
    /// What the browser answered, as `PublicKeyCredential.toJSON()` gives it.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Lists one's passkeys, and where new ones can be made.
#[utoipa::path(get, path = "/api/v1/me/passkeys", tag = "people",
    responses((status = 200, body = PasskeyList),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, OwnAccount(asker): OwnAccount) -> Result<Json<PasskeyList>, ApiError> {
    let passkeys = app.identity.passkeys(asker.signed_in()?.agent.id).await?;
    Ok(Json(PasskeyList { items: passkeys.into_iter().map(shown).collect(), origins: origins(&app) }))
}

/// Begins to make a passkey: the options are for `navigator.credentials.create()`. Only from a page whose host is a name.
#[utoipa::path(post, path = "/api/v1/me/passkeys", tag = "people",
    responses((status = 200, body = PasskeyOptions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn begin(
    State(app): State<App>,
    OwnAccount(asker): OwnAccount,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    asker.must_be_confirmed()?;
    let (agent, host) = (&asker.signed_in()?.agent, page_host(&app, &headers)?);
    let options = app.identity.begin_passkey(agent, &host).await.map_err(not_added)?;
    Ok(secretly(PasskeyOptions { options }))
}

/// Takes the passkey that the browser made. From then on it signs in, and a password alone does not any more.
#[utoipa::path(put, path = "/api/v1/me/passkeys", tag = "people", request_body = NewPasskey,
    responses((status = 200, body = MadePasskey),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn finish(
    State(app): State<App>,
    OwnAccount(asker): OwnAccount,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PASSKEY_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let agent = &asker.signed_in()?.agent;
    asker.must_be_confirmed()?;
    let NewPasskey { name, credential } = fields(body, "the body: it has `name` and `credential`")?;
    let host = page_host(&app, &headers)?;
    let name = account::name(&name).map_err(|problem| ApiError::Invalid(vec![problem]))?;
    let made = app.identity.finish_passkey(agent, &host, name, &credential, asker.by()).await.map_err(not_added)?;
    tracing::info!(agent.id = %agent.id, "an agent has a new passkey");
    Ok(secretly(MadePasskey { passkey: shown(made.passkey), recovery_codes: made.recovery_codes }))
}

/// Asks for one of one's passkeys, to prove once more who one is: the options are for `navigator.credentials.get()`.
#[utoipa::path(post, path = "/api/v1/me/passkeys/challenge", tag = "people",
    responses((status = 200, body = PasskeyOptions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn challenge(
    State(app): State<App>,
    OwnAccount(asker): OwnAccount,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (agent, host) = (asker.signed_in()?.agent.id, page_host(&app, &headers)?);
    let options = app.identity.ask_passkey_of(agent, &host).await.map_err(wrong_passkey)?;
    Ok(secretly(PasskeyOptions { options }))
}

/// Removes one of one's passkeys. With the last second factor the recovery codes go.
#[utoipa::path(delete, path = "/api/v1/me/passkeys/{id}", tag = "people",
    params(("id" = String, Path, description = "The passkey's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 204, description = "It signs in no more."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<String>,
) -> Result<StatusCode, ApiError> {
    let agent = asker.signed_in()?.agent.id;
    let id = from_digits(&id).map(u128::from_be_bytes).ok_or(ApiError::NotFound)?;
    asker.must_be_confirmed()?;
    app.identity.remove_passkey(agent, id, asker.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a passkey to sign in with: without a password any that verifies its user, after a right password one of that account. The options are for
/// `navigator.credentials.get()`. From the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/session/passkey", tag = "people", security(()), request_body = PasskeyAsk,
    responses((status = 200, body = PasskeyOptions),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn ask(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PASSKEY_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let PasskeyAsk { pending } = fields(body, "the body: it may have `pending`")?;
    let (host, pending) = (page_host(&app, &headers)?, read_pending(pending)?);
    let options = app.identity.ask_passkey(&from(&app, address, &headers), &host, pending.as_ref()).await;
    Ok(secretly(PasskeyOptions { options: options.map_err(wrong_passkey)? }))
}

/// Signs in with a passkey: without a password when it verified its user, or as the second factor after one. From the relay's own pages only.
#[utoipa::path(put, path = "/api/v1/session/passkey", tag = "people", security(()), request_body = PasskeySignIn,
    responses((status = 204, description = "Signed in."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn sign_in(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PASSKEY_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let PasskeySignIn { pending, credential } = fields(body, "the body: it has `credential`, perhaps `pending`")?;
    let (host, from) = (page_host(&app, &headers)?, from(&app, address, &headers));
    let made = match read_pending(pending)? {
        Some(pending) => app.identity.finish_sign_in_by_passkey(from, &host, &pending, &credential).await,
        None => app.identity.sign_in_by_passkey(from, &host, &credential).await,
    };
    signed_in(&app, made.map_err(wrong_passkey)?).await
}

/// The host for which passkeys are, of the page that asks. It is one of the relay's own.
///
/// # Errors
/// When the page's host is an address: in words, with where to go instead.
pub(super) fn page_host(app: &App, headers: &HeaderMap) -> Result<PasskeyHost, ApiError> {
    let page = origin(headers).filter(|page| app.own_origins.contains(page)).ok_or(Refusal::OriginRefused)?;
    PasskeyHost::of(&page).ok_or_else(|| {
        let remedy = match origins(app).first() {
            Some(other) => {
                format!("passkeys are for a host name, and this page was reached by an address: open {other}/console")
            }
            None => "passkeys are for a host name, and this relay is reached by an address: set `public_url` to a name"
                .into(),
        };
        ApiError::Conflict(vec![Problem { field: String::new(), code: ProblemCode::Shape, remedy }])
    })
}

/// The relay's own origins for which there can be passkeys.
fn origins(app: &App) -> Vec<String> {
    let hosts = app.own_origins.iter().filter_map(PasskeyHost::of);
    let mut origins: Vec<String> = hosts.map(|host| host.origin().to_owned()).collect();
    origins.dedup();
    origins
}

/// What names a sign-in that waits; what cannot be one is answered as one that waits no more.
fn read_pending(pending: Option<String>) -> Result<Option<Token>, ApiError> {
    let token = pending.map(|pending| pending.parse::<Token>());
    token.transpose().map_err(|_| Refusal::SignInFailed.into())
}

/// Why a passkey did not sign in.
pub(super) fn wrong_passkey(error: PasskeyError) -> ApiError {
    match error {
        PasskeyError::Unreadable => ApiError::Malformed("`credential`: it is what the browser answered, in JSON"),
        PasskeyError::Wrong => problem(ProblemCode::Missing, "this passkey does not do: try again, or another way"),
        PasskeyError::None => {
            let remedy = "this account has no passkey for this host: take another way".to_owned();
            ApiError::Conflict(vec![Problem { field: String::new(), code: ProblemCode::Missing, remedy }])
        }
        PasskeyError::Over => Refusal::SignInFailed.into(),
        PasskeyError::Refused(refusal) => refusal.into(),
    }
}

/// Why no passkey was added.
fn not_added(error: AddError) -> ApiError {
    let in_the_way = |code, remedy: String| ApiError::Conflict(vec![Problem { field: String::new(), code, remedy }]);
    match error {
        AddError::Unreadable => ApiError::Malformed("`credential`: it is what the browser made, in JSON"),
        AddError::Over => in_the_way(ProblemCode::Missing, "the time for this passkey is over: begin again".into()),
        AddError::Wrong => {
            problem(ProblemCode::Shape, "this is not what was asked for: begin again, or try another device")
        }
        AddError::Known => in_the_way(ProblemCode::Taken, "this passkey is there already".into()),
        AddError::Full => {
            let remedy = format!("there are {PASSKEYS_PER_AGENT_MAX} passkeys, which is the most: remove one first");
            in_the_way(ProblemCode::OutOfRange, remedy)
        }
        AddError::Refused(refusal) => refusal.into(),
    }
}

fn problem(code: ProblemCode, remedy: &str) -> ApiError {
    ApiError::Invalid(vec![Problem { field: "credential".into(), code, remedy: remedy.to_owned() }])
}

fn shown(passkey: PasskeyRecord) -> Passkey {
    Passkey {
        id: digits(&passkey.id.to_be_bytes()),
        name: passkey.name,
        host: passkey.host,
        alone: passkey.verifies,
        synced: passkey.synced,
        made_at_ms: passkey.made_at_ms,
        used_at_ms: passkey.used_at_ms,
    }
}
