"""The story in order. A recording that is in no chapter is named, with a reason, in `UNTOLD`."""

from tests.gateways.moodle_fake.story import (
    Step,
    another_mark,
    assignments,
    burn,
    calls,
    identity,
    plugin_definition,
    released_again,
    second_attempts,
    student_account,
    switch,
    unrecorded_user,
    work,
)

ACCESS: list[Step] = [
    1795175224,
    *calls(
        "core_webservice_get_site_info",
        """
        ok ok_http_get ok_limited_user err_bad_token err_malformed_token err_missing_token
        err_missing_wsfunction err_unexpected_param err_no_rest_capability err_suspended_user
        err_ip_restricted
        err_expired_token_first_use err_expired_token_second_use
        """,
    ),
    switch("service_disabled", True),
    *calls("core_webservice_get_site_info", "service_disabled user_not_authorised_for_service"),
    switch("service_disabled", False),
    switch("maintenance_setting", True),
    *calls("core_webservice_get_site_info", "maintenance_mode_db"),
    switch("maintenance_setting", False),
    switch("database_down", True),
    *calls("core_webservice_get_site_info", "database_down"),
    switch("database_down", False),
    switch("maintenance", True),
    *calls("core_webservice_get_site_info", "maintenance_mode_admin_cli_enable cli_maintenance_file"),
    switch("maintenance", False),
    switch("rest_disabled", True),
    *calls("core_webservice_get_site_info", "rest_protocol_disabled webservices_disabled"),
    switch("rest_disabled", False),
    *calls("core_webservice_get_site_info", "no_format_param_returns_xml"),
    "no_such_function__err_unknown_function",
    *calls("core_user_create_users", "err_function_not_in_service"),
    *calls("tool_mobile_call_external_functions", "err_not_in_service"),
    switch("debug", True),
    *calls("core_webservice_get_site_info", "err_no_rest_capability_DEBUG_DEVELOPER"),
    *calls("core_user_create_users", "err_function_not_in_service_DEBUG_DEVELOPER"),
    switch("debug", False),
]

PEOPLE: list[Step] = [
    1795175226,
    identity("email"),
    *calls("core_user_create_users", "ok_single err_duplicate_username err_duplicate_email"),
    *calls("core_user_get_users_by_field", "ok_id"),
    identity("email", "phone1", "idnumber"),
    *calls("core_user_create_users", "ok_batch_19 ok_teachers"),
    *calls(
        "core_user_get_users_by_field",
        """
        ok_id_phone1_in_showuseridentity ok_id_one_unknown ok_idnumber ok_username ok_email_one_unknown
        ok_email_case ok_unknown_user_empty_list no_capability_is_empty_list err_bad_field err_bad_id
        err_username_uppercase
        """,
    ),
    *calls(
        "core_user_create_users",
        """
        ok_arabic_name ok_createpassword err_duplicate_email_other_case err_blank_firstname err_empty_list
        err_invalid_email err_missing_lastname err_no_password err_unknown_key err_uppercase_username
        err_username_bad_chars err_weak_password ok_but_country_name_stored_as_0 err_no_capability
        """,
    ),
    unrecorded_user,
    *calls("core_user_create_users", "ok_auth_oauth2 err_bad_auth err_lang_not_installed html_in_name"),
    switch("debug", True),
    *calls(
        "core_user_create_users",
        """
        err_duplicate_username_DEBUG_DEVELOPER err_duplicate_email_DEBUG_DEVELOPER
        err_missing_keys_DEBUG_DEVELOPER err_uppercase_username_DEBUG_DEVELOPER
        """,
    ),
    switch("debug", False),
    *calls("core_user_get_users_by_field", "ok_user34 html_in_name_readback"),
    *calls(
        "core_user_get_users",
        """
        ok_email_exact ok_email_wildcard ok_idnumber_wildcard ok_none err_empty_criteria
        no_capability_behaviour
        warning_bad_key_returns_all_users
        """,
    ),
    1795175230,
    *calls("core_user_create_users", "err_batch_50_one_duplicate_username"),
    *calls("core_user_get_users_by_field", "ok_after_failed_batch_none_created"),
    *calls("core_user_create_users", "ok_for_delete"),
    *calls("core_user_delete_users", "ok_null err_already_deleted err_batch_one_unknown err_delete_admin"),
    *calls("core_user_delete_users", "err_no_capability"),
    *calls("core_user_get_users_by_field", "ok_deleted_user_still_returned_by_id"),
    *calls(
        "core_user_create_users", "ok_recreate_deleted_username ok_duplicate_idnumber_is_accepted ok_extra3"
    ),
    *calls(
        "core_user_update_users",
        """
        ok batch_one_bad_others_saved warning_unknown_user warning_deleted_user warning_admin
        warning_bad_email
        warning_duplicate_email duplicate_username_behaviour country_not_2_letters_behaviour err_no_capability
        """,
    ),
    *calls("core_user_get_users_by_field", "ok_idnumber_two_hits"),
]

