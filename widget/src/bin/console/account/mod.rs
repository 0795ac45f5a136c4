//! One's own account: where one is signed in, passkeys, second factor, password.

mod factor;
mod passkeys;
mod password;
mod sessions;

use leptos::prelude::*;
use widget::key;

use self::factor::FactorCard;
use self::passkeys::PasskeysCard;
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
        <section class="account" data-page="account" tabindex="-1" aria-label=t(key!("console_account")) data-testid="account">
            <h2>{t(key!("console_account"))}</h2>
            <SessionsCard />
            <Factors changed />
            <PasswordCard />
        </section>
    }
}

/// The cards of passkeys and of the second factor by code; each shows what the other has changed.
#[component]
pub(crate) fn Factors(
    /// Called when there is a second factor, or none any more.
    changed: Callback<()>,
) -> impl IntoView {
    let times = RwSignal::new(0_u32);
    let changed = Callback::new(move |()| {
        times.update(|times| *times += 1);
        changed.run(());
    });
    view! {
        <PasskeysCard changed times />
        <FactorCard changed times />
    }
}
