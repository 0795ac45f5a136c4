//! The data folder: readable by this user only, and recognised by a mark, so that a wrong or emptied folder is not taken for a new one.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::blob::FILES_FOLDER;

/// The mark's name, in the data folder and in its folder of files.
pub const MARK_FILE: &str = "causeway.id";
/// What a mark says before the store's id.
const MARK_WORDS: &str = "A data folder of Causeway. Do not remove. Store ";
/// Read at most of a mark: more than it has.
const MARK_BYTES_MAX: usize = 512;
/// The permissions that other users may not have.
const OTHERS: u32 = 0o077;
/// Everybody may make files there, and remove only their own.
const STICKY: u32 = 0o1000;
/// Subfolders of the folder of files have no folders in them.
const SUBFOLDER_DEPTH: u32 = 1;

/// New files and folders of this process are for this user alone, whatever the shell's umask.
pub fn keep_to_oneself() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(OTHERS));
}

/// Makes a folder for this user alone; one that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens a file for this user alone, to write.
pub(crate) fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options.write(true).mode(0o600)
}

/// Removes other users' permissions on a data folder and on our files in it, and logs that. A failure is logged, too, and does not keep the relay
/// from serving.
pub fn narrow(folder: &Path) {
    let mut narrowed = Narrowed::default();
    // A folder that many share, such as /tmp, is not ours to close.
    let shared = fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & STICKY != 0);
    if !shared {
        narrowed.narrow(folder);
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == FILES_FOLDER {
            narrowed.narrow_all(&entry.path(), SUBFOLDER_DEPTH);
        } else if name.starts_with("causeway.") || name.starts_with("relay.lock") {
            narrowed.narrow(&entry.path());
        }
    }
    let (count, shown) = (narrowed.count, folder.display());
    if count > 0 {
        tracing::warn!(count, "other users of this machine could read the data in {shown}; now they cannot");
    }
    if let Some(error) = narrowed.failed {
        tracing::error!(%error, "other users of this machine may be able to read the data in {shown}: set files to 0600 and folders to 0700");
    }
}

/// What was changed.
#[derive(Default)]
struct Narrowed {
    count: u64,
    failed: Option<io::Error>,
}

impl Narrowed {
    /// Narrows one file or folder; returns whether others had permissions.
    fn narrow(&mut self, path: &Path) -> bool {
        let Ok(found) = fs::metadata(path) else { return false };
        let mode = found.permissions().mode();
        if mode & OTHERS == 0 {
            return false;
        }
        match fs::set_permissions(path, Permissions::from_mode(mode & 0o7700)) {
            Ok(()) => self.count += 1,
            Err(error) => self.failed = Some(error),
        }
        true
    }

    /// The folder of files, its subfolders, and the files in those subfolders that were open. A closed subfolder protects its files already, and there
    /// may be a million of them.
    fn narrow_all(&mut self, folder: &Path, deep: u32) {
        let open = self.narrow(folder);
        if !open && deep < SUBFOLDER_DEPTH {
            return;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(fs::FileType::is_dir) && deep > 0 {
                self.narrow_all(&entry.path(), deep - 1);
            } else if kind.is_ok_and(|kind| kind.is_file()) {
                self.narrow(&entry.path());
            }
        }
    }
}

/// What a data folder holds before its database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing is there, or a database with something in it.
    Usual,
    /// No database, or an empty one, beside what an older one has left.
    Emptied,
}

/// Looks for what an older store has left beside a missing or empty database.
pub(crate) fn look(folder: &Path, database: &Path) -> Look {
    if fs::metadata(database).is_ok_and(|found| found.len() > 0) { Look::Usual } else { look_beside(folder, database) }
}

/// The same for a database that turned out to hold nothing.
pub(crate) fn look_beside(folder: &Path, database: &Path) -> Look {
    let mark = [folder.to_owned(), folder.join(FILES_FOLDER)].iter().any(|folder| folder.join(MARK_FILE).exists());
    let log = fs::metadata(beside(database, "-wal")).is_ok_and(|found| found.len() > 0);
    if mark || log || has_files(&folder.join(FILES_FOLDER)) { Look::Emptied } else { Look::Usual }
}

/// Whether there is any uploaded file.
fn has_files(folder: &Path) -> bool {
    let subfolders = fs::read_dir(folder).into_iter().flatten().flatten();
    subfolders.filter_map(|subfolder| fs::read_dir(subfolder.path()).ok()).any(|mut files| files.next().is_some())
}

