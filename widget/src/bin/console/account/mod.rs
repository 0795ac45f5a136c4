//! One's own account: where one is signed in, second factor, password.

pub(crate) mod factor;
mod password;
mod sessions;

use leptos::prelude::*;
use widget::key;

use self::factor::FactorCard;
use self::password::PasswordCard;
use self::sessions::SessionsCard;
use crate::ui::words::t;

/// The page.
#[component]
pub(crate) fn Account(
    /// Asks anew who is signed in.
    changed: Callback<()>,
) -> impl IntoView {
    view! {
        <section class="account" aria-label=t(key!("console_account")) data-testid="account">
            <h2>{t(key!("console_account"))}</h2>
            <SessionsCard />
            <FactorCard changed />
            <PasswordCard />
        </section>
    }
}
