//! Invitations, for those who make them: listed, made, taken back; and links for new passwords of colleagues. A link is shown once.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_settings::{Problem, ProblemCode, Right, Scope, Snapshot, Staff, Subject, staff_with};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use wire::limit::CAPACITY_DEFAULT;
use wire::{AgentId, InvitationId, Token};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::params::PathWords;
use super::scope::{self, ScopeBody};
use super::staff;
use crate::app::{App, origin};
use crate::audit::{Action, NewEntry, Subject as Noted, Who};
use crate::clock::now_ms;
use crate::identity::{account, invitation};
use crate::store::{AgentRecord, INVITATIONS_MAX, InvitationRecord, Invited, StoreError};

/// An invitation without what is secret in it.
#[derive(Serialize, ToSchema)]
pub(super) struct Invitation {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// `colleague`: somebody becomes one. `password`: a colleague chooses a new password.
    kind: &'static str,
    /// The address to sign in with.
    email: String,
    /// The name that is proposed, or the colleague's.
    name: String,
    /// Ids of the roles.
    roles: Vec<String>,
    /// Where these count.
    #[schema(value_type = ScopeBody)]
    scope: Scope,
    /// The name of who made it.
    made_by: Option<String>,
    /// When it was made: Unix time in milliseconds.
    made_at_ms: u64,
    /// When it ends.
    until_ms: u64,
}

/// An invitation that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeInvitation {
    #[serde(flatten)]
    about: Invitation,
    /// The link, for whom it was made. It is shown this once, works once, and is kept nowhere.
    link: String,
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    /// The address to sign in with.
    #[schema(example = "ann@example.com", max_length = 254)]
    email: String,
    /// A name to propose; they may choose another.
    #[schema(max_length = 80)]
    name: Option<String>,
    /// Ids of roles: built-in ones, or documents of the kind `role`. None gives what the asker has not got.
    #[schema(min_items = 1, max_items = 16, example = json!(["agent"]))]
    roles: Vec<String>,
    /// Where these count, within the asker's own scope.
    #[schema(value_type = ScopeBody)]
    scope: Value,
    /// How many conversations they may hold at once.
    #[schema(minimum = 1, maximum = 100)]
    capacity: Option<u32>,
}

/// Invitations that work, the oldest first. There are 200 at most, so there is one page.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationPage {
    /// Those that the asker could have made.
    items: Vec<Invitation>,
    /// What to ask for the next page: always none.
    next: Option<String>,
}

