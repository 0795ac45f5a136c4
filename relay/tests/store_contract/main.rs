//! The contract of every store: one suite for each purpose, called for each database. A new database adds a few lines at the end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod append;
mod audit;
mod condition;
mod cursor;
mod documents;
mod erase;
mod feed;
mod fixture;
mod idempotency;
mod invitation;
mod passkey;
mod postgres;
mod query;
mod records;
mod row;
mod sealed;
mod second_factor;
mod session;
mod staff;
mod together;

use relay::store::Store;
use relay::store::memory::MemoryStore;
use relay::store::sqlite::SqliteStore;
use tempfile::TempDir;

/// One test for each case of a suite, each on a fresh store. The second value of `$fresh` keeps what the store lives in.
macro_rules! cases {
    ($suite:ident, $fresh:expr, $given:expr, [$($part:ident::$case:ident),* $(,)?]) => {
        mod $suite {
            $(
                #[test]
                fn $case() {
                    let (store, _kept) = $fresh;
                    crate::$part::$case(($given)(&store));
                }
            )*
        }
    };
}

/// The log's contract, and what log and records say of each other.
macro_rules! log_contract {
    ($fresh:expr) => {
        cases!(
            log,
            $fresh,
            |store| store,
            [
                append::lanes_are_numbered_apart_and_without_gaps,
                append::what_was_written_reads_back_as_it_was,
                append::a_repeated_append_gives_the_first_events,
                append::a_repeat_comes_before_every_condition_but_the_owner,
                append::the_same_id_in_another_conversation_is_another_message,
                append::drafts_are_recorded_together_or_not_at_all,
                append::a_refused_append_does_not_spoil_its_neighbours,
                append::an_id_that_is_used_twice_records_nothing,
                append::turns_rise_over_all_conversations,
                condition::only_the_owner_and_only_on_its_site_opens,
                condition::a_stranger_is_answered_that_nothing_is_there,
                condition::an_ended_conversation_takes_ratings_views_and_notes_only,
                condition::only_who_waits_leaves_the_line,
                condition::of_two_who_assign_one_is_answered_that_it_moved,
                condition::what_opens_a_conversation_that_is_there_queues_nobody_who_is_queued_or_served,
                condition::who_has_a_conversation_is_asked_when_it_is_recorded,
                condition::capacity_counts_open_conversations_only,
                condition::a_file_is_named_only_where_and_by_whom_it_was_brought,
                query::pages_follow_without_gap,
                query::a_page_of_long_texts_ends_early_but_never_empty,
                query::what_is_not_there_is_not_found,
                query::closed_conversations_come_newest_first_and_page_by_time,
                query::closed_conversations_of_some_sites_page_as_if_there_were_no_others,
                query::rows_of_one_moment_are_not_torn_apart,
                query::more_endings_of_one_moment_than_a_page_holds_are_all_found,
                query::a_visitors_conversations_come_newest_first,
                query::open_conversations_are_the_fold_of_their_events,
                query::open_conversations_are_read_page_by_page,
                row::what_a_program_writes_is_read_and_is_no_answer,
                row::who_is_set_aside_and_returns_keeps_the_turn_and_the_row_says_all_of_it,
                together::a_site_goes_with_its_visitors_or_stays_behind_its_conversations,
                together::orphans_are_files_that_no_message_names,
                together::what_files_take_is_counted_for_visitor_and_site,
                erase::words_go_and_everything_else_stays,
                erase::one_part_goes_and_the_others_stay,
                erase::only_what_has_ended_and_is_not_held_is_erased,
                erase::long_conversations_are_erased_in_steps,
                erase::what_is_past_its_time_is_found_once_in_the_order_of_its_end,
                erase::everything_of_a_visitor_is_found,
            ]
        );
    };
}

/// The feed's contract.
macro_rules! feed_contract {
    ($fresh:expr) => {
        cases!(
            feed,
            $fresh,
            |store| store,
            [
                feed::every_committed_event_has_the_next_position,
                feed::a_page_of_long_texts_ends_early_but_never_empty,
                feed::what_a_consumer_could_not_write_disturbs_no_neighbour,
            ]
        );
    };
}

