from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_cli.output import plain, problem_lines, word


def test_enums_are_said_as_people_say_them() -> None:
    assert word(common_pb2.Severity, common_pb2.SEVERITY_CRITICAL) == "critical"
    assert word(cp.RequestState, cp.REQUEST_STATE_AWAITING_APPROVAL) == "awaiting approval"
    assert word(plans_pb2.ChangeAction, plans_pb2.CHANGE_ACTION_CREATE) == "create"


def test_bodies_in_json_are_opened_for_programs() -> None:
    change = common_pb2.AttributeChange(path="tags", before_json='{"a":1}', after_json="")
    assert plain(change) == {"path": "tags", "before": {"a": 1}}


def test_a_problem_is_one_line_that_an_editor_can_jump_to() -> None:
    problem = common_pb2.Problem(
        file="m.yaml", line=7, column=3, path="spec.resources[0]", message="unknown field 'typ'",
        expected="one of name, type", hint="did you mean type?",
    )  # fmt: skip
    [line] = problem_lines([problem])
    assert line == (
        "m.yaml:7:3: spec.resources[0]: unknown field 'typ'; expected one of name, type; hint: did you mean type?"
    )
