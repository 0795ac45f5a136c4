//! Staff: colleagues with their roles and scope, listed, read, changed, removed. Nobody changes whom they could not make.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{DocumentId, DocumentKey, Kind, Problem, ProblemCode, Right, Scope, Snapshot, Subject};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wire::{AgentId, Refusal};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::condition::{IfMatch, etag, version_of};
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords};
use super::scope::{self, ScopeBody};
use crate::app::App;
use crate::audit::{Action, By, NewEntry, Subject as Noted};
use crate::clock::now_ms;
use crate::identity::{FactorState, account, rights_changed, valid_since};
use crate::store::{AgentRecord, StoreError};

/// Colleagues on one page, when the asker names no number.
const PAGE_DEFAULT: usize = 50;
/// Colleagues on one page.
const PAGE_MAX: usize = 200;
/// How often a change is made again because another one was faster.
const TRIES_MAX: usize = 4;

/// A colleague.
#[derive(Serialize, ToSchema)]
pub(super) struct Colleague {
    /// The id.
    #[schema(format = "uuid")]
    id: String,
    /// The address to sign in with.
    email: String,
    /// The name that visitors see.
    name: String,
    /// Ids of roles: built-in ones, or documents of the kind `role`.
    roles: Vec<String>,
    /// Where these count.
    #[schema(value_type = ScopeBody)]
    scope: Scope,
    /// The id of the hours outside which nothing is assigned to them.
    hours: Option<String>,
    /// How many conversations they may hold at once.
    capacity: u32,
    /// Whether they are switched off: then they cannot sign in.
    disabled: bool,
    /// Whether they have a second factor: an authenticator app or a passkey.
    second_factor: bool,
    /// The latest use of a sign-in of theirs that has not ended, to the minute: Unix time in milliseconds; none when they are signed in nowhere.
    used_at_ms: Option<u64>,
    /// Changes whenever one of these does, but for `second_factor` and `used_at_ms`; the `ETag` holds the same number.
    version: u64,
}

/// How a colleague signs in, which is no part of their version.
struct SignIns {
    second_factor: bool,
    used_at_ms: Option<u64>,
}

impl SignIns {
    /// Of one colleague.
    async fn of(app: &App, id: AgentId) -> Result<Self, ApiError> {
        let sessions = app.identity.sessions_of(id).await?;
        let factor = app.store.read(move |reader| FactorState::read(reader, id)).await?;
        let used_at_ms = sessions.iter().map(|session| session.used_at_ms).max();
        Ok(Self { second_factor: factor.is_there(), used_at_ms })
    }
}

impl Colleague {
    fn new(record: &AgentRecord, sign_ins: &SignIns) -> Self {
        Self {
            id: record.id.to_string(),
            email: record.email.clone(),
            name: record.name.clone(),
            roles: record.roles.iter().map(ToString::to_string).collect(),
            scope: record.scope.clone(),
            hours: record.hours.as_ref().map(ToString::to_string),
            capacity: record.capacity,
            disabled: record.disabled,
            second_factor: sign_ins.second_factor,
            used_at_ms: sign_ins.used_at_ms,
            version: version(record),
        }
    }
}

/// A number that stands for all that can be changed of a colleague.
fn version(record: &AgentRecord) -> u64 {
    let AgentRecord { id, email, name, roles, scope, hours, capacity, password_hash: _, disabled } = record;
    version_of(&json!([id, email, name, roles, scope, hours, capacity, disabled]))
}

