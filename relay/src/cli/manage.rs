//! The commands that look into the data folder or change it, also while a relay serves it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use relay_core::store::QueryError;
use relay_edge::plain::line;
use relay_settings::{DocumentId, Scope};
use wire::{AgentId, ConversationId, SiteId};

use crate::audit::{Action, By, NewEntry, Subject};
use crate::backup::Whole;
use crate::clock::now_ms;
use crate::config::Config;
use crate::identity::letters::random_letters;
use crate::identity::{PASSWORD_BYTES_MAX, account, agent_added, hash_password, new_agent_id};
use crate::origin::Origin;
use crate::settings;
use crate::store::{AgentRecord, Site, Store, StoreError, optional, write_once};
use crate::transcript::lanes::{self, Lanes, Step};
use crate::transcript::{Document, Format, TranscriptOptions};

/// Origins of one site: they stand in headers of bounded size.
const ORIGINS_MAX: usize = 50;

/// What `agent add` was given.
pub(super) struct NewAgent {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) roles: BTreeSet<DocumentId>,
    pub(super) scope: Scope,
    pub(super) capacity: u32,
}

/// `relay site add`.
pub(super) fn add_site(
    config: &Config,
    id: SiteId,
    origins: &[Origin],
    name: Option<&str>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let name = name.map(account::name).transpose().map_err(|problem| anyhow!("--name: {}", problem.remedy))?;
    if origins.len() > ORIGINS_MAX {
        bail!("a site has at most {ORIGINS_MAX} origins; make several sites of it");
    }
    let store = attach_or_make(config)?;
    // A site that exists keeps the name that it has.
    let name = match name {
        Some(name) => name,
        None => optional(store.reader()?.site(&id))?.map_or_else(|| id.to_string(), |site| site.name),
    };
    let site = Site { id, name, origins: origins.iter().map(ToString::to_string).collect() };
    write_once(&mut *store.writer()?, |writer| writer.put_site(&site, &By::command_line(now_ms())))?;
    let relay = &config.own_origins(config.listen)[0];
    let id = &site.id;
    writeln!(out, "Site {id} is in {}; its pages: {}", config.data_shown(), site.origins.join(", "))?;
    writeln!(out, "\nPaste this into them:\n")?;
    writeln!(out, "  <script async src=\"{relay}/embed.js\" data-site=\"{id}\"></script>")?;
    writeln!(out, "\nIf they have a Content-Security-Policy, it needs: script-src {relay}; frame-src {relay}")?;
    if config.public_url.is_none() {
        writeln!(out, "The address is made from `listen`; set public_url when browsers reach the relay by another.")?;
    }
    Ok(())
}

/// `relay agent add`.
pub(super) fn add_agent(
    config: &Config,
    agent: NewAgent,
    from_stdin: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let NewAgent { email, name, roles, scope, capacity } = agent;
    let email = account::email(&email).map_err(|problem| anyhow!("{email}: {}", problem.remedy))?;
    let name = account::name(&name).map_err(|problem| anyhow!("--name: {}", problem.remedy))?;
    let capacity = account::capacity(capacity).map_err(|problem| anyhow!("--capacity: {}", problem.remedy))?;
    let store = attach_or_make(config)?;
    check_rights(&roles, &scope, &*store)?;
    let (password, made) = password(from_stdin, &email, &name)?;
    let password_hash = hash_password(&password)?;
    let record = AgentRecord {
        id: new_agent_id(),
        email,
        name,
        roles,
        scope,
        hours: None,
        capacity,
        password_hash,
        disabled: false,
    };
    let entry = agent_added(&record, By::command_line(now_ms()));
    let added = write_once(&mut *store.writer()?, |writer| {
        writer.put_agent(&record)?;
        writer.append_audit(&entry)
    });
    match added {
        Err(StoreError::Conflict) => {
            bail!("{} is an agent already; `relay agent password {}` gives a new password", record.email, record.email)
        }
        other => other?,
    };
    writeln!(out, "Agent {} <{}> is in {}.", line(&record.name), record.email, config.data_shown())?;
    tell_password(&password, made, out)?;
    writeln!(out, "Sign in at {}/console", config.own_origins(config.listen)[0])?;
    Ok(())
}

/// Refuses roles, sites and departments that do not exist.
pub(super) fn check_rights(roles: &BTreeSet<DocumentId>, scope: &Scope, store: &dyn Store) -> anyhow::Result<()> {
    let snapshot = settings::read(&mut *store.reader()?)?;
    let checked = account::roles(roles, &snapshot).and_then(|()| account::scope(scope, &snapshot));
    checked.map_err(|problem| anyhow!(problem.remedy))
}