/// The contract of records, handed to a macro behind what else it takes.
macro_rules! records_contract {
    ($with:ident, $($given:tt)*) => {
        $with!(
            $($given)*,
            [
                records::sites_are_put_and_replaced,
                records::agents_have_one_mail_address_each,
                records::only_the_first_agent_is_added_as_the_first,
                staff::roles_and_scope_read_back_as_they_were,
                staff::what_an_agent_names_is_there_and_stays,
                staff::what_keys_and_invitations_name_is_there_and_stays,
                staff::an_administrator_remains_whoever_changes_what,
                staff::an_agent_is_replaced_only_as_it_was,
                idempotency::a_request_is_begun_once_answered_and_forgotten,
                idempotency::what_one_asker_has_remembered_is_bounded,
                invitation::an_invitation_works_once_and_another_takes_its_place,
                invitation::an_invitation_is_used_up_with_its_account_or_not_at_all,
                staff::an_agent_is_removed_with_its_sign_ins,
                session::sessions_are_kept_touched_and_revoked,
                second_factor::a_code_and_a_recovery_code_work_once,
                second_factor::since_when_an_agent_has_a_role_is_noted,
                passkey::passkeys_are_kept_counted_and_removed,
                passkey::recovery_codes_go_with_the_last_second_factor,
                session::the_latest_use_of_each_agents_sessions_is_found,
                session::beyond_a_bound_the_unused_session_ends,
                records::browsers_are_known_to_one_account_and_the_oldest_go,
                records::visitors_are_known_by_their_token,
                records::a_repeated_upload_is_one_file,
                records::a_file_without_a_record_is_found_unless_it_is_older_than_all,
                records::records_of_files_are_read_page_by_page,
                records::blocks_are_kept_undone_and_forgotten_when_they_have_ended,
                records::a_key_is_made_once,
                records::keys_of_the_api_are_found_by_their_hash_and_revoked_for_good,
                sealed::sealed_values_are_put_replaced_listed_and_removed,
                sealed::a_key_is_replaced_and_found_without_being_made,
                records::a_refused_request_does_not_spoil_its_neighbours,
                records::what_files_take_is_counted_for_visitors,
                erase::a_visitor_who_is_to_be_erased_is_known_no_more,
                erase::what_is_held_keeps_its_visitor,
                erase::what_was_removed_is_counted_until_it_is_taken,
                erase::a_task_is_one_holders_until_it_runs_out,
            ]
        );
    };
}

/// The contract of documents, likewise.
macro_rules! documents_contract {
    ($with:ident, $($given:tt)*) => {
        $with!(
            $($given)*,
            [
                documents::what_was_put_reads_back_with_its_version,
                documents::the_later_of_two_changes_is_answered_what_is_there,
                documents::a_change_happens_whole_or_not_at_all,
                documents::a_history_says_who_and_when_and_keeps_the_last_versions,
                documents::of_removed_documents_only_the_last_are_remembered,
                documents::a_site_is_its_document,
            ]
        );
    };
}

/// The contract of the audit log, likewise.
macro_rules! audit_contract {
    ($with:ident, $($given:tt)*) => {
        $with!(
            $($given)*,
            [
                audit::entries_are_numbered_and_chained,
                audit::an_entry_is_kept_with_what_it_tells_of_or_not_at_all,
                audit::filters_find_what_fits_all_of_them,
                audit::a_cut_front_leaves_a_log_that_verifies,
            ]
        );
    };
}

/// The contract of consumers' cursors, likewise.
macro_rules! cursor_contract {
    ($with:ident, $($given:tt)*) => {
        $with!(
            $($given)*,
            [
                cursor::a_lease_is_one_holders_until_it_runs_out,
                cursor::a_late_holder_moves_nothing,
                cursor::rows_are_kept_with_the_cursor_or_not_at_all,
            ]
        );
    };
}

/// Every contract, for a store that serves all purposes.
macro_rules! every_contract {
    ($backend:ident, $fresh:expr) => {
        mod $backend {
            log_contract!($fresh);
            feed_contract!($fresh);
            records_contract!(cases, records, $fresh, crate::records_of);
            documents_contract!(cases, documents, $fresh, crate::documents_of);
            audit_contract!(cases, audit, $fresh, crate::audit_of);
            cursor_contract!(cases, cursor, $fresh, crate::cursors_of);
        }
    };
}