COURSES: list[Step] = [
    1795175226,
    *calls("core_course_create_categories", "ok ok_child err_duplicate_idnumber err_unknown_parent"),
    *calls("core_course_create_categories", "err_no_capability"),
    *calls("core_course_get_categories", "ok_by_idnumber ok_none_found err_bad_key"),
    *calls("core_course_create_courses", "ok ok_minimal"),
    *calls("core_course_get_contents", "ok_empty_course"),
    *calls("core_course_get_courses", "ok ok_all ok_unknown_empty_list"),
    *calls(
        "core_course_create_courses",
        """
        err_duplicate_shortname err_duplicate_idnumber err_batch_second_duplicate err_empty_lang
        err_enddate_before_start err_missing_shortname err_no_capability err_unknown_category
        fullname_260_chars
        """,
    ),
    *calls(
        "core_course_get_courses_by_field",
        """
        ok_by_id ok_by_idnumber ok_by_shortname ok_none_found pg_shortname_case_sensitive
        ok_after_failed_batch_not_there err_bad_field err_ids_one_unknown_php_error_without_errorcode
        """,
    ),
    switch("debug", True),
    *calls("core_course_get_courses_by_field", "err_php_error_DEBUG_DEVELOPER"),
    switch("debug", False),
    *calls("core_course_create_courses", "pg_shortname_other_case_accepted"),
    *calls(
        "core_course_update_courses",
        """
        ok batch_one_bad warning_duplicate_shortname warning_no_capability warning_unknown_course
        ok_clear_idnumber ok_set_idnumber
        """,
    ),
]

ENROLMENT: list[Step] = [
    1795175227,
    *calls(
        "enrol_manual_enrol_users",
        """
        ok_single_null ok_repeat_idempotent_null ok_batch_19 ok_teachers err_batch_one_unknown_user
        err_unknown_user err_unknown_course err_unknown_role err_role_manager_not_assignable err_no_capability
        ok_with_dates ok_suspended
        """,
    ),
    *calls("core_enrol_get_enrolled_users", "ok_onlysuspended"),
    *calls("core_enrol_get_users_courses", "ok unknown_user no_capability_behaviour"),
    *calls("enrol_manual_unenrol_users", "ok_null repeat_behaviour err_unknown_user err_no_capability ok_2"),
    *calls(
        "core_enrol_get_enrolled_users",
        """
        ok_all ok_onlyactive_userfields ok_paged ok_suspended_user_flag err_unknown_course err_no_capability
        err_withcapability_option_needs_role_review
        """,
    ),
    *calls("core_enrol_get_course_enrolment_methods", "ok"),
    *calls("enrol_manual_enrol_users", "max_input_vars_1000_360_enrolments_1080_vars"),
    *calls("core_user_create_users", "max_input_vars_1000_250_users_1250_vars"),
    *calls("core_group_create_groups", "ok err_duplicate_name err_no_capability err_unknown_course"),
    *calls("core_group_add_group_members", "ok_null err_unknown_group err_user_not_enrolled"),
    *calls("core_group_get_course_groups", "ok"),
    *calls("core_group_get_group_members", "ok"),
    *calls("core_role_assign_roles", "ok_null err_role_not_assignable err_unknown_user err_no_capability"),
    *calls("core_role_unassign_roles", "ok_null"),
]