/// `relay agent password`.
pub(super) fn set_password(config: &Config, email: &str, from_stdin: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let store = attach(config)?;
    let mut agent = match store.reader()?.agent_by_email(email) {
        Err(StoreError::Missing) => {
            bail!("there is no agent {email} in {}; `relay agent add` makes one", config.data_shown())
        }
        other => other?,
    };
    let (password, made) = password(from_stdin, &agent.email, &agent.name)?;
    agent.password_hash = hash_password(&password)?;
    write_once(&mut *store.writer()?, |writer| {
        writer.put_agent(&agent)?;
        writer.remove_sessions_of(agent.id, None)?;
        writer.remove_devices_of(agent.id)?;
        writer.append_audit(&by_command(Action::PasswordChanged, agent.id))
    })?;
    writeln!(out, "Agent {email} has a new password; its sign-ins have ended.")?;
    tell_password(&password, made, out)?;
    Ok(())
}

/// `relay transcript`.
pub(super) fn print_transcript(
    config: &Config,
    conversation: ConversationId,
    format: Format,
    notes: bool,
    options: &TranscriptOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let store = attach(config)?;
    let mut reader = store.reader()?;
    let words = |error| match error {
        QueryError::NotFound => anyhow::anyhow!(
            "there is no conversation {conversation} in {}; is --data the relay's folder?",
            config.data_shown()
        ),
        QueryError::Busy | QueryError::Down => anyhow::anyhow!("the store in {} cannot be read", config.data_shown()),
    };
    let known = lanes::conversation(&mut *reader, conversation).map_err(words)?;
    let entry = NewEntry::new(By::command_line(now_ms()), Action::TranscriptExported).on(Subject::new(
        "conversation",
        &conversation,
    )
    .of(known.site.clone()));
    write_once(&mut *store.writer()?, |writer| writer.append_audit(&entry))?;
    let (mut document, mut text) = (Document::of(&known, format, options, &mut *reader), String::new());
    document.begin(&mut text);
    let mut lanes = Lanes::new(&known, notes);
    loop {
        match lanes.next_step() {
            Step::Event(event) => document.event(&event, &mut text),
            Step::Page(lane, query) => {
                lanes.turn(lane, reader.query(&query).map_err(words)?).map_err(words)?;
            }
            Step::End => break,
        }
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    document.end(&mut text);
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// `relay backup`.
pub(super) fn backup(config: &Config, folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    must_be_there(config)?;
    let Whole { files, bytes } = crate::backup::backup(&config.data, folder)?;
    let shown = folder.display();
    writeln!(out, "Wrote a whole copy to {shown}: the database and {files} uploaded files ({bytes} bytes).")?;
    writeln!(out, "It is a data folder: `relay serve --data {shown}` goes on from it.")?;
    super::key::say_where(config, out)
}

/// `relay verify`.
pub(super) fn verify(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    must_be_there(config)?;
    let Whole { files, bytes } = crate::backup::verify(&config.data)?;
    let shown = config.data_shown();
    writeln!(out, "{shown} is whole: the database and {files} uploaded files ({bytes} bytes).")?;
    super::key::say_where(config, out)
}

/// The entry of what a command does to an agent.
pub(super) fn by_command(action: Action, agent: AgentId) -> NewEntry {
    NewEntry::new(By::command_line(now_ms()), action).on(Subject::new("agent", &agent))
}

/// The store beside a relay that may be serving it. For commands that only work with what is there: none is made where a folder was named wrongly.
pub(super) fn attach(config: &Config) -> anyhow::Result<Box<dyn Store>> {
    must_be_there(config)?;
    Ok(crate::store::attach(&config.data)?)
}

/// The same, for commands that bring something into a store. One that is not there is made.
pub(super) fn attach_or_make(config: &Config) -> anyhow::Result<Box<dyn Store>> {
    config.make_data_folder()?;
    Ok(crate::store::attach(&config.data)?)
}

/// Refuses a data folder that is not there.
pub(super) fn must_be_there(config: &Config) -> anyhow::Result<()> {
    match config.data.try_exists() {
        Ok(false) => bail!("there is no data folder at {}; `relay serve` makes one", config.data_shown()),
        // What is wrong with it otherwise is said by whoever opens it.
        Ok(true) | Err(_) => Ok(()),
    }
}

/// A chosen or a made password; the second says which.
fn password(from_stdin: bool, email: &str, name: &str) -> anyhow::Result<(String, bool)> {
    if !from_stdin {
        return Ok((make_password(), true));
    }
    let mut text = String::new();
    let bytes_max = u64::try_from(PASSWORD_BYTES_MAX).unwrap_or(u64::MAX) + 2;
    std::io::stdin()
        .take(bytes_max)
        .read_to_string(&mut text)
        .context("cannot read the password from standard input")?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password).to_owned();
    account::password(&password, email, name).map_err(|problem| anyhow!(problem.remedy))?;
    Ok((password, false))
}

/// Twenty letters and digits that are not mistaken for each other: a hundred bits.
fn make_password() -> String {
    random_letters::<20>()
}

fn tell_password(password: &str, made: bool, out: &mut impl Write) -> std::io::Result<()> {
    if made {
        writeln!(out, "Password (shown only now): {password}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_are_long_and_differ() {
        assert_eq!(make_password().len(), 20);
        assert_ne!(make_password(), make_password());
    }
}
