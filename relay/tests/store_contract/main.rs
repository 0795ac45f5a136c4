//! The contract of every store: one suite, called for each database. A new database adds one line at the end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod append;
mod block;
mod condition;
mod fixture;
mod people;
mod query;

/// One test for each case of the suite, each on a fresh store.
macro_rules! contract {
    ($backend:ident, $fresh:expr, [$($part:ident::$case:ident),* $(,)?]) => {
        mod $backend {
            $(
                #[test]
                fn $case() {
                    // The second value keeps the store's folder, when it has one.
                    let (store, _folder) = $fresh;
                    crate::$part::$case(&store);
                }
            )*
        }
    };
}

macro_rules! for_every_case {
    ($backend:ident, $fresh:expr) => {
        contract!(
            $backend,
            $fresh,
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
                block::blocks_are_kept_undone_and_forgotten_when_they_have_ended,
                block::a_key_is_made_once,
                block::who_is_set_aside_and_returns_keeps_the_turn_and_the_row_says_all_of_it,
                condition::only_the_owner_and_only_on_its_site_opens,
                condition::a_stranger_is_told_that_nothing_is_there,
                condition::an_ended_conversation_takes_ratings_views_and_notes_only,
                condition::only_who_waits_leaves_the_line,
                condition::of_two_who_assign_one_is_told_that_it_moved,
                condition::capacity_counts_open_conversations_only,
                condition::a_file_is_named_only_where_and_by_whom_it_was_brought,
                query::pages_follow_without_gap,
                query::a_page_of_long_texts_ends_early_but_never_empty,
                query::what_is_not_there_is_not_found,
                query::closed_conversations_come_newest_first_and_page_by_time,
                query::rows_of_one_moment_are_not_torn_apart,
                query::more_endings_of_one_moment_than_a_page_holds_are_all_found,
                query::a_visitors_conversations_come_newest_first,
                query::open_conversations_are_the_fold_of_their_events,
                people::sites_are_put_and_replaced,
                people::a_site_goes_with_its_visitors_or_stays_behind_its_conversations,
                people::agents_have_one_mail_address_each,
                people::sessions_are_kept_touched_and_revoked,
                people::browsers_are_known_to_one_account_and_the_oldest_go,
                people::visitors_are_known_by_their_token,
                people::a_repeated_upload_is_one_file,
                people::records_of_files_are_read_page_by_page,
                people::a_file_without_a_record_is_told_unless_it_is_older_than_all,
                people::what_files_take_is_counted_for_visitor_and_site,
                people::orphans_are_files_that_no_message_names,
            ]
        );
    };
}

for_every_case!(memory, (relay::store::memory::MemoryStore::new(), ()));

for_every_case!(sqlite, {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = relay::store::sqlite::SqliteStore::open(folder.path()).expect("a fresh store");
    (store, folder)
});

// The same where every event is moved to its place by the next commit.
for_every_case!(sqlite_moving, {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = relay::store::sqlite::SqliteStore::open(folder.path()).expect("a fresh store");
    store.limit_recent(0);
    (store, folder)
});
