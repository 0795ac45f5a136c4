//! Keys of the API: made for a named program, listed, revoked. A key is shown once, in the answer that makes it.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{MOMENT_MS_MAX, Problem, ProblemCode, Right, Scope, Staff, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use wire::{Refusal, ServiceKeyId};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use super::scope::{self, ScopeBody};
use crate::app::App;
use crate::audit::{Action, NewEntry, Subject as Noted, Who};
use crate::clock::{new_id, now_ms};
use crate::identity::{account, key};
use crate::store::{SERVICE_KEYS_MAX, ServiceKeyRecord, StoreError};

/// Keys on one page, when the asker names no number.
const PAGE_DEFAULT: usize = 50;
/// Keys on one page.
const PAGE_MAX: usize = 100;

/// A key without what is secret in it.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The name of the program. What it writes is signed with it.
    name: String,
    /// What it may do.
    rights: Vec<&'static str>,
    /// Where it may do that.
    #[schema(value_type = ScopeBody)]
    scope: Scope,
    /// Whether it is valid now.
    is_valid: bool,
    /// The name of who made it; none for a command.
    made_by: Option<String>,
    /// Whether who made it is switched off, was removed, or is a key that is not valid any more. The key itself stays valid until it is revoked.
    made_by_is_off: bool,
    /// When it was made: Unix time in milliseconds.
    made_at_ms: u64,
    /// When it ends by itself.
    until_ms: Option<u64>,
    /// Its last use, a minute exact.
    used_at_ms: Option<u64>,
    /// When it was revoked.
    revoked_at_ms: Option<u64>,
}

/// Who is there and can make keys, as [`Who::key`] gives it.
struct Makers(BTreeSet<String>);

impl Makers {
    /// All of them, with all keys.
    async fn read(app: &App) -> Result<(Self, Vec<ServiceKeyRecord>), StoreError> {
        let (agents, keys) = app.store.read(|reader| Ok((reader.agents()?, reader.service_keys()?))).await?;
        let now_ms = now_ms();
        let agents = agents.into_iter().filter(|agent| !agent.disabled);
        let agents = agents.map(|agent| Who::Agent { id: agent.id, name: agent.name }.key());
        let valid = keys.iter().filter(|key| key.is_valid(now_ms));
        let valid = valid.map(|key| Who::Key { id: key.id.to_string(), name: key.name.clone() }.key());
        Ok((Self(agents.chain(valid).collect()), keys))
    }

    fn is_off(&self, who: &Who) -> bool {
        matches!(who, Who::Agent { .. } | Who::Key { .. }) && !self.0.contains(&who.key())
    }
}

impl Key {
    fn new(record: ServiceKeyRecord, made_by_is_off: bool) -> Self {
        let staff = key::staff(&record);
        let made_by = match &record.made_by {
            Who::Agent { name, .. } | Who::Key { name, .. } => Some(name.clone()),
            Who::CommandLine | Who::System | Who::Nobody => None,
        };
        Self {
            id: record.id.to_string(),
            rights: staff.rights.iter().map(Right::as_str).collect(),
            scope: staff.scope,
            is_valid: record.is_valid(now_ms()),
            name: record.name,
            made_by,
            made_by_is_off,
            made_at_ms: record.made_at_ms,
            until_ms: record.until_ms,
            used_at_ms: record.used_at_ms,
            revoked_at_ms: record.revoked_at_ms,
        }
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    #[serde(flatten)]
    about: Key,
    /// The key itself, for `Authorization: Bearer`. It is shown this once and kept nowhere.
    #[schema(example = "causeway_0123…")]
    key: String,
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// The name of the program.
    #[schema(min_length = 1, max_length = 80, example = "ledger")]
    name: String,
    /// What it may do: names of rights that the asker has.
    #[schema(min_items = 1, max_items = 64, example = json!(["conversation_read"]))]
    rights: Vec<String>,
    /// Where it may do that, within the asker's own scope.
    #[schema(value_type = ScopeBody)]
    scope: Value,
    /// When it ends by itself: Unix time in milliseconds, later than now; without it, when it is revoked.
    #[schema(minimum = 1)]
    until_ms: Option<u64>,
}

/// Keys, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyPage {
    /// The keys whose rights and scope the asker has.
    items: Vec<Key>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyQuery {
    /// The `next` of the page before; nothing for the first page.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<ServiceKeyId>,
    /// Keys on the page at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<usize>,
}

/// Lists the keys that the asker may make and revoke, the oldest first, with those that are not valid any more.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", params(KeyQuery), responses((status = 200, body = KeyPage),
    (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<KeyQuery>,
) -> Result<Json<KeyPage>, ApiError> {
    asker.must_have(Right::KeyEdit)?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed("the parameter `limit`: it is 1 to 100"));
    }
    let (makers, all) = Makers::read(&app).await?;
    let later = all.into_iter().filter(|record| query.after.is_none_or(|after| record.id > after));
    let mut visible = later.filter(|record| may_edit(&asker, &key::staff(record)));
    let shown = |record: ServiceKeyRecord| {
        let is_off = makers.is_off(&record.made_by);
        Key::new(record, is_off)
    };
    let items: Vec<Key> = visible.by_ref().take(limit).map(shown).collect();
    let next = items.last().map(|last| last.id.clone()).filter(|_| visible.next().is_some());
    Ok(Json(KeyPage { items, next }))
}