/// Colleagues by id.
#[derive(Serialize, ToSchema)]
pub(super) struct ColleaguePage {
    /// Those who share a part of their scope with the asker.
    items: Vec<Colleague>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffQuery {
    /// The `next` of the page before; nothing for the first page.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<AgentId>,
    /// Colleagues on the page at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// What is to be changed of a colleague; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ColleagueChange {
    /// The name that visitors see.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// How many conversations they may hold at once.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 100)]
    capacity: Option<u32>,
    /// Ids of roles: built-in ones, or documents of the kind `role`.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_items = 1, max_items = 16)]
    roles: Option<Vec<String>>,
    /// Where these count.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ScopeBody>)]
    scope: Option<Value>,
    /// The id of hours; `null` takes them away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    hours: Option<Option<String>>,
    /// Whether they are switched off. Who is switched off is signed out at once.
    #[serde(default, deserialize_with = "given")]
    disabled: Option<bool>,
}

/// A field that is there, whatever it holds.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Lists colleagues who share a part of their scope with the asker.
#[utoipa::path(get, path = "/api/v1/staff", tag = "people", params(StaffQuery), responses((status = 200, body = ColleaguePage),
    (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<StaffQuery>,
) -> Result<Json<ColleaguePage>, ApiError> {
    asker.must_have(Right::StaffRead)?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::Malformed("the parameter `limit`: it is 1 to 200"));
    }
    let (used_ms, made_ms) = valid_since(now_ms());
    let read = app.store.read(move |reader| {
        Ok((reader.agents()?, reader.agents_with_second_factor()?, reader.sessions_used(used_ms, made_ms)?))
    });
    let ((agents, with_factor, used), snapshot) = (read.await?, app.settings.snapshot());
    let shown = |agent: &AgentRecord| {
        let used_at_ms = used.get(&agent.id).copied();
        Colleague::new(agent, &SignIns { second_factor: with_factor.contains(&agent.id), used_at_ms })
    };
    let later = agents.iter().filter(|agent| query.after.is_none_or(|after| agent.id > after));
    let mut visible = later.filter(|agent| may_read(&asker, agent, &snapshot));
    let items: Vec<Colleague> = visible.by_ref().take(limit).map(shown).collect();
    let next = items.last().map(|last| last.id.clone()).filter(|_| visible.next().is_some());
    Ok(Json(ColleaguePage { items, next }))
}

/// Reads a colleague.
#[utoipa::path(get, path = "/api/v1/staff/{id}", tag = "people", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Colleague, headers(("ETag" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AgentId>,
) -> Result<Response, ApiError> {
    let record = found(&app, &asker, id).await?;
    answer(&app, &record).await
}

