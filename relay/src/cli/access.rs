//! The commands that say who may come in: agents and sites listed, switched off and on, removed. A relay that serves the folder follows at once.

use std::io::Write;

use anyhow::bail;
use relay_edge::plain::line;
use relay_settings::{DocumentId, Reach};
use wire::SiteId;

use super::manage::{attach, by_command, check_rights};
use crate::audit::{Action, By};
use crate::clock::now_ms;
use crate::config::Config;
use crate::identity::rights_changed;
use crate::store::{AgentRecord, Store, StoreError, write_once};

/// `relay agent list`.
pub(super) fn list_agents(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let agents = attach(config)?.reader()?.agents()?;
    if agents.is_empty() {
        writeln!(out, "There is no agent in {}; `relay agent add` makes one.", config.data_shown())?;
        return Ok(());
    }
    let widest = agents.iter().map(|agent| agent.email.chars().count()).max().unwrap_or(0);
    for agent in &agents {
        let AgentRecord { email, name, capacity, disabled, .. } = agent;
        let state = if *disabled { "disabled" } else { "enabled" };
        let (roles, scope) = (roles(agent), if agent.scope.is_everywhere() { String::new() } else { scope(agent) });
        let gap = if scope.is_empty() { "" } else { "  " };
        writeln!(out, "{email:widest$}  {roles:13}  {state:8}  takes {capacity:3}  {}{gap}{scope}", line(name))?;
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
            writer.remove_sessions_of(agent.id, None)?;
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

/// `relay agent role` and `relay agent scope`.
pub(super) fn change_rights(
    config: &Config,
    email: &str,
    change: impl FnOnce(AgentRecord) -> AgentRecord,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let store = attach(config)?;
    let before = find_agent(&*store, config, email)?;
    let after = change(before.clone());
    let (was, is) = (what(&before), what(&after));
    if before == after {
        writeln!(out, "Agent {email} is {is} already.")?;
        return Ok(());
    }
    check_rights(&after.roles, &after.scope, &*store)?;
    let entry = rights_changed(&before, &after, By::command_line(now_ms()));
    write_once(&mut *store.writer()?, |writer| {
        writer.put_agent(&after)?;
        writer.append_audit(&entry)
    })?;
    writeln!(out, "Agent {email} was {was} and is {is} now, also where it is signed in.")?;
    Ok(())
}

/// What somebody may do, and where when that is not everywhere.
fn what(agent: &AgentRecord) -> String {
    if agent.scope.is_everywhere() { roles(agent) } else { format!("{} ({})", roles(agent), scope(agent)) }
}

fn roles(agent: &AgentRecord) -> String {
    agent.roles.iter().map(DocumentId::as_str).collect::<Vec<_>>().join(", ")
}

/// The sites and departments of a scope, in words.
fn scope(agent: &AgentRecord) -> String {
    let sites = part("sites", &agent.scope.sites, SiteId::as_str);
    let departments = part("departments", &agent.scope.departments, DocumentId::as_str);
    [sites, departments].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn part<T>(what: &str, reach: &Reach<T>, name: impl Fn(&T) -> &str) -> Option<String> {
    let Reach::Some(named) = reach else { return None };
    Some(format!("{what}: {}", named.iter().map(name).collect::<Vec<_>>().join(", ")))
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
            let agents = store.reader()?.agents()?;
            let has = |agent: &&AgentRecord| matches!(&agent.scope.sites, Reach::Some(sites) if sites.contains(id));
            if let Some(agent) = agents.iter().find(has) {
                bail!(
                    "agents have the site {id} in their scope, for one {0}; first: relay agent scope {0}",
                    agent.email
                )
            }
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