/// Makes a key. It is in the answer, this once.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", request_body = NewKey,
    responses((status = 201, body = MadeKey, headers(("Location" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn make(State(app): State<App>, asker: Asker, JsonBody(body): JsonBody) -> Result<Response, ApiError> {
    asker.must_have(Right::KeyEdit)?;
    asker.must_be_confirmed()?;
    let (text, record) = checked(&app, &asker, body)?;
    let entry = NewEntry::new(asker.by(), Action::KeyMade).on(Noted::new("key", &record.id));
    let entry = entry.with("name", record.name.as_str()).with("rights", words(&record.rights));
    let entry = entry.with("scope", words(&record.scope)).with("until_ms", record.until_ms);
    let kept = record.clone();
    let written = app.store.write(move |writer| {
        writer.add_service_key(&kept)?;
        writer.append_audit(&entry).map(drop)
    });
    match written.await {
        Err(StoreError::Busy) if app.store.read(|reader| reader.service_keys()).await?.len() >= SERVICE_KEYS_MAX => {
            let remedy = format!("there are {SERVICE_KEYS_MAX} valid keys, and no more may be; revoke one");
            return Err(ApiError::Conflict(vec![Problem { field: String::new(), code: ProblemCode::TooLong, remedy }]));
        }
        Err(StoreError::Missing) => {
            let remedy = "a role, site or department that it names was removed just now: choose others".to_owned();
            return Err(ApiError::Conflict(vec![Problem {
                field: "scope".into(),
                code: ProblemCode::Missing,
                remedy,
            }]));
        }
        other => other?,
    }
    let location = HeaderValue::try_from(format!("/api/v1/keys/{}", record.id))
        .map_err(|_| ApiError::Internal("an id that is no header"))?;
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(MadeKey { about: Key::new(record, false), key: text })).into_response())
}

/// The key that is asked for, and its record.
fn checked(app: &App, asker: &Asker, body: Value) -> Result<(String, ServiceKeyRecord), ApiError> {
    let asked: NewKey = fields(body, "the body: it has `name`, `rights`, `scope`, and perhaps `until_ms`")?;
    let (made_at_ms, mut problems) = (now_ms(), Vec::new());
    let name = account::name(&asked.name).map_err(|problem| problems.push(problem)).unwrap_or_default();
    let rights = scope::rights(&asked.rights, &mut problems);
    let scope = scope::scope(&app.settings.snapshot(), &asked.scope, &mut problems);
    if asked.until_ms.is_some_and(|until_ms| until_ms <= made_at_ms || until_ms > MOMENT_MS_MAX) {
        let remedy = "a key ends later than now; leave this out for one that is valid until it is revoked".to_owned();
        problems.push(Problem { field: "until_ms".into(), code: ProblemCode::OutOfRange, remedy });
    }
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    let staff = Staff::new([rights], scope);
    scope::must_grant(asker, &staff, "rights")?;
    let (text, token) = key::fresh();
    let json = |value: serde_json::Result<String>| value.map_err(|_| ApiError::Internal("rights that are no JSON"));
    let record = ServiceKeyRecord {
        id: ServiceKeyId(new_id()),
        token,
        name,
        rights: json(serde_json::to_string(&staff.rights))?,
        scope: json(serde_json::to_string(&staff.scope))?,
        made_by: asker.by().who,
        made_at_ms,
        until_ms: asked.until_ms,
        used_at_ms: None,
        revoked_at_ms: None,
    };
    Ok((text, record))
}

/// JSON as it stands in an audit entry.
fn words(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Reads what is known of a key.
#[utoipa::path(get, path = "/api/v1/keys/{id}", tag = "keys", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Key),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ServiceKeyId>,
) -> Result<Json<Key>, ApiError> {
    let (record, is_off) = found(&app, &asker, id).await?;
    Ok(Json(Key::new(record, is_off)))
}

/// Revokes a key for good. It counts no more at once; once more changes nothing.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "keys", params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "It is revoked."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ServiceKeyId>,
) -> Result<StatusCode, ApiError> {
    let (record, _) = found(&app, &asker, id).await?;
    asker.must_be_confirmed()?;
    let by = asker.by();
    let at_ms = by.at_ms;
    let entry = NewEntry::new(by, Action::KeyRevoked).on(Noted::new("key", &id)).with("name", record.name);
    let revoked = app.store.write(move |writer| {
        writer.revoke_service_key(id, at_ms)?;
        writer.append_audit(&entry).map(drop)
    });
    match revoked.await {
        // Revoked before: nothing is left to do.
        Ok(()) | Err(StoreError::Missing) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// A key that the asker may see, and whether its maker is off.
async fn found(app: &App, asker: &Asker, id: ServiceKeyId) -> Result<(ServiceKeyRecord, bool), ApiError> {
    asker.must_have(Right::KeyEdit)?;
    let (makers, all) = Makers::read(app).await?;
    let record = all.into_iter().find(|record| record.id == id).ok_or(ApiError::NotFound)?;
    let is_off = makers.is_off(&record.made_by);
    if may_edit(asker, &key::staff(&record)) { Ok((record, is_off)) } else { Err(Refusal::NotFound.into()) }
}

/// Whoever may make a key may see and revoke it.
fn may_edit(asker: &Asker, of: &Staff) -> bool {
    asker.may(Right::KeyEdit, &Subject::Colleague(of))
}