/// Renames what is left of a database, and removes the marks, so that a new one can begin.
///
/// # Errors
/// When the disk fails.
pub(crate) fn put_aside(database: &Path) -> io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let old = beside(database, ending);
        if old.exists() {
            fs::rename(&old, beside(&old, ".before-new"))?;
        }
    }
    for folder in database.parent().into_iter().flat_map(|folder| [folder.to_owned(), folder.join(FILES_FOLDER)]) {
        match fs::remove_file(folder.join(MARK_FILE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Why a folder cannot be this store's.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A folder of another store.
    #[error(
        "{folder} belongs to the store {found}, and the database is that of the store {store}: a wrong folder is mounted, or two were mixed. \
         Put the right one there; a folder that is meant to belong here loses its causeway.id first"
    )]
    OtherStore {
        /// Which folder.
        folder: String,
        /// The store in its mark.
        found: String,
        /// The database's.
        store: String,
    },
    /// Files are recorded, and their folder is not there.
    #[error(
        "the database names uploaded files, and {0} has never held any: is it mounted? Put it back, or make it anew with an empty causeway.id in it"
    )]
    FilesMissing(String),
}

/// Compares the marks with the store's id, and makes those that are missing.
///
/// # Errors
/// When a mark is another store's: a wrong folder is mounted.
pub(crate) fn settle(folder: &Path, store: &str, has_files_recorded: bool) -> Result<(), FolderError> {
    let files = folder.join(FILES_FOLDER);
    let known = read_mark(folder);
    for path in [folder, &files] {
        match read_mark(path) {
            Some(found) if found != store => {
                return Err(FolderError::OtherStore {
                    folder: path.display().to_string(),
                    found,
                    store: store.to_owned(),
                });
            }
            // The data folder is the database's, and the folder of files never was: it is not mounted.
            None if path == files && known.is_some() && has_files_recorded && !files.join(MARK_FILE).exists() => {
                return Err(FolderError::FilesMissing(files.display().to_string()));
            }
            Some(_) | None => {}
        }
    }
    if let Err(error) = write_mark(folder, store).and_then(|()| make(&files)).and_then(|()| write_mark(&files, store)) {
        // On a full or read-only disk the next start makes it.
        tracing::warn!(%error, "the data folder could not be marked as this store's");
    }
    Ok(())
}

/// The id in a folder's mark.
fn read_mark(folder: &Path) -> Option<String> {
    let found = fs::read(folder.join(MARK_FILE)).ok()?;
    let text = String::from_utf8_lossy(&found[..found.len().min(MARK_BYTES_MAX)]).into_owned();
    let id = text.trim().rsplit(' ').next()?;
    // A mark that a crash has cut off says nothing.
    (text.starts_with(MARK_WORDS) && id.len() == 32).then(|| id.to_owned())
}

fn write_mark(folder: &Path, store: &str) -> io::Result<()> {
    if read_mark(folder).is_some() {
        return Ok(());
    }
    let partial = folder.join(format!("{MARK_FILE}.partial"));
    let mut file = private(File::options().create(true).truncate(true)).open(&partial)?;
    file.write_all(format!("{MARK_WORDS}{store}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, folder.join(MARK_FILE))?;
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn whatever_others_were_given_is_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let subfolder = data.join(FILES_FOLDER).join("ab");
        fs::create_dir_all(&subfolder).expect("made");
        let files = [data.join("causeway.sqlite3"), data.join("causeway.sqlite3-wal"), subfolder.join("abcd")];
        for file in &files {
            fs::write(file, "x").expect("written");
            fs::set_permissions(file, Permissions::from_mode(0o666)).expect("set");
        }
        for folder in [&data, &data.join(FILES_FOLDER), &subfolder] {
            fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("set");
        }
        narrow(&data);
        assert_eq!(files.map(|file| mode(&file)), [0o600; 3]);
        assert_eq!([&data, &data.join(FILES_FOLDER), &subfolder].map(|folder| mode(folder)), [0o700; 3]);
    }

    #[test]
    fn a_mark_is_written_once_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mine, other) = ("0".repeat(32), "1".repeat(32));
        assert!(settle(folder.path(), &mine, true).is_ok(), "a folder from before there were marks");
        assert!(settle(folder.path(), &mine, true).is_ok());
        assert!(matches!(settle(folder.path(), &other, false), Err(FolderError::OtherStore { .. })));
        let files = folder.path().join(FILES_FOLDER);
        assert_eq!(mode(&files.join(MARK_FILE)), 0o600);
        fs::remove_dir_all(&files).expect("removed");
        assert!(matches!(settle(folder.path(), &mine, true), Err(FolderError::FilesMissing(_))));
        assert!(settle(folder.path(), &mine, false).is_ok(), "no file is missed");
        fs::write(files.join(MARK_FILE), "").expect("cut");
        assert!(settle(folder.path(), &mine, false).is_ok(), "a cut mark says nothing and is made anew");
        assert_eq!(read_mark(&files), Some(mine));
    }
}
