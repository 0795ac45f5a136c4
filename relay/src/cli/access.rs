//! The commands that say who may come in: agents and sites listed, switched off and on, removed. A relay that serves the folder follows at once.

use std::io::Write;

use anyhow::{anyhow, bail};
use relay_edge::plain::line;
use relay_settings::{DocumentId, DocumentKey, Kind, Reach, Snapshot};
use wire::SiteId;

use super::manage::{attach, by_command, check_rights};
use crate::audit::{Action, By};
use crate::clock::now_ms;
use crate::config::Config;
use crate::identity::rights_changed;
use crate::settings::{self, Edit};
use crate::store::{
    AgentRecord, DocumentsChange, DocumentsError, Expected, Reader, Store, StoreError, optional, write_once,
};

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
    let snapshot = settings::read(&mut *store.reader()?)?;
    let missing =
        || anyhow!("there is no site {id} in {}; `relay site list` shows those there are", config.data_shown());
    if snapshot.of_kind(Kind::Site).all(|(site, _)| site.as_str() != id.as_str()) {
        return Err(missing());
    }
    let removal = |keep| removal(&snapshot, id, keep);
    let (change, mut writer) = (removal(keep)?, store.writer()?);
    let mut removed = write_once(&mut *writer, |writer| writer.change_documents(&change).map(drop));
    if matches!(removed, Err(DocumentsError::InUse(_))) {
        // Who names the site is said first: keeping the conversations is of no use as long as somebody does.
        let kept = removal(true)?;
        removed = write_once(&mut *writer, |writer| writer.try_documents(&kept)).and(removed);
    }
    match removed {
        Ok(()) => {}
        Err(DocumentsError::Missing(_)) => return Err(missing()),
        Err(DocumentsError::OnStaff { users, count, .. }) => {
            bail!(in_the_way(id, &users, count, &mut *store.reader()?)?)
        }
        Err(DocumentsError::InUse(_)) => {
            let (all, open) = store.reader()?.conversations_of(id)?;
            bail!(
                "the site {id} has {all} conversations, {open} of them open. `relay site remove {id} --keep-conversations` \
                 removes it all the same: they stay in the console and in transcripts, agents can still answer and end the \
                 open ones, but their visitors cannot come back"
            )
        }
        Err(error) => return Err(error.into()),
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

/// The removal of a site, checked with all documents, as a change of settings is: another one may name the site.
fn removal(snapshot: &Snapshot, id: &SiteId, keep: bool) -> anyhow::Result<DocumentsChange> {
    let key = DocumentKey { kind: Kind::Site, id: id.as_str().parse()? };
    let edit = Edit { expected: Expected::Any, body: None, keep };
    let checked = settings::check(snapshot, &[(key, edit)].into(), By::command_line(now_ms()));
    checked.map(|(_, change)| change).map_err(|found| {
        let problems = found.iter().flat_map(|(_, problems)| problems).map(|problem| line(&problem.remedy).to_string());
        anyhow!("the site {id} is not removed: {}", problems.collect::<Vec<_>>().join("; "))
    })
}

/// Who has a site in their scope, and how each of them loses it without getting any other right.
fn in_the_way(id: &SiteId, users: &[String], count: usize, reader: &mut dyn Reader) -> anyhow::Result<String> {
    let mut text = format!("the site {id} is in the scope of {count} of those who have rights; first:");
    for user in users {
        let shown = line(user);
        let remedy = match optional(reader.agent_by_email(user))? {
            Some(agent) => {
                let command = scope_without(id, &agent);
                format!("{shown}: `{command}`, or remove the agent in the console")
            }
            None if user.starts_with("the key ") => format!("{shown}: revoke it in the console"),
            None => format!("{shown}: take it back in the console"),
        };
        text += &format!("\n  {remedy}");
    }
    if count > users.len() {
        text += &format!("\n  … and {} more", count - users.len());
    }
    Ok(text)
}

/// The command that takes a site out of an agent's scope. Without any site it would be everywhere: where there is no other, one is to be chosen.
fn scope_without(id: &SiteId, agent: &AgentRecord) -> String {
    let mut command = format!("relay agent scope {}", agent.email);
    let others = match &agent.scope.sites {
        Reach::Some(sites) => sites.iter().filter(|site| *site != id).map(SiteId::as_str).collect(),
        Reach::All => Vec::new(),
    };
    for site in if others.is_empty() { vec!["OTHER"] } else { others } {
        command += &format!(" --site {site}");
    }
    if let Reach::Some(departments) = &agent.scope.departments {
        command.extend(departments.iter().map(|department| format!(" --department {department}")));
    }
    command
}

fn find_agent(store: &dyn Store, config: &Config, email: &str) -> anyhow::Result<AgentRecord> {
    match store.reader()?.agent_by_email(email) {
        Err(StoreError::Missing) => {
            bail!("there is no agent {email} in {}; `relay agent list` shows those there are", config.data_shown())
        }
        other => Ok(other?),
    }
}
