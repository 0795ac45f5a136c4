//! A visitor ends their session: on a shared computer the next person must not read the conversation.

use axum::extract::State;
use axum::http::StatusCode;
use relay_core::Input;
use wire::Refusal;

use crate::app::{App, Reject};
use crate::core_task::Arrival;
use crate::http::person::Person;

/// `DELETE /visitor`: the token in the request is no longer valid, and every connection that used it is closed. The conversations stay with the
/// agents.
pub(in crate::http) async fn end(State(app): State<App>, person: Person) -> Result<StatusCode, Reject> {
    let Person::Visitor(visitor) = person else { return Err(Refusal::TokenInvalid.into()) };
    // A token that was last used at time 0 has expired.
    app.store.write(move |writer| writer.touch_visitor(visitor.id, 0)).await?;
    // Fails only when the core has ended.
    let _ = app.core.send(Arrival::Input(Input::SessionEnded { visitor: visitor.id })).await;
    Ok(StatusCode::NO_CONTENT)
}