MARKING: list[Step] = [
    1795175316,
    lambda moodle: moodle.site.given.update(course_modules=3 - moodle.site.given["course_modules"]),
    assignments,
    *calls("core_course_get_contents", "ok_with_assignments err_unknown_course"),
    1795175344,
    work,
    student_account,
    *calls(
        "mod_assign_get_assignments",
        """
        ok_includenotenrolled warning_service_user_not_enrolled warning_no_capability warning_unknown_course
        """,
    ),
    *calls("core_course_get_course_module", "ok_scale_items"),
    *calls("core_course_get_course_module_by_instance", "ok"),
    *calls("mod_assign_get_grades", "warning_none_yet warning_unknown_assignment warning_no_capability"),
    *calls("mod_assign_get_user_flags", "warning_none_yet warning_no_capability"),
    *calls(
        "mod_assign_get_submissions",
        "ok_before_grading ok_status_draft ok_since_future unknown_assignment warning_no_capability",
    ),
    *calls("mod_assign_list_participants", "ok ok_onlyids err_unknown_assignment err_no_capability"),
    *calls("mod_assign_get_submission_status", "ok_as_student_before_grading"),
    1795175382,
    *calls(
        "mod_assign_save_grade",
        """
        ok_null_released_01122 ok_null_refer_first_attempt ok_null_rr_first ok_null_addattempt
        ok_null_grade_and_addattempt_at_once ok_null_explicit_zero ok_null_inmarking ok_null_readyforrelease
        ok_null_no_submission ok_null_reopen_not_resubmitted ok_null_minus1_no_grade ok_null_no_feedback
        empty_plugindata_same_on_the_wire missing_plugindata_behaviour grade_over_max_behaviour
        err_boolean_as_word err_grade_not_a_number err_missing_addattempt err_unknown_assignment
        err_no_capability
        """,
    ),
    *calls("mod_assign_get_grades", "ok_attempt0_grade_hidden_after_reopen ok_since_future"),
    *calls("mod_assign_get_submission_status", "ok_reopened_not_resubmitted"),
    1795175424,
    second_attempts,
    *calls("mod_assign_get_submission_status", "ok_attempt1_submitted_ungraded"),
    *[burn(table, 3) for table in ("assign_submission", "assign_grades")],
    *calls("mod_assign_save_grade", "ok_null_rr_second_attempt addattempt_beyond_maxattempts_null_ignored"),
    1795175425,
    *calls("mod_assign_save_grade", "ok_null_pass_second_attempt"),
]

READING: list[Step] = [
    1795175430,
    *calls("mod_assign_get_grades", "ok_after_second_attempts ok_mixed"),
    *calls("mod_assign_get_user_flags", "ok"),
    *calls("mod_assign_get_submissions", "ok_after_grading"),
    *calls("mod_assign_get_participant", "ok"),
    *calls(
        "mod_assign_get_submission_status",
        """
        ok_never_submitted non_participant_behaviour ok_draft_only ok_submitted_ungraded ok_released_01122
        ok_refer_attempt0 ok_explicit_zero ok_inmarking_graded_not_released ok_readyforrelease
        ok_graded_without_submission ok_minus1_inreview ok_reopened ok_rr_attempt1 ok_pass_attempt1
        err_unknown_assignment err_unknown_user err_no_capability
        """,
    ),
    *calls("mod_assign_save_grade", "unknown_workflowstate_null_stored"),
    released_again,
    *calls("mod_assign_get_submission_status", "ok_graded_no_feedback"),
    *calls("mod_assign_list_participants", "ok_onlyids_after_grading"),
    *calls(
        "gradereport_user_get_grade_items",
        """
        ok_01122 ok_not_released ok_one_user ok_all_users err_unknown_course
        err_unknown_user err_no_capability
        """,
    ),
    *calls("core_grades_get_feedback", "ok"),
]

