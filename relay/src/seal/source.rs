//! Where the relay's key comes from: a file, an environment variable, or what a program prints.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::settle::KeyError;
use crate::config::Config;
use crate::folder::private;
use crate::key::{KeyTextError, Keys};

/// The key's file in the data folder, unless the configuration names another place.
pub const KEY_FILE: &str = "relay.key";
/// Bytes read of a key's text at most: more than two keys have.
const TEXT_BYTES_MAX: u64 = 1_024;
/// How long a program may take to print the key.
const COMMAND_WAIT: Duration = Duration::from_secs(10);
/// Permissions that a key's file does not give to others.
const OTHERS: u32 = 0o077;

/// Where the key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file; made at the first start.
    File(PathBuf),
    /// An environment variable of this name.
    Environment(String),
    /// A program with its arguments.
    Command(Vec<String>),
}

impl KeySource {
    /// The one that the configuration names.
    ///
    /// # Errors
    /// When it names several.
    pub fn of(config: &Config) -> Result<Self, KeyError> {
        let place = &config.relay_key;
        match (&place.file, &place.environment, &place.command) {
            (None, None, None) => Ok(Self::File(config.data.join(KEY_FILE))),
            (Some(file), None, None) => Ok(Self::File(file.clone())),
            (None, Some(name), None) => Ok(Self::Environment(name.clone())),
            (None, None, Some(command)) => Ok(Self::Command(command.clone())),
            (Some(_), ..) | (_, Some(_), Some(_)) => Err(KeyError::Several),
        }
    }

    /// The keys there; none when there is no such file.
    ///
    /// # Errors
    /// When they cannot be read, or what is there is no key.
    pub fn load(&self) -> Result<Option<Keys>, KeyError> {
        let text = match self {
            Self::File(path) => match read(path) {
                Err(KeyError::File { error, .. }) if error.kind() == ErrorKind::NotFound => return Ok(None),
                read => read?,
            },
            Self::Environment(name) => std::env::var(name).map_err(|_| KeyError::Unset(name.clone()))?,
            Self::Command(command) => run(command).map_err(|problem| KeyError::Command {
                program: command.first().cloned().unwrap_or_default(),
                problem,
            })?,
        };
        let keys = text.parse().map_err(|error: KeyTextError| KeyError::Text { place: self.to_string(), error })?;
        Ok(Some(keys))
    }

    /// Writes the keys into their file: all of it or nothing, for this user alone. What is not in a file is the operator's to change.
    ///
    /// # Errors
    /// When it cannot be written, or the key is not in a file.
    pub(super) fn write(&self, keys: &Keys) -> Result<(), KeyError> {
        let Self::File(path) = self else { return Err(KeyError::NotAFile) };
        write(path, &keys.reveal()).map_err(|error| KeyError::File { path: path.clone(), error })
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::Command(command) => write!(f, "what `{}` prints", command.first().map_or("", String::as_str)),
        }
    }
}

