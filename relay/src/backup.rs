//! Copies a data folder while a relay serves it, and checks whether one is complete.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use wire::AttachmentId;

use crate::audit::heads::HEADS_FILE;
use crate::blob::{FILES_FOLDER, file_in};
use crate::store::{self, AttachmentRecord, Reader, Store, StoreError, write_once};

/// Records read at once.
const RECORDS_PER_PAGE: usize = 500;

/// What a complete data folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Uploaded files with a record.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes a complete data folder: first a snapshot of the database, then every file that it names; files never change. It gets its name when all
/// of it is on the disk and was verified. What an interrupted copy left is removed by the next one.
///
/// # Errors
/// When there is something of that name, the disk fails, or the data is not whole.
pub fn backup(data: &Path, to: &Path) -> anyhow::Result<Whole> {
    ensure!(!to.exists(), "{} exists already; choose another name", to.display());
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    if partial.exists() {
        fs::remove_dir_all(partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    crate::folder::make(partial)
        .and_then(|()| crate::folder::make(&partial.join(FILES_FOLDER)))
        .with_context(|| format!("cannot make {}", partial.display()))?;
    let served = store::attach(data)?;
    copy_heads(data, partial)?;
    served.backup(partial)?;
    copy_files(&*served, data, partial)?;
    let whole = verify(partial)?;
    sync(partial)?;
    fs::rename(partial, to).with_context(|| format!("cannot name {}", to.display()))?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync(parent.unwrap_or_else(|| Path::new(".")))?;
    Ok(whole)
}

/// Checks a data folder: the database's own check, and every recorded file with its length.
///
/// # Errors
/// With what is wrong.
pub fn verify(data: &Path) -> anyhow::Result<Whole> {
    let store = store::attach_existing(data)?;
    store.check()?;
    let mut whole = Whole::default();
    let (mut reader, mut again) = (store.reader()?, store.reader()?);
    each_record(&mut *reader, |record| {
        let path = file_in(&data.join(FILES_FOLDER), &record.key).context("a record with an impossible name")?;
        match fs::metadata(&path) {
            Ok(found) if found.len() == record.attachment.bytes => {
                whole.files += 1;
                whole.bytes += found.len();
                Ok(())
            }
            Ok(found) => {
                let wanted = record.attachment.bytes;
                bail!("{} has {} bytes, and {wanted} were uploaded", path.display(), found.len())
            }
            // A serving relay may have removed both: then the record is gone, too.
            Err(error) if error.kind() == ErrorKind::NotFound && gone(&mut *again, record.attachment.id) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("the uploaded file {}", path.display())),
        }
    })?;
    Ok(whole)
}

/// Copies the signed heads of the audit log, before the database: none may be of an entry that the copy does not have.
fn copy_heads(data: &Path, partial: &Path) -> anyhow::Result<()> {
    let (from, to) = (data.join(HEADS_FILE), partial.join(HEADS_FILE));
    match fs::copy(&from, &to) {
        Ok(_) => {
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600))?;
            Ok(File::open(&to)?.sync_all()?)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot copy {}", from.display())),
    }
}

fn copy_files(served: &dyn Store, data: &Path, partial: &Path) -> anyhow::Result<()> {
    let copy = store::attach(partial)?;
    let mut now = served.reader()?;
    let mut forgotten = Vec::new();
    each_record(&mut *copy.reader()?, |record| {
        let (from, to) = (data.join(FILES_FOLDER), partial.join(FILES_FOLDER));
        let paths = file_in(&from, &record.key).zip(file_in(&to, &record.key));
        let (from, to) = paths.context("a record with an impossible name")?;
        let subfolder = to.parent().context("a file is in a subfolder")?;
        crate::folder::make(subfolder)?;
        match fs::copy(&from, &to) {
            Ok(_) => {
                fs::set_permissions(&to, fs::Permissions::from_mode(0o600))?;
                File::open(&to)?.sync_all()?;
                sync(subfolder)
            }
            // Uploaded, never named, and removed since the database was copied.
            Err(error) if error.kind() == ErrorKind::NotFound && gone(&mut *now, record.attachment.id) => {
                forgotten.push(record.attachment.id);
                Ok(())
            }
            Err(error) => Err(error).with_context(|| format!("cannot copy {}", from.display())),
        }
    })?;
    sync(&partial.join(FILES_FOLDER))?;
    if !forgotten.is_empty() {
        write_once(&mut *copy.writer()?, |writer| {
            forgotten.iter().try_for_each(|id| writer.remove_orphan(*id).map(|_| ()))
        })?;
    }
    Ok(())
}

fn each_record(
    reader: &mut dyn Reader,
    mut look: impl FnMut(&AttachmentRecord) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = AttachmentId(0);
    loop {
        let page = reader.attachments(after, RECORDS_PER_PAGE)?;
        for record in &page {
            look(record)?;
            after = record.attachment.id;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

fn gone(reader: &mut dyn Reader, id: AttachmentId) -> bool {
    reader.attachment(id) == Err(StoreError::Missing)
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("cannot sync {}", folder.display()))
}
