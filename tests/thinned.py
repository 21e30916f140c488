"""Generated tests of which only some cases run by default: every n-th. `-m slow` runs the others.

They are the slowest families of tests, and their cases are alike: each model, environment or moment takes a
process of its own, or many profiles. A new family that takes more than some ten seconds belongs here.
"""

from collections import Counter
from collections.abc import Iterable

import pytest

EVERY = {
    "analysis/test_memory_of_modules.py": {
        "test_formulas_come_to_what_a_run_on_numbers_holds": 2,
    },
    "cli/test_environments.py": {
        "test_a_full_disk_exits_with_2_and_one_line": 2,
        "test_a_refusal_is_one_with_closed_streams_too": 3,
        "test_closed_streams_are_no_error": 3,
        "test_every_command_answers": 3,
    },
    "cli/test_hints.py": {
        "test_an_option_from_elsewhere_gets_a_way_out": 2,
    },
    "cli/test_hostile_arguments.py": {
        "test_no_command_prints_a_name_that_hides_or_moves_anything": 2,
        "test_nor_do_a_check_and_what_ci_reads_of_it": 3,
        "test_nor_does_what_is_said_of_a_wrong_argument": 2,
    },
    "cli/test_misbehaving_models.py": {
        "test_a_model_that_never_ends_is_ended_and_named": 3,
        "test_a_model_that_replaces_what_convcost_calls_ends_in_no_traceback": 3,
        "test_a_neighbour_is_not_taken_for_an_optional_package": 3,
        "test_what_is_no_ordinary_exception_is_told_like_one": 3,
    },
    "cli/test_one_verdict.py": {
        "test_a_design_and_the_module_it_stands_for_get_one_verdict_everywhere": 4,
        "test_a_module_gets_one_verdict_everywhere": 2,
    },
    "cli/test_signals.py": {
        "test_an_interrupt_at_any_moment_ends_it_quietly": 4,
        "test_an_interrupt_is_not_swallowed_by": 2,
    },
    "cli/test_supervised.py": {
        "test_a_model_that_does_odd_things_and_returns_has_one_result": 5,
        "test_a_model_that_ends_the_command_is_told": 2,
        "test_no_file_of_the_working_folder_is_taken_for_an_installed_module": 3,
        "test_wherever_a_model_ends_a_command_it_fails": 6,
    },
    "counters/test_peers.py": {
        "test_every_difference_is_explained": 6,
    },
    "gate/test_gate_every_key.py": {
        "test_a_configuration_is_read_or_refused_whatever_a_key_has": 2,
    },
    "gate/test_gate_model_runs.py": {
        "test_a_model_that_ends_its_process_is_named_and_those_before_and_after_are_judged": 2,
        "test_a_model_that_takes_too_long_is_ended_and_named": 3,
    },
    "render/test_hostile_names.py": {
        "test_html_has_the_name_as_text": 2,
        "test_markdown_has_the_name_as_text": 6,
        "test_no_character_hides_or_moves_what_is_around_it": 3,
    },
    "render/test_page_in_browser.py": {
        "test_every_text_stands_out_from_what_is_behind_it": 2,
        "test_it_asks_for_nothing_complains_of_nothing_and_never_scrolls_sideways": 2,
        "test_nothing_is_cut_off_at_the_side_but_what_can_be_scrolled": 2,
    },
    "search/test_duckdb.py": {
        "test_all_rows_are_the_same_in_the_same_order": 2,
        "test_layers_are_the_same_on_grids_of_their_sizes": 2,
        "test_the_first_rows_are_the_same": 2,
        "test_the_pareto_front_is_the_same": 2,
    },
    "search/test_one_size.py": {
        "test_one_size_is_matched_as_by_trying_every_size": 2,
    },
    "search/test_spark.py": {
        "test_the_first_rows_are_the_same": 2,
        "test_the_pareto_front_is_the_same": 2,
    },
    "symbolic/test_lower_envelope.py": {
        "test_generated_designs_have_the_envelope_of_their_plain_numbers": 2,
    },
    "tracing/huggingface/test_published_models.py": {
        "test_a_model_has_as_many_parameters_as_published": 4,
    },
    "tracing/test_concurrent.py": {
        "test_another_thread_trains_its_own_model_as_if_it_were_alone": 3,
        "test_another_thread_that_uses_the_model_sees_nothing_of_a_profile": 3,
        "test_a_child_of_a_process_that_profiles_can_profile": 2,
    },
    "tracing/test_hostile_modules.py": {
        "test_nothing_is_changed": 6,
    },
    "tracing/test_interrupts.py": {
        "test_an_interrupt_leaves_nothing_changed": 3,
    },
    "tracing/test_never_silent.py": {
        "test_a_model_of_random_pieces_is_counted_or_named": 2,
        "test_a_piece_of_each_kind_is_counted_or_named": 6,
        "test_a_piece_whose_gradients_are_asked_for_is_counted_or_named": 6,
    },
    "tracing/test_open_bounds.py": {
        "test_a_size_stays_open_up_to_the_end_of_a_table": 2,
    },
    "tracing/test_open_untouched.py": {
        "test_the_default_device_of_the_user_matters_to_no_formula": 2,
    },
    "tracing/test_repeated_calls.py": {
        "test_the_report_is_the_same": 6,
    },
    "tracing/test_snapshots.py": {
        "test_what_a_real_run_changes_is_seen": 2,
    },
}
"""By file in this folder and function, the n of its n-th cases."""


def mark_thinned(items: Iterable[pytest.Item]) -> None:
    """Mark all but every n-th case of these tests as slow."""
    found = Counter[str]()
    for item in items:
        place = item.nodeid.partition("[")[0].removeprefix("tests/")
        file, _, function = place.partition("::")
        if every := EVERY.get(file, {}).get(function):
            if found[place] % every:
                item.add_marker(pytest.mark.slow)
            found[place] += 1
