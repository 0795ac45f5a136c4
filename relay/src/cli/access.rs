//! The commands that say who may come in: agents and sites listed, switched off and on, removed. A relay that serves the folder follows at once.

use std::io::Write;

use anyhow::bail;
use relay_edge::plain::line;
use wire::{Role, SiteId};

use super::manage::{attach, by_command};
use crate::audit::{Action, By};
use crate::clock::now_ms;
use crate::config::Config;
use crate::identity::role_name;
use crate::store::{AgentRecord, Store, StoreError, write_once};

/// `relay agent list`.
pub(super) fn list_agents(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let agents = attach(config)?.reader()?.agents()?;
    if agents.is_empty() {
        writeln!(out, "There is no agent in {}; `relay agent add` makes one.", config.data_shown())?;
        return Ok(());
    }
    let widest = agents.iter().map(|agent| agent.email.chars().count()).max().unwrap_or(0);
    for AgentRecord { email, name, role, capacity, disabled, .. } in &agents {
        let state = if *disabled { "disabled" } else { "enabled" };
        writeln!(out, "{email:widest$}  {:13}  {state:8}  takes {capacity:3}  {}", role_name(*role), line(name))?;
    }
    Ok(())
}

/// `relay agent disable` and `relay agent enable`.
pub(super) fn switch_agent(config: &Config, email: &str, disabled: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let agent = find_agent(&*store, config, email)?;
    if agent.disabled == disabled {
        writeln!(out, "Agent {email} is {} already.", if disabled { "disabled" } else { "enabled" })?;
        return Ok(());
    }
    let agent = AgentRecord { disabled, ..agent };
    write_once(&mut *store.writer()?, |writer| {
        writer.put_agent(&agent)?;
        if disabled {
            writer.remove_sessions_of(agent.id)?;
            writer.remove_devices_of(agent.id)?;
        }
        let action = if disabled { Action::AgentDisabled } else { Action::AgentEnabled };
        writer.append_audit(&by_command(action, agent.id))
    })?;
    if disabled {
        writeln!(out, "Agent {email} is disabled: its sign-ins have ended and it cannot sign in.")?;
        writeln!(out, "What it wrote is kept under its name; `relay agent enable {email}` lets it in again.")?;
    } else {
        writeln!(out, "Agent {email} is enabled and may sign in with its password.")?;
    }
    Ok(())
}

/// `relay agent role`.
pub(super) fn set_role(config: &Config, email: &str, role: Role, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let agent = find_agent(&*store, config, email)?;
    if agent.role == role {
        writeln!(out, "Agent {email} is {} already.", role_name(role))?;
        return Ok(());
    }
    let before = agent.role;
    let agent = AgentRecord { role, ..agent };
    let entry = by_command(Action::RightsChanged, agent.id);
    let entry = entry.with("role_before", role_name(before)).with("role", role_name(role));
    write_once(&mut *store.writer()?, |writer| {
        writer.put_agent(&agent)?;
        writer.append_audit(&entry)
    })?;
    writeln!(
        out,
        "Agent {email} was {} and is {} now, also where it is signed in.",
        role_name(before),
        role_name(role)
    )?;
    Ok(())
}

/// `relay site list`.
pub(super) fn list_sites(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let mut reader = attach(config)?.reader()?;
    let sites = reader.sites()?;
    if sites.is_empty() {
        writeln!(out, "There is no site in {}; `relay site add` makes one.", config.data_shown())?;
    }
    for site in sites {
        let (all, open) = reader.conversations_of(&site.id)?;
        writeln!(out, "{}  \"{}\"  {all} conversations, {open} of them open", site.id, line(&site.name))?;
        for origin in &site.origins {
            writeln!(out, "  {origin}")?;
        }
    }
    Ok(())
}

/// `relay site remove`.
pub(super) fn remove_site(config: &Config, id: &SiteId, keep: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let mut writer = store.writer()?;
    match write_once(&mut *writer, |writer| writer.remove_site(id, keep, &By::command_line(now_ms()))) {
        Err(StoreError::Missing) => {
            bail!("there is no site {id} in {}; `relay site list` shows those there are", config.data_shown())
        }
        Err(StoreError::Conflict) => {
            let (all, open) = store.reader()?.conversations_of(id)?;
            bail!(
                "the site {id} has {all} conversations, {open} of them open. `relay site remove {id} --keep-conversations` \
                 removes it all the same: they stay in the console and in transcripts, agents can still answer and end the \
                 open ones, but their visitors cannot come back"
            )
        }
        other => other?,
    }
    let (kept, _) = store.reader()?.conversations_of(id)?;
    writeln!(out, "Site {id} is removed: its pages cannot open the chat any more. Take the snippet out of them.")?;
    if kept > 0 {
        writeln!(out, "Its {kept} conversations are kept. `relay site add {id}` brings the site back to them.")?;
    } else {
        writeln!(out, "It had no conversations; its visitors' tokens are forgotten.")?;
    }
    writeln!(out, "Chats that are open now stay connected until they are closed.")?;
    Ok(())
}

fn find_agent(store: &dyn Store, config: &Config, email: &str) -> anyhow::Result<AgentRecord> {
    match store.reader()?.agent_by_email(email) {
        Err(StoreError::Missing) => {
            bail!("there is no agent {email} in {}; `relay agent list` shows those there are", config.data_shown())
        }
        other => Ok(other?),
    }
}