SCALES: list[Step] = [
    1795175474,
    *calls(
        "mod_assign_save_grade",
        """
        scale_ok_null_1_refer scale_ok_null_2_pass scale_ok_null_3_merit scale_ok_null_4_distinction
        scale_zero_behaviour scale_fraction_behaviour scale_over_max_behaviour scale_minus1_behaviour
        """,
    ),
    *calls("gradereport_user_get_grade_items", "ok_scale_refer ok_scale_distinction ok_scale_fraction"),
]

CRITERIA: list[Step] = [
    1795175505,
    *calls("mod_assign_save_grade", "btec_simple_grade_null_stored_as_refer err_btec_advancedgradingdata"),
    *calls(
        "mod_assign_submit_grading_form",
        "btec_ok_all_met btec_ok_merit btec_ok_pass btec_ok_refer_01122 btec_ok_inmarking",
    ),
    *calls("mod_assign_get_submission_status", "ok_btec_merit ok_btec_refer_01122 ok_btec_inmarking"),
    *calls("mod_assign_submit_grading_form", "btec_incomplete_behaviour btec_bad_score_behaviour"),
    *calls(
        "core_grading_get_definitions",
        """
        btec_active no_advanced_grading no_advanced_grading_activeonly err_unknown_cmid warning_no_capability
        """,
    ),
    *calls(
        "core_grading_get_gradingform_instances",
        "btec_no_fillings err_no_capability err_unknown_definition",
    ),
    1795175576,
    *calls("core_grading_save_definitions", "ok_null_rubric_created"),
    *calls("core_grading_get_definitions", "rubric_active"),
    *calls("core_grading_save_definitions", "rubric_repeat_same_definition_behaviour err_no_capability"),
    *calls(
        "core_grading_save_definitions",
        "err_unknown_method err_btec_with_criteria err_btec_without_criteria",
    ),
    switch("debug", True),
    *calls(
        "core_grading_save_definitions",
        "err_btec_with_criteria_DEBUG_DEVELOPER err_btec_without_criteria_DEBUG_DEVELOPER",
    ),
    switch("debug", False),
    lambda moodle: setattr(moodle.site.assignments[4], "method", "rubric"),
    burn("grading_instances", 4),
    1795175578,
    *calls("mod_assign_save_grade", "ok_null_rubric_advancedgradingdata"),
    *calls("mod_assign_get_grades", "ok_rubric"),
    *calls("core_grading_get_gradingform_instances", "rubric_with_fillings"),
    *calls("mod_assign_save_grade", "rubric_unknown_level_behaviour"),
]

GRADEBOOK: list[Step] = [
    1795175600,
    *calls("mod_assign_set_user_flags", "ok unknown_user_accepted ok_release_readyforrelease"),
    *calls("mod_assign_save_grades", "ok_null one_unknown_user_silently_saved"),
    *calls("core_grades_update_grades", "ok_0_existing_item grade_over_max_behaviour"),
    *calls(
        "core_grades_update_grades",
        """
        unknown_student_accepted_0 manual_component_behaviour err_unknown_activity err_unknown_course
        err_no_capability
        """,
    ),
    *calls("core_grades_get_gradeitems", "ok"),
    *calls(
        "core_grades_create_gradecategories",
        """
        ok ok_minimal duplicate_idnumber_behaviour warning_scale_has_no_scaleid err_unknown_course
        err_no_capability
        """,
    ),
    *calls("core_grades_get_grade_tree", "ok"),
    *calls("core_grades_get_gradable_users", "err_gradesneedregrading"),
    *calls(
        "tool_mobile_call_external_functions",
        "ok_with_one_failing behaviour_in_custom_service function_not_in_service_inside_batch",
    ),
]

