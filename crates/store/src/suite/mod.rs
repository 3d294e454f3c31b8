//! The behaviour of a store as small cases. An engine's tests call [`suite!`](crate::suite!) with what
//! opens an empty store, and cannot skip a case.

pub mod cases;
mod catching_up;
mod changes;
pub mod everything;
mod fixture;
mod forgetting;
mod hashes;
mod last_seen;
mod mail;
mod past;
mod personal_tokens;
mod revocations;
mod service_tokens;
mod users;

pub use fixture::Fixture;

/// Expands to one test per case. `$open` gives `(Arc<dyn Store>, guard)`: a new, empty store, and what
/// keeps its place alive.
#[macro_export]
macro_rules! suite {
    ($open:expr) => {
        $crate::suite!($open;
            events_are_dense_and_chained,
            events_are_dense_under_concurrent_commits,
            a_refused_command_leaves_its_neighbours,
            each_command_sees_what_those_before_it_did,
            time_never_falls_along_the_ledger,
            an_opened_session_is_loaded_with_its_owner,
            an_ended_session_cannot_be_ended_again,
            an_ended_session_is_not_loaded_before_or_after_the_sweep,
            a_session_that_is_due_can_only_expire,
            the_cap_ends_the_session_not_seen_for_longest,
            deleting_a_user_ends_its_sessions_and_frees_its_names,
            the_last_active_administrator_stays,
            the_first_administrator_is_made_once,
            names_are_unique_ignoring_case,
            failures_block_after_the_last_allowed_one,
            a_success_resets_its_counter_and_not_the_address,
            a_step_up_is_remembered_until_its_session_ends,
            live_counts_follow_the_events,
            addresses_of_ended_sessions_are_loaded_for_a_while,
            counters_that_are_over_are_forgotten,
            no_detail_holds_a_secret,
            observations_are_written,
            a_code_is_good_once_and_the_step_never_falls,
            a_recovery_code_is_good_once_and_goes_when_replaced,
            a_password_is_no_factor_once_one_is_enrolled,
            enrolling_ends_the_other_sessions_and_takes_the_begun_seed_only,
            factors_go_with_their_removal_and_with_their_user,
            a_deactivated_user_signs_in_no_more_and_one_administrator_stays,
            a_new_password_and_an_unlocking_end_all_sessions,
            another_hash_of_the_same_password_ends_nothing_and_replaces_no_other,
            one_hash_of_each_kind_and_cost_is_given,
            another_cluster_key_is_refused,
            users_are_paged_in_every_order,
            a_role_comes_and_goes_and_one_administrator_stays,
            permissions_change_together,
            all_sessions_of_a_user_end_but_one,
            a_changed_user_has_its_new_names_everywhere_and_its_old_ones_are_free,
            names_stay_unique_when_users_change,
            a_change_that_is_refused_changes_nothing,
            a_set_of_roles_is_given_and_taken_one_by_one,
            a_password_set_by_its_user_leaves_the_session_that_it_was_set_on,
            rows_keep_the_latest_of_what_was_seen,
            an_idle_session_ends_by_what_its_row_knows,
            a_personal_token_is_kept_with_its_user_and_removed_once,
            personal_tokens_have_names_of_their_own_and_a_bound,
            personal_tokens_end_when_somebody_else_ends_all_that_a_user_has,
            a_step_up_is_remembered_for_a_personal_token_until_it_ends,
            a_service_token_is_kept_rotated_and_revoked,
            service_tokens_have_names_of_their_own_and_a_bound,
            service_tokens_are_made_by_whoever_still_stands_and_outlive_it,
            a_service_token_keeps_its_latest_use,
            a_mailed_code_is_good_once_and_for_its_time,
            mail_stands_for_the_password_once_it_is_enrolled,
            mail_is_enrolled_with_verified_addresses_only,
            factors_by_mail_go_with_the_others_and_with_their_user,
            the_factor_by_mail_goes_with_the_last_verified_address,
            codes_are_mailed_within_bounds,
            an_address_is_verified_as_long_as_it_is_the_users_and_is_not,
            mails_wait_in_order_until_they_are_settled,
            a_full_queue_takes_no_further_mail_and_hinders_nothing_else,
            what_came_after_an_event_is_given_and_nothing_else,
            when_sessions_were_last_seen_is_given_from_an_instant_on,
            what_is_old_is_forgotten_in_steps_and_the_chain_holds,
            an_erased_user_leaves_numbers_and_the_others_everything,
            a_user_is_found_by_its_names_and_after_its_deletion_too,
            a_frozen_set_is_ended_in_steps_and_leaves_a_receipt,
            a_preview_is_its_makers_and_good_for_its_time_and_its_digest,
            previews_and_receipts_go_when_their_time_is_over,
            an_erased_user_leaves_no_previews_and_receipts,
            the_ledger_is_read_backwards_in_stretches,
            an_ended_session_is_found_by_its_id_before_and_after_the_sweep,
            a_session_has_its_events_from_opening_to_ending,
            sign_ins_are_given_of_live_and_ended_sessions_once_each,
            what_stood_after_an_event_is_given_in_stretches_before_and_after_the_sweep,
            who_had_sessions_is_told_of_deleted_and_erased_users_too,
            users_are_found_by_what_their_names_and_addresses_contain,
            views_are_kept_by_user_and_name_within_a_bound_and_go_with_their_user,
        );
    };
    ($open:expr; $($case:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $case() {
            let (store, _guard) = $open;
            $crate::suite::cases::$case($crate::suite::Fixture::new(store)).await;
        })+
    };
}
