//! The first administrator, while the relay has no agent.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use relay_settings::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asker::OwnPage;
use super::body::{JsonBody, fields};
use super::error::{ApiError, ProblemBody};
use super::session::{self, SIGN_IN_BYTES_MAX};
use crate::app::{App, Caller};
use crate::identity::account;

/// Whether a first administrator may be made.
#[derive(Serialize, ToSchema)]
pub(super) struct SetupState {
    /// True while the relay has no agent and its one-time code was not used.
    open: bool,
}

/// Says whether a first administrator may be made: while the relay has no agent. Anybody may ask.
#[utoipa::path(get, path = "/api/v1/setup", tag = "people", security(()), responses((status = 200, body = SetupState)))]
pub(super) async fn state(State(app): State<App>) -> Result<Json<SetupState>, ApiError> {
    let setup = &app.identity.setup;
    if setup.is_open() && !app.store.read(|reader| reader.agents()).await?.is_empty() {
        setup.end();
    }
    Ok(Json(SetupState { open: setup.is_open() }))
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstAdministrator {
    /// The one-time code that the relay printed when it started.
    #[schema(example = "abcde-fghij-kmnpq-rstuv", max_length = 100)]
    code: String,
    /// The address to sign in with.
    #[schema(example = "ann@example.com", max_length = 254)]
    email: String,
    /// The name that visitors see.
    #[schema(example = "Ann", max_length = 80)]
    name: String,
    /// The password.
    #[schema(min_length = 10, max_length = 512)]
    password: String,
}

/// Makes the first administrator and signs them in. Possible once, with the code that the relay printed; from the relay's own pages only.
#[utoipa::path(post, path = "/api/v1/setup", tag = "people", security(()), request_body = FirstAdministrator,
    responses((status = 204, description = "Made and signed in."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn make(
    State(app): State<App>,
    _own: OwnPage,
    Caller(address): Caller,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SIGN_IN_BYTES_MAX>,
) -> Result<Response, ApiError> {
    let asked: FirstAdministrator = fields(body, "the body: it has `code`, `email`, `name` and `password`")?;
    app.identity.setup.check(address, &asked.code).map_err(wrong_code)?;
    let (email, name) = (account::email(&asked.email), account::name(&asked.name));
    let password = account::password(&asked.password, &asked.email, &asked.name);
    let (email, name) = match (email, name, password) {
        (Ok(email), Ok(name), Ok(())) => (email, name),
        (email, name, password) => {
            let problems = [email.err(), name.err(), password.err()];
            return Err(ApiError::Invalid(problems.into_iter().flatten().collect()));
        }
    };
    let from = session::from(&app, address, &headers);
    app.identity.make_first(email.clone(), name, asked.password.clone(), from.tag).await?;
    tracing::info!("the first administrator was made in the console");
    let step = app.identity.sign_in(from, email, asked.password).await?;
    session::answer(&app, step).await
}

/// A wrong code is a problem of its field: nobody was signed in before.
fn wrong_code(refusal: wire::Refusal) -> ApiError {
    if refusal != wire::Refusal::SignInFailed {
        return refusal.into();
    }
    let remedy = "this is not the code that the relay printed when it started; start it again for a new one".to_owned();
    ApiError::Invalid(vec![Problem { field: "code".into(), code: ProblemCode::Missing, remedy }])
}