LATER: list[Step] = [
    1795176024,
    plugin_definition,
    *calls("core_webservice_get_site_info", "ok_while_plugin_upgrade_pending"),
    *calls("core_grading_get_definitions", "btec_created_by_plugin"),
    *calls("core_course_check_updates", "ok"),
    *calls("core_course_get_updates_since", "ok"),
    1795176026,
    another_mark,
    *calls("core_course_get_updates_since", "ok_after_one_grade_change"),
    1795176028,
    *calls("mod_assign_set_user_flags", "unknown_state_accepted"),
    *calls("core_course_get_updates_since", "ok_workflow_change_not_reported"),
    *calls("mod_assign_get_grades", "since_after_workflow_only_change"),
    1795176585,
    *calls("core_user_update_users", "ok_suspend"),
    *calls("core_user_get_users_by_field", "ok_suspended_user"),
    *calls("core_user_update_users", "ok_unsuspend"),
    *calls(
        "core_user_get_users",
        """
        pg_email_backslash pg_email_case_insensitive_like pg_email_underscore_is_wildcard
        pg_lastname_wildcard_case
        """,
    ),
    *calls("core_user_create_users", "firstname_101_chars phone_25_chars"),
    1795177006,
    *calls("mod_assign_save_grade", "ok_null_no_workflow"),
    *calls("mod_assign_get_user_flags", "no_workflow_assignment"),
    *calls("mod_assign_get_submission_status", "ok_no_workflow_graded"),
    *calls(
        "mod_assign_save_grade",
        """
        err_unknown_user_but_rows_written teacher_not_participant_behaviour grade_minus5_behaviour
        grade_over_max_null_but_feedback_saved ok_null_13_restored ok_null_restore_refer
        regrade_attempt0_while_attempt1_latest unknown_attempt_null_creates_attempt
        """,
    ),
]

CHAPTERS: list[Step] = [
    *ACCESS,
    *PEOPLE,
    *COURSES,
    *ENROLMENT,
    *MARKING,
    *READING,
    *SCALES,
    *CRITERIA,
    *GRADEBOOK,
    *LATER,
]

SMALLER_SERVICE = "the recorded service holds functions the fake does not answer"

TOLD_IN_SHAPE = {
    "core_webservice_get_site_info__ok": SMALLER_SERVICE,
    "core_webservice_get_site_info__ok_http_get": SMALLER_SERVICE,
    "core_webservice_get_site_info__ok_limited_user": SMALLER_SERVICE,
    "core_webservice_get_site_info__ok_while_plugin_upgrade_pending": SMALLER_SERVICE,
    "tool_mobile_call_external_functions__behaviour_in_custom_service": SMALLER_SERVICE,
}
"""Recordings whose answers have the same keys and types here, but not the same values, and why."""

FILES = "files go in by Planting.submit; no use of mzi uploads any"
PAGES = "HTML of the grading page, which the gateway does not scrape"
STUDENT = "a student's own doing, which Planting.submit does"
UNUSED = "no use of mzi calls it"

UNTOLD = {
    "core_calendar_create_calendar_events__ok": UNUSED,
    "core_courseformat_create_module__err_assign_not_quick_creatable": UNUSED,
    "core_courseformat_new_module__err_assign_not_quick_creatable": UNUSED,
    "core_files_upload__err_non_draft_area": FILES,
    "core_files_upload__err_other_users_draft": FILES,
    "core_files_upload__ok_service_user_draft": FILES,
    "core_files_upload__ok_student_draft": FILES,
    "core_get_fragment__btec_inmarking": PAGES,
    "core_get_fragment__btec_refer_01122": PAGES,
    "core_get_fragment__points_inmarking_unreleased_feedback": PAGES,
    "core_get_fragment__points_previous_attempt0": PAGES,
    "core_message_send_instant_messages__behaviour": UNUSED,
    "gradingform_rubric_grader_gradingpanel_fetch__behaviour": UNUSED,
    "mod_assign_save_submission__ok_student": STUDENT,
    "mod_assign_submit_for_grading__ok_student": STUDENT,
    "tool_mobile_get_public_config__ok": UNUSED,
}
"""Recordings that are in no chapter, and why."""
