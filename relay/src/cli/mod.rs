//! The command line: what `relay --help` shows, and what each command does.

mod access;
mod audit;
mod erase;
mod key;
mod manage;
mod serve;
mod settings;
mod visitor;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use relay_edge::plain::Printed;
use relay_settings::{DocumentId, Reach, Scope};
use wire::limit::CAPACITY_DEFAULT;
use wire::{BlockId, ConversationId, SiteId, VisitorId};

use crate::config::{Config, EXAMPLE, Flags};
use crate::origin::Origin;
use crate::store::AgentRecord;
use crate::transcript::{Format, TranscriptOptions};

/// The relay of Causeway: support chat that you run yourself.
#[derive(Debug, Parser)]
#[command(name = "relay", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Common {
    /// A configuration file; `relay config` prints one with every key.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything [default: ./data].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve chat, console and sockets until Ctrl-C.
    Serve {
        /// Address and port [default: 127.0.0.1:8080].
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Begin a new store although the folder holds files or the mark of an older one, whose database is gone.
        #[arg(long)]
        new: bool,
    },
    /// Sites that carry the chat.
    #[command(subcommand)]
    Site(SiteCommand),
    /// People who write: keeping some out.
    #[command(subcommand)]
    Visitor(VisitorCommand),
    /// People who answer.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// The relay's key, which seals secrets and signs the audit log's head.
    #[command(subcommand)]
    Key(KeyCommand),
    /// What staff, programs and commands did: exported, and verified.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Remove for good what is kept of somebody.
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Remove what is past its time, as the sites' settings say. A relay that serves the folder does so by itself.
    Retention {
        /// Say what would be removed, and remove nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// All settings as one file.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Print a conversation.
    Transcript {
        /// Its id.
        conversation: ConversationId,
        /// How it is written.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Add what only agents see: notes, assignment, context.
        #[arg(long)]
        notes: bool,
        /// The language it is written in (en, zh-CN) [default: the visitor's].
        #[arg(long, value_name = "TAG")]
        language: Option<String>,
        /// The time zone of its times, as Asia/Shanghai [default: the visitor's].
        #[arg(long, value_name = "NAME")]
        zone: Option<String>,
    },
    /// Write a consistent copy of the data folder to a new folder, also while the relay runs.
    Backup {
        /// The new folder.
        folder: PathBuf,
    },
    /// Look whether database and uploaded files are whole, also while the relay runs.
    Verify,
    /// Print the commented configuration with every default.
    Config,
}

