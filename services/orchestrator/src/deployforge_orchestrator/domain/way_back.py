"""How what an execution did is taken back."""

import json
from collections.abc import Sequence
from dataclasses import replace

from deployforge_chassis import canonical

from deployforge_orchestrator.domain.outcomes import COMPLETED, FAILED, SKIPPED, StepState
from deployforge_orchestrator.domain.references import escaped
from deployforge_orchestrator.domain.steps import APPLY, DESTROY, FIX, StepPlan, Target


def way_back(steps: Sequence[StepState]) -> list[StepPlan]:
    """Steps that take back what was done; `steps` in the order in which they ended, which is undone backwards.

    A unit that was there before gets its previous template and inputs; a new one is destroyed; corrected values
    become what they were. A failed step counts unless the cloud layer says that it was restored, and so does one
    that was given up while it waited for another attempt.
    """
    done = [s for s in steps if s.state == COMPLETED or (s.state in (FAILED, SKIPPED) and not s.restored)]
    done.reverse()
    back: list[StepPlan] = []
    seen: set[str] = set()
    for step in done:
        plan, unit = step.plan, step.plan.unit.unit_id
        if plan.verb == FIX:
            if step.state == COMPLETED and all(t.before_json for t in plan.targets):
                targets = tuple(
                    replace(t, desired_json=canonical.dumps(escaped(json.loads(t.before_json)))) for t in plan.targets
                )
                back.append(_undo(plan, FIX, back, targets=targets))
        elif unit not in seen:
            seen.add(unit)
            verb = APPLY if plan.previous_template else DESTROY
            back.append(_undo(plan, verb, back, template_digest=plan.previous_template))
    return back


def _undo(
    plan: StepPlan, verb: str, before: Sequence[StepPlan], *, template_digest: str | None = None,
    targets: tuple[Target, ...] = (),
) -> StepPlan:  # fmt: skip
    return StepPlan(
        step_id=f"rollback:{verb}:{plan.unit.unit_id}",
        verb=verb,
        unit=plan.unit,
        depends_on=(before[-1].step_id,) if before else (),
        template_digest=template_digest,
        targets=targets,
        previous_template=plan.previous_template,
        previous_inputs=plan.previous_inputs,
    )
