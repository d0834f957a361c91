"""Putting live resources right, and proving by reading that they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_mcal.adapters.aws import native as natives
from deployforge_mcal.adapters.aws import reading
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.models import Model, model
from deployforge_mcal.adapters.aws.session import AwsSession, Unreadable
from deployforge_mcal.adapters.paths import overlap
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import marks
from deployforge_mcal.domain.units import Scope, Target


def correct(session: AwsSession, target: Target, tick: Tick) -> tuple[bool, dict[str, Any]]:
    """Put a target's drifted values back; whether anything had to be, and its live native values.

    Raises ProviderFailure when it is missing, when only a replacement could do it, or when it did not help.
    """
    of = model(target.type)
    live = _present(session, of, target)
    # What cannot be read is put back only where it is asked for by name.
    told = [path for path, _ in marks(target.desired) if path in target.paths]
    paths = [*_wrong(of, target, live), *told]
    if not paths:
        return False, live
    fixed = [p for p in paths if any(p == c or p.startswith(f"{c}.") for c in of.create_only_paths)]
    if fixed:
        said = f"{', '.join(fixed)} cannot be changed on a live resource"
        raise ProviderFailure(Failure("REPLACEMENT_NEEDED", said, "apply a change, or recreate it", target.urn))
    tick(target.urn, "CORRECTING", ", ".join(paths))
    wanted = of.native_of(target.desired)
    names = of.native_names(paths)
    write(session, of, target.physical_id, {n: wanted[n] for n in names if n in wanted}, live, target.urn)
    live = _present(session, of, target)
    if left := _wrong(of, target, live):
        said = f"AWS accepted {', '.join(left)} but it did not change"
        raise ProviderFailure(Failure("NOT_AS_DESIRED", said, None, target.urn))
    tick(target.urn, "CORRECTED", None)
    return True, live


def write(session: AwsSession, of: Model, id: str, native: Mapping[str, Any], live: Mapping[str, Any], urn: str) -> None:
    """Put native properties back, with failures that name the resource."""
    native = session.secrets.filled(dict(native))
    try:
        if of.kind is not None:
            of.kind.write(session, id, native, live)
        else:
            natives.write(session, of, id, native)
    except Exception as error:
        failure = failure_of(error, urn)
        raise failure from error


def _wrong(of: Model, target: Target, live: Mapping[str, Any]) -> list[str]:
    paths = differing(target.desired, of.live(live), of.set_paths)
    if not target.paths:
        return paths
    return [p for p in paths if any(overlap(p, t) for t in target.paths)]


def _present(session: AwsSession, of: Model, target: Target) -> dict[str, Any]:
    found = reading.read(session, of, [target.physical_id])[target.physical_id]
    if found is None:
        said = f"{target.physical_id} does not exist"
        raise ProviderFailure(Failure("NOT_FOUND", said, "it was deleted; recreate it", target.urn))
    if isinstance(found, Unreadable):
        raise ProviderFailure(Failure("NOT_READABLE", found.reason, None, target.urn, retryable=True))
    return dict(found)


def states(
    session: AwsSession, scope: Scope, targets: Sequence[Target]
) -> tuple[list[Target], list[tuple[Target, list[str]]]]:
    """Which targets are missing, and which differ from what is desired, where. Raises ProviderFailure when one that
    should be readable is not: what was not read is not claimed."""
    missing: list[Target] = []
    wrong: list[tuple[Target, list[str]]] = []
    for target, seen in zip(targets, reading.observe(session, scope, targets), strict=True):
        if seen.presence == "MISSING":
            missing.append(target)
        elif seen.presence == "NOT_CHECKED" and model(target.type).kind is not None:
            raise ProviderFailure(Failure("NOT_READABLE", seen.reason, None, target.urn, retryable=True))
        elif seen.presence == "PRESENT":
            paths = differing(target.desired, seen.properties, model(target.type).set_paths)
            if paths:
                wrong.append((target, paths))
    return missing, wrong


def create_named(session: AwsSession, of: Model, name: str, properties: Mapping[str, Any], urn: str, tick: Tick) -> str:
    """Bring a resource with a fixed name back by its service's own API; its physical id."""
    assert of.kind is not None
    tick(urn, "RECREATING", None)
    native = of.kind.canonical(properties)
    native["Tags"] = {t["Key"]: t["Value"] for t in properties.get("Tags", ())}
    try:
        id = of.kind.create(session, name, native)
    except Exception as error:
        failure = failure_of(error, urn)
        raise failure from error
    tick(urn, "RECREATED", None)
    return id