#[derive(Debug, Subcommand)]
enum EraseCommand {
    /// Erase a visitor: their texts, names, pages and files. Ids, times and scores remain.
    Visitor {
        /// Their id, as the console and the API show it.
        id: VisitorId,
        /// Say what would be removed, and remove nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
enum SiteCommand {
    /// Add a site, or replace the origins of the one with this id, and print its snippet.
    Add {
        /// A short word: a-z, 0-9 and -.
        id: SiteId,
        /// An origin whose pages may carry the chat, like https://www.example.com; may be given several times.
        #[arg(long = "origin", value_name = "URL", required = true)]
        origins: Vec<Origin>,
        /// The name in the chat's header [default: the one it has, or the id].
        #[arg(long)]
        name: Option<String>,
    },
    /// List the sites with their origins and how many conversations they have.
    List,
    /// Remove a site: its pages cannot open the chat any more.
    Remove {
        /// Its id.
        id: SiteId,
        /// Remove it although it has conversations; they are kept.
        #[arg(long)]
        keep_conversations: bool,
    },
}

#[derive(Debug, Subcommand)]
enum SettingsCommand {
    /// Write all documents to a file: sites, departments, topics, replies and the rest.
    Export {
        /// The file; an older one is replaced.
        file: PathBuf,
    },
    /// Change what a file names, all of it or nothing, also while the relay runs. What it does not name stays.
    Import {
        /// A file as `relay settings export` writes it, or a part of one.
        file: PathBuf,
        /// Say what would be changed, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Remove sites although they have conversations; they are kept.
        #[arg(long)]
        keep_conversations: bool,
    },
}

#[derive(Debug, Subcommand)]
enum VisitorCommand {
    /// Keep the visitor of a conversation out, or everybody from their address or network; open conversations of theirs end.
    Block {
        /// The conversation's id.
        conversation: ConversationId,
        /// Whom.
        #[arg(long, value_enum, default_value = "visitor")]
        scope: visitor::ScopeChoice,
        /// For how long.
        #[arg(long, default_value_t = 24 * 60)]
        minutes: u64,
        /// Why; colleagues read it.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Undo a block.
    Unblock {
        /// Its id, as `relay visitor blocks` lists it.
        block: BlockId,
    },
    /// List who is kept out.
    Blocks,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Add an agent. Without --password-stdin a password is made and printed once.
    Add {
        /// The address to sign in with.
        email: String,
        /// The name shown to visitors.
        #[arg(long)]
        name: String,
        /// What the agent may do: agent, supervisor, administrator, or a role made in the settings. May be given several times.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<DocumentId>,
        #[command(flatten)]
        scope: ScopeOptions,
        /// Conversations held at once.
        #[arg(long, default_value_t = CAPACITY_DEFAULT)]
        capacity: u32,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the agents with their roles, and who is disabled.
    List,
    /// End an agent's sign-ins and let it sign in no more; what it wrote is kept.
    Disable {
        /// The address the agent signs in with.
        email: String,
    },
    /// Let a disabled agent sign in again.
    Enable {
        /// The address the agent signs in with.
        email: String,
    },
    /// Change what an agent may do.
    Role {
        /// The address the agent signs in with.
        email: String,
        /// The new roles: agent, supervisor, administrator, or ones made in the settings.
        #[arg(value_name = "ROLE", required = true)]
        roles: Vec<DocumentId>,
    },
    /// Change where an agent may do it. Without --site and --department it is everywhere.
    Scope {
        /// The address the agent signs in with.
        email: String,
        #[command(flatten)]
        scope: ScopeOptions,
    },
    /// Give an agent a new password and end its sign-ins.
    Password {
        /// The address the agent signs in with.
        email: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Write the audit log to a new file, with its head signed at the end.
    Export {
        /// The new file.
        file: PathBuf,
    },
    /// Say whether the audit log is as it was written, and else which entry is the first that is not.
    Verify {
        /// An exported file [default: the log in the data folder].
        file: Option<PathBuf>,
        /// The public key that must have signed it [default: that of the data folder's relay].
        #[arg(long, value_name = "DIGITS")]
        key: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Print the key's name, and where it is. The name says nothing of the key.
    ShowName,
    /// Print a new key, to be put into an environment variable or a secret store; a key in a file is made by the relay.
    Make,
    /// Replace the key: everything sealed is sealed anew with another one. No relay may be using the data folder.
    Rotate,
    /// The key is lost: go on with another one, and remove what only the lost one opens.
    Lost,
}

/// Where an agent may do what its roles allow.
#[derive(Debug, Args)]
struct ScopeOptions {
    /// Only for this site [default: all]. May be given several times.
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<SiteId>,
    /// Only for this department [default: all]. May be given several times.
    #[arg(long = "department", value_name = "DEPARTMENT")]
    departments: Vec<DocumentId>,
}

impl From<ScopeOptions> for Scope {
    fn from(options: ScopeOptions) -> Self {
        Self { sites: reach(options.sites), departments: reach(options.departments) }
    }
}

fn reach<T: Ord>(named: Vec<T>) -> Reach<T> {
    if named.is_empty() { Reach::All } else { Reach::Some(named.into_iter().collect()) }
}

impl Cli {
    /// Does what was asked and prints what it did to `out`.
    ///
    /// # Errors
    /// With what to do next.
    pub fn run(self, out: &mut impl Write) -> anyhow::Result<()> {
        crate::folder::keep_to_oneself();
        let listen = if let Command::Serve { listen, .. } = &self.command { *listen } else { None };
        let flags = Flags { config: self.common.config, data: self.common.data, listen };
        if matches!(self.command, Command::Config) {
            // Also without a readable configuration: it is what one begins with.
            return Ok(out.write_all(EXAMPLE.as_bytes())?);
        }
        if matches!(self.command, Command::Key(KeyCommand::Make)) {
            return key::make(out);
        }
        let config = Config::load(&flags)?;
        if let Command::Transcript { conversation, format, notes, language, zone } = self.command {
            // A transcript makes itself harmless, and keeps what it isolates.
            return manage::print_transcript(
                &config,
                conversation,
                format,
                notes,
                &TranscriptOptions { language, zone },
                out,
            );
        }
        let out = &mut Printed(out);
        match self.command {
            Command::Serve { new, .. } => serve::serve(config, new),
            Command::Site(SiteCommand::Add { id, origins, name }) => {
                manage::add_site(&config, id, &origins, name.as_deref(), out)
            }
            Command::Site(SiteCommand::List) => access::list_sites(&config, out),
            Command::Site(SiteCommand::Remove { id, keep_conversations }) => {
                access::remove_site(&config, &id, keep_conversations, out)
            }
            Command::Visitor(VisitorCommand::Block { conversation, scope, minutes, reason }) => visitor::block(
                &config,
                visitor::BlockOptions { conversation, scope: scope.into(), minutes, reason },
                out,
            ),
            Command::Visitor(VisitorCommand::Unblock { block }) => visitor::unblock(&config, block, out),
            Command::Erase(EraseCommand::Visitor { id, dry_run }) => erase::erase_visitor(&config, id, dry_run, out),
            Command::Retention { dry_run } => erase::retention(&config, dry_run, out),
            Command::Settings(SettingsCommand::Export { file }) => settings::export(&config, &file, out),
            Command::Settings(SettingsCommand::Import { file, dry_run, keep_conversations }) => {
                settings::import(&config, &file, settings::Import { dry_run, keep_conversations }, out)
            }
            Command::Visitor(VisitorCommand::Blocks) => visitor::blocks(&config, out),
            Command::Agent(AgentCommand::List) => access::list_agents(&config, out),
            Command::Agent(AgentCommand::Disable { email }) => access::switch_agent(&config, &email, true, out),
            Command::Agent(AgentCommand::Enable { email }) => access::switch_agent(&config, &email, false, out),
            Command::Agent(AgentCommand::Role { email, roles }) => {
                let roles = roles.into_iter().collect();
                access::change_rights(&config, &email, |agent| AgentRecord { roles, ..agent }, out)
            }
            Command::Agent(AgentCommand::Scope { email, scope }) => {
                access::change_rights(&config, &email, |agent| AgentRecord { scope: scope.into(), ..agent }, out)
            }
            Command::Agent(AgentCommand::Add { email, name, roles, scope, capacity, password_stdin }) => {
                let roles = roles.into_iter().collect();
                let agent = manage::NewAgent { email, name, roles, scope: scope.into(), capacity };
                manage::add_agent(&config, agent, password_stdin, out)
            }
            Command::Agent(AgentCommand::Password { email, password_stdin }) => {
                manage::set_password(&config, &email, password_stdin, out)
            }
            Command::Audit(AuditCommand::Export { file }) => audit::export(&config, &file, out),
            Command::Audit(AuditCommand::Verify { file, key }) => {
                audit::verify(&config, file.as_deref(), key.as_deref(), out)
            }
            Command::Key(KeyCommand::ShowName) => key::show_name(&config, out),
            Command::Key(KeyCommand::Rotate) => key::rotate(&config, out),
            Command::Key(KeyCommand::Lost) => key::lost(&config, out),
            Command::Backup { folder } => manage::backup(&config, &folder, out),
            Command::Verify => manage::verify(&config, out),
            // Answered above.
            Command::Config | Command::Key(KeyCommand::Make) | Command::Transcript { .. } => Ok(()),
        }
    }
}
