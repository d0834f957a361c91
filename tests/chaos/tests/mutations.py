"""Bad histories: each a good one with a single thing wrong, and the invariant that must notice it."""

from tests.chaos.tests import mutations_inside as inside
from tests.chaos.tests import mutations_outside as outside
from tests.chaos.tests.mutating import Mutation

BAD: dict[str, tuple[Mutation, ...]] = {
    "effected-once": (inside.an_approval_of_somebody_else, inside.two_executions_of_one_request, inside.two_versions_of_one_execution),
    "gapless-streams": (inside.a_version_is_missing, inside.a_version_is_there_twice),
    "published": (
        inside.a_message_is_missing, inside.a_fact_was_never_published, inside.a_message_names_another_before_it,
        inside.a_message_is_repeated_with_other_content, inside.a_message_in_another_partition,
        inside.a_watermark_runs_ahead,
    ),
    "one-leader": (inside.an_old_leader_publishes,),
    "newest-upsert": (inside.an_old_version_is_upserted_last,),
    "order-per-key": (inside.a_position_went_back, inside.two_facts_were_applied_in_the_wrong_order),
    "nothing-lost": (
        inside.a_fact_had_no_effect, inside.a_fact_took_effect_twice, inside.an_applied_fact_is_parked, inside.a_parked_fact_was_never_published,
        inside.a_position_beyond_everything,
    ),
    "one-create-per-token": (outside.made_twice_under_one_token, outside.a_step_changed_the_cloud_under_two_tokens),
    "no-orphan": (outside.a_thing_that_nobody_knows, outside.a_recorded_thing_is_gone),
    "one-at-a-time": (
        outside.two_executions_in_one_lane, outside.a_unit_is_taken_by_two, outside.a_generation_stands_still, outside.two_operations_in_one_stack,
    ),
    "audited-once": (
        outside.a_call_is_audited_twice, outside.a_refusal_is_not_audited, outside.an_audit_record_of_nothing, outside.an_audit_record_was_taken_out,
        outside.a_change_of_the_cloud_without_a_credential,
    ),
    "rebuilt-alike": (outside.a_read_model_differs_after_the_rebuild, outside.nothing_was_rebuilt),
    "all-ended": (outside.a_request_hangs, outside.work_is_left, outside.a_consumer_lags, outside.it_took_too_long),
    "faults-fired": (outside.a_fault_never_fired, outside.a_fault_without_evidence),
}  # fmt: skip
"""Invariant → mutations that it alone must notice."""
