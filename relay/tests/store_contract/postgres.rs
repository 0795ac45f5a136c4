//! A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, as a user that is not root, stopped at the end.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use relay::audit::By;
use relay::store::postgres::PostgresRecords;
use relay::store::{OpenError, RecordWriter, SiteReader, SiteWriter, StoreError, Transaction, write_once};
use tempfile::TempDir;

use crate::audit::Audit;
use crate::cursor::Cursors;
use crate::documents::Documents;
use crate::fixture::{prepare, site};
use crate::records::Records;

/// How long the server may take to answer first.
const START_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Nobody, in Debian and elsewhere: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// A running server. It ends with the test, also with one that fails.
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    databases: usize,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: a fast, orderly stop. Only this process, by its id.
        let asked = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let command = |name: &str| {
            let mut command = Command::new(program(name));
            command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let data = folder.path().join("data");
        let made = command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = fs::File::create(folder.path().join("server.log")).unwrap();
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            // A socket in the folder and no port, so that nothing can be in its way.
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder.path())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self { process, folder, databases: 0 };
        let end = Instant::now() + START_WAIT;
        while let Err(error) = postgres::Client::connect(&server.address("postgres"), postgres::NoTls) {
            let ended = server.process.try_wait().unwrap();
            let log = fs::read_to_string(server.folder.path().join("server.log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < end, "PostgreSQL does not answer: {error}\n{log}");
            thread::sleep(LOOK_EVERY);
        }
        server
    }

    fn address(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.folder.path().display())
    }

    fn run(&self, database: &str, sql: &str) {
        postgres::Client::connect(&self.address(database), postgres::NoTls).unwrap().batch_execute(sql).unwrap();
    }

    /// A fresh database, for the case of this name.
    pub(crate) fn fresh(&mut self, case: &str) -> PostgresRecords {
        self.databases += 1;
        println!("postgres: {case}");
        let name = format!("case{}", self.databases);
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        PostgresRecords::open(&self.address(&name)).unwrap()
    }

    pub(crate) fn opens_again_and_refuses_what_is_newer(&mut self) {
        drop(self.fresh("opens again"));
        let address = self.address(&format!("case{}", self.databases));
        let records = PostgresRecords::open(&address).unwrap();
        prepare(&mut records.writer().unwrap());
        let again = PostgresRecords::open(&address).unwrap();
        assert_eq!(records_reader(&again).sites().unwrap().len(), 2, "nothing was made anew");
        self.run(&format!("case{}", self.databases), "INSERT INTO schema (version) VALUES (99)");
        let newer = PostgresRecords::open(&address);
        assert!(matches!(newer, Err(OpenError::Newer { found: 99, .. })));
    }

    pub(crate) fn brings_an_older_database_up_to_date(&mut self) {
        self.run("postgres", "CREATE DATABASE older");
        self.run("older", include_str!("../../migrations/postgres/0001_records.sql"));
        self.run(
            "older",
            "CREATE TABLE schema (version BIGINT NOT NULL);
             INSERT INTO schema (version) VALUES (1);
             INSERT INTO site (id, name, removed) VALUES ('demo', 'Demo \"D\"', 0), ('gone', 'Gone', 1), ('new', 'New', 0);
             INSERT INTO site_origin (site, place, origin) VALUES ('demo', 0, 'https://b.example'), ('demo', 1, 'https://a.example');",
        );
        self.run("older", &crate::staff::rows_before(|id| format!("'\\x{id:032x}'")));
        let records = PostgresRecords::open(&self.address("older")).unwrap();
        crate::documents::of_an_older_database(documents_of(&records));
        crate::staff::of_an_older_database(&mut records_reader(&records));
    }

    pub(crate) fn comes_back_after_a_lost_connection(&mut self) {
        let records = self.fresh("comes back");
        let mut writer = records.writer().unwrap();
        let mut reader = records_reader(&records);
        prepare(&mut writer);
        let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'case%'";
        let demo = reader.site(&site("demo")).unwrap();
        writer.begin().unwrap();
        writer.remove_site(&demo.id, false, &By::command_line(1)).unwrap();
        self.run("postgres", end_all);
        assert_eq!(writer.remove_site(&site("other"), false, &By::command_line(1)), Err(StoreError::Down));
        assert_eq!(writer.commit(), Err(StoreError::Down));
        assert_eq!(reader.sites(), Err(StoreError::Down), "it was cut, too");
        assert_eq!(reader.sites().unwrap().len(), 2, "nothing of it was kept");
        write_once(&mut writer, |writer| writer.remove_site(&site("other"), false, &By::command_line(1))).unwrap();
        assert_eq!(reader.sites(), Ok(vec![demo]));
    }
}

fn records_reader(records: &PostgresRecords) -> impl relay::store::RecordReader + use<> {
    records.reader().unwrap()
}

pub(crate) fn records_of(records: &PostgresRecords) -> Records {
    let writer: Box<dyn RecordWriter> = Box::new(records.writer().unwrap());
    Records::new(writer, Box::new(records.reader().unwrap()))
}

pub(crate) fn documents_of(records: &PostgresRecords) -> Documents {
    Documents { writer: Box::new(records.writer().unwrap()), reader: Box::new(records.reader().unwrap()) }
}

pub(crate) fn audit_of(records: &PostgresRecords) -> Audit {
    Audit { writer: Box::new(records.writer().unwrap()), reader: Box::new(records.reader().unwrap()) }
}

pub(crate) fn cursors_of(records: &PostgresRecords) -> Cursors {
    Cursors { writer: Box::new(records.writer().unwrap()), reader: Box::new(records.reader().unwrap()) }
}

/// A program of PostgreSQL: on the PATH, or where Debian puts each version's own.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let found = folders.iter().map(|folder| folder.join(name)).find(|path: &PathBuf| Path::is_file(path));
    found.unwrap_or_else(|| {
        panic!("there is no `{name}`: PostgreSQL is not installed. `cargo xtask postgres` installs it")
    })
}
