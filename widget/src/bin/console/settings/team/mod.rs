//! The team: colleagues, invitations, and what each role may do.

mod factor;
mod invite;
mod matrix;
mod member;
mod roles;
mod sign_ins;

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::Right;
use widget::key;

use self::invite::InviteForm;
use self::matrix::Matrix;
use self::member::Member;
use super::documents::Unsaved;
use super::scope::Names;
use crate::api::staff::{self, Colleague, Invitation};
use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::focus::recover;
use crate::ui::icon::{self, icon};
use crate::ui::task::{again, spawn_for};
use crate::ui::when;
use crate::ui::words::{fill, t};

/// How often the list is read again, for what colleagues change.
const AGAIN: Duration = Duration::from_secs(5);

/// What is known of the team.
#[derive(Clone, Debug, PartialEq)]
enum Listed {
    Loading,
    Failed,
    All(Vec<Colleague>, Vec<Invitation>),
}

/// The page.
#[component]
pub(super) fn Team(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let may = Memo::new(move |_| has(desk, Right::StaffEdit));
    let listed = RwSignal::new(Listed::Loading);
    let load = move || {
        spawn_local(async move {
            let people = staff::list().await;
            // Who may not invite sees no invitations.
            let invitations = staff::invitations().await.unwrap_or_default();
            let found = people.map_or(Listed::Failed, |people| Listed::All(people, invitations));
            // Drawn anew only where something is new.
            listed.try_maybe_update(|listed| {
                let keeps = *listed == found || (found == Listed::Failed && matches!(listed, Listed::All(..)));
                if !keeps {
                    *listed = found;
                }
                (!keeps, ())
            });
        });
    };
    load();
    again(AGAIN, load);
    let reload = Callback::new(move |()| load());
    let names = Names::load();
    let which = Memo::new(move |_| screen.setting.read().which.clone());
    let ready = Memo::new(move |_| matches!(*listed.read(), Listed::All(..)));
    let close = Callback::new(move |()| {
        screen.setting.update(|setting| setting.which = Which::List);
        recover("[data-testid='invite'], [data-testid='staff-row']");
    });
    let colleague = move |id: &str| match &*listed.read_untracked() {
        Listed::All(people, _) => people.iter().find(|colleague| colleague.id == id).cloned(),
        Listed::Loading | Listed::Failed => None,
    };
    let panel = move || match (which.get(), ready.get()) {
        (Which::List, _) => None,
        (Which::New, _) => Some(view! { <InviteForm desk names done=reload /> }.into_any()),
        (Which::One(_), false) => None,
        (Which::One(id), true) => {
            let gone = move |()| {
                reload.run(());
                close.run(());
            };
            Some(match colleague(id.as_str()) {
                Some(colleague) => {
                    view! { <Member desk screen colleague names changed=reload gone=Callback::new(gone) /> }.into_any()
                }
                None => view! { <p class="empty">{t(key!("console_settings_gone"))}</p> }.into_any(),
            })
        }
    };
    view! {
        <section class="team" data-view=move || if which.get() == Which::List { "list" } else { "panel" }>
            <header class="settings__head">
                <h3>{t(key!("console_team"))}</h3>
                <Show when=move || may.get()>
                    <a
                        class="button button--main"
                        href=Setting { page: Page::Team, which: Which::New }.path()
                        data-testid="invite"
                    >
                        {icon(icon::USER_PLUS)}
                        {t(key!("console_invite"))}
                    </a>
                </Show>
            </header>
            <div class="team__list">
                {move || match listed.get() {
                    Listed::Loading => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                    Listed::Failed => view! {
                        <div class="empty" role="alert">
                            <b>{t(key!("console_settings_failed"))}</b>
                            <button type="button" class="button" data-testid="team-retry" on:click=move |_| load()>
                                {t(key!("console_settings_retry"))}
                            </button>
                        </div>
                    }
                    .into_any(),
                    Listed::All(people, invitations) => view! {
                        <ul class="team__people">
                            {people.into_iter().map(|colleague| view! { <Row screen colleague names /> }).collect_view()}
                            {invitations.into_iter().map(|invitation| view! { <Invited invitation names reload /> }).collect_view()}
                        </ul>
                    }
                    .into_any(),
                }}
                <h4>{t(key!("console_matrix"))}</h4>
                <p class="ask__note">{t(key!("console_matrix_note"))}</p>
                <Matrix names />
            </div>
            {move || panel().map(|panel| view! {
                <aside class="team__panel">
                    <button
                        type="button"
                        class="button button--icon"
                        data-testid="team-close"
                        aria-label=t(key!("console_close"))
                        on:click=move |_| close.run(())
                    >
                        {icon(icon::CROSS)}
                    </button>
                    {panel}
                </aside>
            })}
        </section>
    }
}

