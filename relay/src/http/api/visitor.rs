//! A visitor ends their session: on a shared computer the next person must not read the talk.

use axum::extract::State;
use axum::http::StatusCode;
use relay_core::Input;
use wire::Refusal;

use crate::app::{App, Reject};
use crate::core_task::Arrival;
use crate::http::person::Person;

/// `DELETE /visitor`: the token in the request is worth nothing from now on, and every connection that stands on it is closed. What was said
/// stays with the team.
pub(in crate::http) async fn end(State(app): State<App>, person: Person) -> Result<StatusCode, Reject> {
    let Person::Visitor(visitor) = person else { return Err(Refusal::TokenInvalid.into()) };
    // A token that was last used at the beginning of time is too old for everything.
    app.store.write(move |writer| writer.touch_visitor(visitor.id, 0)).await?;
    // Only a core that has ended does not take it.
    let _ = app.core.send(Arrival::Input(Input::SessionEnded { visitor: visitor.id })).await;
    Ok(StatusCode::NO_CONTENT)
}
