"""Live resources in the vocabulary of their types."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deployforge_mcal.adapters.aws import native as natives
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.models import ADDRESS, Model, model
from deployforge_mcal.adapters.aws.session import AwsSession, Unreadable
from deployforge_mcal.adapters.declarations import UnknownResourceType
from deployforge_mcal.domain.units import Observed, Presence, Scope, Target


def observe(session: AwsSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
    """See CloudProvider.observe."""
    models: dict[str, Model] = {}
    unknown: dict[str, str] = {}
    for type_name in {t.type for t in targets}:
        try:
            models[type_name] = model(type_name)
        except UnknownResourceType as error:
            unknown[type_name] = str(error)
    by_native: dict[str, tuple[Model, list[str]]] = {}
    for target in targets:
        if target.type in models and target.physical_id:
            found = models[target.type]
            by_native.setdefault(found.native_type, (found, []))[1].append(target.physical_id)
    live = _read_all(session, by_native)
    return [_observed(t, models.get(t.type), unknown.get(t.type, ""), live, scope) for t in targets]


def read(session: AwsSession, of: Model, ids: Sequence[str]) -> dict[str, Any]:
    """id → canonical native values, None when missing, Unreadable otherwise. Never raises."""
    try:
        if of.kind is not None:
            return of.kind.read(session, ids)
        return natives.read(session, of, ids)
    except Exception as error:
        reason = str(failure_of(error))
        return {id: Unreadable(reason) for id in ids}


def _read_all(session: AwsSession, wanted: dict[str, tuple[Model, list[str]]]) -> dict[tuple[str, str], Any]:
    if not wanted:
        return {}
    with ThreadPoolExecutor(len(wanted), thread_name_prefix="aws-kinds") as pool:
        answers = pool.map(lambda item: read(session, *item), wanted.values())
        return {(native, id): value for native, answer in zip(wanted, answers, strict=True) for id, value in answer.items()}


def _observed(target: Target, of: Model | None, unknown: str, live: dict[tuple[str, str], Any], scope: Scope) -> Observed:
    if of is None:
        return Observed(target.urn, Presence.NOT_CHECKED, target.physical_id, reason=unknown)
    if not target.physical_id:
        return Observed(target.urn, Presence.NOT_CHECKED, "", reason="its physical id is not known")
    found = live[of.native_type, target.physical_id]
    if found is None:
        return Observed(target.urn, Presence.MISSING, target.physical_id)
    if isinstance(found, Unreadable):
        return Observed(
            target.urn, Presence.NOT_CHECKED, target.physical_id, {},
            attributes(of, target.physical_id, {}, scope), found.reason,
        )  # fmt: skip
    return Observed(
        target.urn, Presence.PRESENT, target.physical_id, of.live(found),
        attributes(of, target.physical_id, found, scope),
    )  # fmt: skip


def attributes_now(session: AwsSession, of: Model, id: str, scope: Scope) -> dict[str, str]:
    """What references resolve to, of a resource that was not read yet; what only a living resource tells is read."""
    told = attributes(of, id, {}, scope)
    if of.kind is None or set(of.kind.attributes) <= told.keys():
        return told
    found = read(session, of, [id])[id]
    return attributes(of, id, found, scope) if isinstance(found, dict) else told


def attributes(of: Model, id: str, native: dict[str, Any], scope: Scope) -> dict[str, str]:
    """What references resolve to."""
    own = {name: str(native[name]) for name in of.schema.read_only if isinstance(native.get(name), str)}
    if of.kind is not None:
        values = of.kind.attribute_values(id, scope)
        values |= of.kind.live_attributes(native)
        values |= {ADDRESS: values["arn"]} if "arn" in values else {}
        spelt = {name: values[ours] for name, ours in of.template_attributes.items() if ours in values}
        return values if of.unified else {**own, **values, **spelt}
    return {**own, "id": id, **({"arn": id} if id.startswith("arn:") else {})}