/// One colleague.
#[component]
fn Row(screen: Screen, colleague: Colleague, names: Names) -> impl IntoView {
    let Colleague { id, email, name, roles, scope, disabled, second_factor, used_at_ms, .. } = colleague;
    let used = used_at_ms.map_or_else(
        || t(key!("console_team_signed_in_nowhere")),
        |at_ms| fill(key!("console_team_used"), &[("time", &when::long(at_ms))]),
    );
    let factor = t(if second_factor { key!("console_team_factor_on") } else { key!("console_team_factor_none") });
    let which = id.parse().map_or(Which::List, Which::One);
    let path = Setting { page: Page::Team, which: which.clone() }.path();
    let role_words = move || roles.iter().map(|role| names.role(role)).collect::<Vec<_>>().join(", ");
    let address = StoredValue::new(path.clone());
    let is_changed = move || screen.unsaved.read().contains_key(&address.get_value());
    view! {
        <li>
            <a
                class="team__row"
                href=path
                data-testid="staff-row"
                data-email=email.clone()
                aria-current=move || (screen.setting.read().which == which).then_some("true")
            >
                <span>
                    <b>
                        {name}
                        <Show when=is_changed>
                            <Unsaved />
                        </Show>
                    </b>
                    <small>{email.clone()}</small>
                </span>
                <span>{role_words}</span>
                <span>{move || names.scope(&scope)}</span>
                <span class="team__signs">
                    {disabled.then(|| view! { <b class="team__off">{t(key!("console_team_is_off"))}</b> })}
                    <small data-testid="staff-factor" data-on=second_factor.to_string()>{factor}</small>
                    <small>{used}</small>
                </span>
            </a>
        </li>
    }
}

/// An invitation or link that was not used yet.
#[component]
fn Invited(invitation: Invitation, names: Names, reload: Callback<()>) -> impl IntoView {
    let Invitation { id, kind, email, roles, scope, made_by, until_ms } = invitation;
    let is_new = kind == "colleague";
    let note = fill(
        if is_new { key!("console_invited") } else { key!("console_team_link_open") },
        &[("name", &made_by.unwrap_or_default()), ("time", &when::long(until_ms))],
    );
    let shown = StoredValue::new(());
    let take_back = move |_| {
        let id = id.clone();
        spawn_for(shown, async move {
            // Used or gone meanwhile: the list shows it.
            drop(staff::take_back(&id).await);
            reload.run(());
        });
    };
    let role_words = move || roles.iter().map(|role| names.role(role)).collect::<Vec<_>>().join(", ");
    view! {
        <li class="team__row" data-testid="invited" data-email=email.clone()>
            <span>
                <b>{email.clone()}</b>
                <small>{note}</small>
            </span>
            <span>{role_words}</span>
            <span>{move || names.scope(&scope)}</span>
            <button type="button" class="button" data-testid="invitation-remove" on:click=take_back>
                {t(key!("console_invite_take_back"))}
            </button>
        </li>
    }
}