/// Reads a key's file. Other users' permissions are taken away first; where that is not possible it is refused.
fn read(path: &Path) -> Result<String, KeyError> {
    let failed = |error| KeyError::File { path: path.to_owned(), error };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode & 0o700))
            .map_err(|error| KeyError::Open { path: path.to_owned(), error })?;
        let shown = path.display();
        tracing::warn!(
            "other users of this machine could read the relay's key in {shown}; now they cannot. If one may have, `relay key rotate`"
        );
    }
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(TEXT_BYTES_MAX).read_to_string(&mut text)).map_err(failed)?;
    Ok(text)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    // What an interrupted write left may be someone else's to read.
    match fs::remove_file(partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = private(File::options().create_new(true)).open(partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(partial, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Runs a program without a shell and gives what it prints. Its errors go where the relay's go.
fn run(command: &[String]) -> Result<String, String> {
    let (program, arguments) = command.split_first().ok_or("no program is named")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (sender, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = child.stdout.take().map(|stdout| stdout.take(TEXT_BYTES_MAX).read_to_string(&mut text));
        let ended = child.wait();
        // Nobody waits any more when it took too long.
        let _ = sender.send((read.unwrap_or(Ok(0)).map(|_| text), ended));
    });
    let Ok((text, ended)) = printed.recv_timeout(COMMAND_WAIT) else {
        pid.map(|pid| kill_process(pid, Signal::KILL));
        return Err(format!("it did not end within {} s", COMMAND_WAIT.as_secs()));
    };
    match ended {
        Ok(status) if status.success() => text.map_err(|error| format!("what it prints cannot be read: {error}")),
        Ok(status) => Err(format!("it failed ({status})")),
        Err(error) => Err(format!("it failed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn a_key_is_kept_in_a_file_for_this_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(KEY_FILE);
        let source = KeySource::File(path.clone());
        assert!(source.load().expect("nothing is there").is_none());
        let keys = Keys::fresh();
        fs::write(folder.path().join("relay.key.partial"), "cut off").expect("written");
        source.write(&keys).expect("written");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        assert_eq!(source.load().expect("read").map(|keys| keys.reveal()), Some(keys.reveal()));
        for wide in [0o644, 0o660, 0o604] {
            fs::set_permissions(&path, Permissions::from_mode(wide)).expect("set");
            assert!(source.load().expect("read").is_some());
            assert_eq!(mode(&path), 0o600, "was {wide:o}");
        }
        fs::write(&path, "half a ke").expect("written");
        assert!(matches!(source.load(), Err(KeyError::Text { .. })));
        fs::write(&path, [0xff; 40]).expect("written");
        assert!(matches!(source.load(), Err(KeyError::File { .. })), "no text at all");
    }

    #[test]
    fn a_program_prints_the_key() {
        let keys = Keys::fresh();
        let command = |script: &str| KeySource::Command(["sh", "-c", script].map(str::to_owned).into());
        let loaded = command(&format!("echo '{}'", keys.reveal().trim())).load().expect("printed");
        assert_eq!(loaded.map(|keys| keys.reveal()), Some(keys.reveal()));
        for (script, said) in [("exit 3", "exit status: 3"), ("kill -9 $$", "signal: 9")] {
            let error = command(script).load().expect_err("it fails").to_string();
            assert!(error.contains("sh") && error.contains(said), "{error}");
        }
        assert!(matches!(command("echo hello").load(), Err(KeyError::Text { .. })));
        assert!(
            matches!(command("yes").load(), Err(KeyError::Text { .. } | KeyError::Command { .. })),
            "it never ends by itself"
        );
        let missing = KeySource::Command(vec!["/no/such/program".to_owned()]);
        assert!(matches!(missing.load(), Err(KeyError::Command { .. })));
        assert!(matches!(KeySource::Command(Vec::new()).load(), Err(KeyError::Command { .. })));
        let error = command("echo causeway-key-1:0123").load().expect_err("too short").to_string();
        assert!(!error.contains("0123"), "what was printed may be a secret: {error}");
    }

    #[test]
    fn the_configuration_names_one_place_at_most() {
        let of = |text: &str| KeySource::of(&Config::parse(text).expect("a configuration"));
        assert_eq!(of("data = \"/d\"").expect("one"), KeySource::File("/d/relay.key".into()));
        assert_eq!(of("[relay_key]\nfile = \"/k\"").expect("one"), KeySource::File("/k".into()));
        assert_eq!(of("[relay_key]\nenvironment = \"K\"").expect("one"), KeySource::Environment("K".to_owned()));
        assert_eq!(of("[relay_key]\ncommand = [\"c\"]").expect("one"), KeySource::Command(vec!["c".to_owned()]));
        assert!(matches!(of("[relay_key]\nfile = \"/k\"\nenvironment = \"K\""), Err(KeyError::Several)));
        assert!(matches!(of("[relay_key]\ncommand = [\"c\"]\nenvironment = \"K\""), Err(KeyError::Several)));
        let unset = KeySource::Environment("A_VARIABLE_THAT_NOBODY_SETS".to_owned());
        assert!(matches!(unset.load(), Err(KeyError::Unset(_))));
    }
}