/// Lists the invitations that work and that the asker could have made.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people", responses((status = 200, body = InvitationPage),
    (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
    (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(State(app): State<App>, asker: Asker) -> Result<Json<InvitationPage>, ApiError> {
    if !asker.rights().has(Right::SessionEdit) {
        asker.must_have(Right::StaffEdit)?;
    }
    let items = open(&app, &asker).await?.into_iter().map(|(_, shown)| shown).collect();
    Ok(Json(InvitationPage { items, next: None }))
}

/// Invites somebody: the link in the answer makes them a colleague. Another invitation for the same address takes its place.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "people", request_body = NewInvitation,
    responses((status = 201, body = MadeInvitation),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn make(
    State(app): State<App>,
    asker: Asker,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    asker.must_have(Right::StaffEdit)?;
    asker.must_be_confirmed()?;
    let asked: NewInvitation =
        fields(body, "the body: it has `email`, `roles`, `scope`, perhaps `name` and `capacity`")?;
    let (snapshot, mut problems) = (app.settings.snapshot(), Vec::new());
    let email = account::email(&asked.email).map_err(|problem| problems.push(problem)).unwrap_or_default();
    let name = asked.name.as_deref().map(account::name).transpose();
    let name = name.map_err(|problem| problems.push(problem)).unwrap_or_default().unwrap_or_default();
    let capacity = account::capacity(asked.capacity.unwrap_or(CAPACITY_DEFAULT));
    let capacity = capacity.map_err(|problem| problems.push(problem)).unwrap_or_default();
    let roles = scope::roles(&snapshot, &asked.roles, &mut problems);
    let scope = scope::scope(&snapshot, &asked.scope, &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::Invalid(problems));
    }
    scope::must_grant(&asker, &staff_with(&snapshot, &roles, scope.clone()), "roles")?;
    let (looked_up, there) = (email.clone(), StoreError::Missing);
    if app.store.read(move |reader| reader.agent_by_email(&looked_up)).await.map(drop) != Err(there) {
        let remedy = "somebody signs in with this address already".to_owned();
        return Err(ApiError::Conflict(vec![Problem { field: "email".into(), code: ProblemCode::Taken, remedy }]));
    }
    let entry = NewEntry::new(asker.by(), Action::Invited);
    let entry = entry.with("email", email.as_str()).with("roles", json!(roles)).with("scope", json!(scope));
    let what = Invited::Colleague { email, name, roles, scope, capacity };
    kept(&app, (&asker, &headers), what, None, |id| entry.on(Noted::new("invitation", &id))).await
}

/// Takes an invitation back: its link works no more.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "people", params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "Its link works no more."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<InvitationId>,
) -> Result<StatusCode, ApiError> {
    let (record, shown) =
        open(&app, &asker).await?.into_iter().find(|(record, _)| record.id == id).ok_or(ApiError::NotFound)?;
    let entry = NewEntry::new(asker.by(), Action::InvitationRemoved).on(Noted::new("invitation", &record.id));
    let entry = entry.with("kind", shown.kind).with("email", shown.email);
    let removed = app.store.write(move |writer| {
        writer.remove_invitation(id)?;
        writer.append_audit(&entry).map(drop)
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link by which a colleague chooses a new password. All their sign-ins end when it is used. Another one takes its place.
#[utoipa::path(post, path = "/api/v1/staff/{id}/password_link", tag = "people", params(("id" = String, Path, format = "uuid")),
    responses((status = 201, body = MadeInvitation),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn password_link(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<AgentId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let record = staff::found(&app, &asker, id).await?;
    asker.must_have(Right::SessionEdit)?;
    scope::must_grant(&asker, &record.staff(&app.settings.snapshot()), "")?;
    asker.must_be_confirmed()?;
    if record.disabled {
        let remedy = "they are switched off; switch them on first".to_owned();
        return Err(ApiError::Conflict(vec![Problem {
            field: String::new(),
            code: ProblemCode::Contradiction,
            remedy,
        }]));
    }
    let entry = NewEntry::new(asker.by(), Action::PasswordLinkMade).on(Noted::new("agent", &id));
    kept(&app, (&asker, &headers), Invited::Password { agent: id }, Some(&record), |invitation| {
        entry.with("invitation", invitation.to_string())
    })
    .await
}

/// Keeps an invitation with its audit entry, and answers its link.
async fn kept(
    app: &App,
    (asker, headers): (&Asker, &HeaderMap),
    what: Invited,
    agent: Option<&AgentRecord>,
    entry: impl FnOnce(InvitationId) -> NewEntry,
) -> Result<Response, ApiError> {
    let by = asker.by();
    let (record, token) = invitation::fresh(what, by.who, by.at_ms);
    let about = shown(&record, agent).ok_or(ApiError::Internal("an invitation without its account"))?;
    let entry = entry(record.id);
    let written = app.store.write(move |writer| {
        writer.put_invitation(&record)?;
        writer.append_audit(&entry).map(drop)
    });
    match written.await {
        Err(StoreError::Busy) if app.store.read(|reader| reader.invitations()).await?.len() >= INVITATIONS_MAX => {
            let remedy = format!("{INVITATIONS_MAX} invitations are open, and no more may be; take one back");
            return Err(ApiError::Conflict(vec![Problem { field: String::new(), code: ProblemCode::TooLong, remedy }]));
        }
        Err(StoreError::Missing) => {
            let remedy = "a role, site or department that it names was removed just now: choose others".to_owned();
            return Err(ApiError::Conflict(vec![Problem { field: "".into(), code: ProblemCode::Missing, remedy }]));
        }
        other => other?,
    }
    let made = MadeInvitation { about, link: link(app, headers, &token)? };
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// The link leads to the address at which the asker sees the console, when that is one of the relay's own. The token stands in the fragment, which
/// browsers send to nobody: so it is in no log.
fn link(app: &App, headers: &HeaderMap, token: &Token) -> Result<String, ApiError> {
    let of_page = origin(headers).filter(|page| app.own_origins.contains(page));
    let origin = of_page.as_ref().or(app.own_origins.first()).ok_or(ApiError::Internal("a relay without an origin"))?;
    Ok(format!("{origin}/console/invitation#{}", token.reveal()))
}

/// The invitations that work and that the asker could have made.
async fn open(app: &App, asker: &Asker) -> Result<Vec<(InvitationRecord, Invitation)>, ApiError> {
    let (all, agents) = app.store.read(|reader| Ok((reader.invitations()?, reader.agents()?))).await?;
    let (snapshot, now_ms) = (app.settings.snapshot(), now_ms());
    let agents: BTreeMap<AgentId, AgentRecord> = agents.into_iter().map(|agent| (agent.id, agent)).collect();
    let works = all.into_iter().filter(|record| now_ms < record.until_ms);
    let visible = works.filter_map(|record| {
        let agent = match &record.what {
            Invited::Colleague { .. } => None,
            Invited::Password { agent } => Some(agents.get(agent)?),
        };
        let (right, staff) = needed(&record.what, agent, &snapshot)?;
        let may = asker.may(right, &Subject::Colleague(&staff));
        may.then(|| shown(&record, agent)).flatten().map(|shown| (record, shown))
    });
    Ok(visible.collect())
}

/// What whoever makes such an invitation must have.
fn needed(what: &Invited, agent: Option<&AgentRecord>, snapshot: &Snapshot) -> Option<(Right, Staff)> {
    match what.staff(snapshot) {
        Some(staff) => Some((Right::StaffEdit, staff)),
        None => Some((Right::SessionEdit, agent?.staff(snapshot))),
    }
}

/// As it is answered; none when the account that it is for is gone.
fn shown(record: &InvitationRecord, agent: Option<&AgentRecord>) -> Option<Invitation> {
    let (kind, email, name, roles, scope) = match &record.what {
        Invited::Colleague { email, name, roles, scope, .. } => ("colleague", email, name, roles, scope),
        Invited::Password { .. } => {
            let agent = agent?;
            ("password", &agent.email, &agent.name, &agent.roles, &agent.scope)
        }
    };
    let made_by = match &record.made_by {
        Who::Agent { name, .. } | Who::Key { name, .. } => Some(name.clone()),
        Who::CommandLine | Who::System | Who::Nobody => None,
    };
    Some(Invitation {
        id: record.id.to_string(),
        kind,
        email: email.clone(),
        name: name.clone(),
        roles: roles.iter().map(ToString::to_string).collect(),
        scope: scope.clone(),
        made_by,
        made_at_ms: record.made_at_ms,
        until_ms: record.until_ms,
    })
}