/// Changes a colleague. Nobody changes whom they could not make: the asker has all their rights and all their scope, before and after.
#[utoipa::path(patch, path = "/api/v1/staff/{id}", tag = "people", request_body = ColleagueChange,
    params(("id" = String, Path, format = "uuid"),
        ("If-Match" = String, Header, pattern = r#"^(\*|(W/)?"[!#-~]*")$"#, description = "The `ETag` of what was read, or `*`.")),
    responses((status = 200, body = Colleague, headers(("ETag" = String))),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn change(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AgentId>,
    condition: IfMatch,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    for _ in 0..TRIES_MAX {
        let before = to_edit(&app, &asker, id, &condition).await?;
        let asked = fields(body.clone(), "the body: it has fields of a colleague that are to be changed")?;
        let snapshot = app.settings.snapshot();
        let after = changed(&before, asked, &snapshot)?;
        scope::must_grant(&asker, &after.staff(&snapshot), "roles")?;
        if (&before.roles, &before.scope, before.disabled) != (&after.roles, &after.scope, after.disabled) {
            asker.must_be_confirmed()?;
        }
        let entries = entries(&before, &after, &asker.by());
        if entries.is_empty() {
            return answer(&app, &after).await;
        }
        let (was, is) = (before, after.clone());
        let written = app.store.write(move |writer| {
            writer.replace_agent(&was, &is)?;
            if is.disabled && !was.disabled {
                writer.remove_sessions_of(is.id, None)?;
                writer.remove_devices_of(is.id)?;
            }
            entries.iter().try_for_each(|entry| writer.append_audit(entry).map(drop))
        });
        match written.await {
            Ok(()) => return answer(&app, &after).await,
            // Changed meanwhile, perhaps only the password: read again, the condition says whether it still holds.
            Err(StoreError::Conflict) => {}
            // A role, site or department was removed meanwhile: checked again it is found.
            Err(StoreError::Missing) => app.settings.refresh().await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::Busy.into())
}

/// Removes a colleague, who is signed out at once. What they wrote is kept under their name.
#[utoipa::path(delete, path = "/api/v1/staff/{id}", tag = "people",
    params(("id" = String, Path, format = "uuid"),
        ("If-Match" = String, Header, pattern = r#"^(\*|(W/)?"[!#-~]*")$"#, description = "The `ETag` of what was read, or `*`.")),
    responses((status = 204, description = "They are removed."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AgentId>,
    condition: IfMatch,
) -> Result<StatusCode, ApiError> {
    let record = to_edit(&app, &asker, id, &condition).await?;
    asker.must_be_confirmed()?;
    let entry = NewEntry::new(asker.by(), Action::AgentRemoved).on(Noted::new("agent", &id));
    let entry = entry.with("name", record.name.as_str()).with("email", record.email.as_str());
    let removed = app.store.write(move |writer| {
        writer.remove_agent(id)?;
        writer.append_audit(&entry).map(drop)
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer(app: &App, record: &AgentRecord) -> Result<Response, ApiError> {
    let colleague = Colleague::new(record, &SignIns::of(app, record.id).await?);
    Ok(([(header::ETAG, etag(version(record)))], Json(colleague)).into_response())
}

fn may_read(asker: &Asker, of: &AgentRecord, snapshot: &Snapshot) -> bool {
    asker.may(Right::StaffRead, &Subject::Colleague(&of.staff(snapshot)))
}

/// A colleague whom the asker may see.
///
/// # Errors
/// `NotFound` also when they may not.
pub(super) async fn found(app: &App, asker: &Asker, id: AgentId) -> Result<AgentRecord, ApiError> {
    let record = app.store.read(move |reader| reader.agent(id)).await?;
    if may_read(asker, &record, &app.settings.snapshot()) { Ok(record) } else { Err(ApiError::NotFound) }
}

/// A colleague as they are, whom the asker may change, and who is what the condition names.
async fn to_edit(app: &App, asker: &Asker, id: AgentId, condition: &IfMatch) -> Result<AgentRecord, ApiError> {
    let record = found(app, asker, id).await?;
    asker.must_have(Right::StaffEdit)?;
    scope::must_grant(asker, &record.staff(&app.settings.snapshot()), "roles")?;
    condition.of(version(&record))?;
    Ok(record)
}

/// The colleague after the change.
fn changed(before: &AgentRecord, asked: ColleagueChange, snapshot: &Snapshot) -> Result<AgentRecord, ApiError> {
    let (mut after, mut problems) = (before.clone(), Vec::new());
    if let Some(name) = asked.name {
        after.name = account::name(&name).map_err(|problem| problems.push(problem)).unwrap_or_default();
    }
    if let Some(capacity) = asked.capacity {
        after.capacity = account::capacity(capacity).map_err(|problem| problems.push(problem)).unwrap_or_default();
    }
    if let Some(ids) = asked.roles {
        after.roles = scope::roles(snapshot, &ids, &mut problems);
    }
    if let Some(scope) = asked.scope {
        after.scope = scope::scope(snapshot, &scope, &mut problems);
    }
    if let Some(hours) = asked.hours {
        after.hours = hours.and_then(|id| {
            let id = id.parse::<DocumentId>().ok();
            let there =
                |id: &DocumentId| snapshot.document(&DocumentKey { kind: Kind::Hours, id: id.clone() }).is_some();
            id.filter(there).or_else(|| {
                let remedy = "there are no such hours".to_owned();
                problems.push(Problem { field: "hours".into(), code: ProblemCode::Missing, remedy });
                None
            })
        });
    }
    after.disabled = asked.disabled.unwrap_or(after.disabled);
    if problems.is_empty() { Ok(after) } else { Err(ApiError::Invalid(problems)) }
}

/// What the audit log says of a change: rights, switching off and on, and the rest, an entry each.
fn entries(before: &AgentRecord, after: &AgentRecord, by: &By) -> Vec<NewEntry> {
    let entry = |action| NewEntry::new(by.clone(), action).on(Noted::new("agent", &after.id));
    let mut entries = Vec::new();
    if (&before.roles, &before.scope) != (&after.roles, &after.scope) {
        entries.push(rights_changed(before, after, by.clone()));
    }
    if before.disabled != after.disabled {
        entries.push(entry(if after.disabled { Action::AgentDisabled } else { Action::AgentEnabled }));
    }
    let words = |record: &AgentRecord| {
        let hours = record.hours.as_ref().map(ToString::to_string);
        [("name", json!(record.name)), ("capacity", json!(record.capacity)), ("hours", json!(hours))]
    };
    let differ = words(before).into_iter().zip(words(after)).filter(|((_, was), (_, is))| was != is);
    let with = |entry: NewEntry, ((name, was), (_, is)): ((&str, Value), (&str, Value))| {
        entry.with(&format!("{name}_before"), was).with(name, is)
    };
    let rest = differ.fold(entry(Action::AgentChanged), with);
    entries.extend(Some(rest).filter(|rest| !rest.detail.is_empty()));
    entries
}