fn records_of(store: &dyn Store) -> records::Records {
    records::Records::new(store.writer().unwrap(), store.reader().unwrap())
}

fn documents_of(store: &dyn Store) -> documents::Documents {
    documents::Documents { writer: store.writer().unwrap(), reader: store.reader().unwrap() }
}

fn audit_of(store: &dyn Store) -> audit::Audit {
    audit::Audit { writer: store.writer().unwrap(), reader: store.reader().unwrap() }
}

fn cursors_of(store: &dyn Store) -> cursor::Cursors {
    cursor::Cursors { writer: store.writer().unwrap(), reader: store.reader().unwrap() }
}

fn in_memory() -> (MemoryStore, ()) {
    (MemoryStore::new(), ())
}

fn in_sqlite() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path()).unwrap(), folder)
}

/// Every event is moved to the rest of its conversation by the next commit.
fn in_sqlite_moving() -> (SqliteStore, TempDir) {
    let (store, folder) = in_sqlite();
    store.limit_recent(0);
    (store, folder)
}

every_contract!(memory, crate::in_memory());
every_contract!(sqlite, crate::in_sqlite());
every_contract!(sqlite_moving, crate::in_sqlite_moving());

#[test]
fn sites_of_an_older_data_folder_become_documents() {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("causeway.sqlite3")).unwrap();
    for migration in [
        include_str!("../../migrations/sqlite/0001_init.sql"),
        include_str!("../../migrations/sqlite/0002_recent.sql"),
        include_str!("../../migrations/sqlite/0003_access.sql"),
        include_str!("../../migrations/sqlite/0004_kept.sql"),
        include_str!("../../migrations/sqlite/0005_fair.sql"),
        include_str!("../../migrations/sqlite/0006_feed.sql"),
    ] {
        connection.execute_batch(migration).unwrap();
    }
    connection.pragma_update(None, "user_version", 6).unwrap();
    connection
        .execute_batch(
            "INSERT INTO site (id, name, removed) VALUES ('demo', 'Demo \"D\"', 0), ('gone', 'Gone', 1), ('new', 'New', 0);
             INSERT INTO site_origin (site, place, origin) VALUES ('demo', 0, 'https://b.example'), ('demo', 1, 'https://a.example');",
        )
        .unwrap();
    drop(connection);
    documents::of_an_older_database(documents_of(&SqliteStore::open(folder.path()).unwrap()));
}

#[test]
fn agents_of_an_older_data_folder_have_roles_and_are_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("causeway.sqlite3")).unwrap();
    for migration in [
        include_str!("../../migrations/sqlite/0001_init.sql"),
        include_str!("../../migrations/sqlite/0002_recent.sql"),
        include_str!("../../migrations/sqlite/0003_access.sql"),
    ] {
        connection.execute_batch(migration).unwrap();
    }
    connection.pragma_update(None, "user_version", 3).unwrap();
    connection.execute_batch(&staff::rows_before(|id| format!("x'{id:032x}'"))).unwrap();
    drop(connection);
    let store = SqliteStore::open(folder.path()).unwrap();
    staff::of_an_older_database(&mut *store.reader().unwrap());
}

/// Runs each case one after the other, each on a fresh database of one server.
macro_rules! in_turn {
    ($server:expr, $given:expr, [$($part:ident::$case:ident),* $(,)?]) => {
        $({
            let records = $server.fresh(stringify!($case));
            crate::$part::$case($given(&records));
        })*
    };
}

/// Records and cursors in a real PostgreSQL. One server for all cases: starting one takes seconds.
#[test]
fn postgres() {
    let mut server = postgres::Server::start();
    records_contract!(in_turn, server, postgres::records_of);
    documents_contract!(in_turn, server, postgres::documents_of);
    audit_contract!(in_turn, server, postgres::audit_of);
    cursor_contract!(in_turn, server, postgres::cursors_of);
    server.brings_an_older_database_up_to_date();
    server.opens_again_and_refuses_what_is_newer();
    server.comes_back_after_a_lost_connection();
}
