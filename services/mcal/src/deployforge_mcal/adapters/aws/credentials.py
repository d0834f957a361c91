"""A credential per purpose: AssumeRole with a session policy cut to the unit's services, actions and resources.

A session policy is an intersection: it can only take away from what the role may do. Source: IAM User Guide, "Session
policies"; how it is made to fit into what IAM takes is in `policies`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from deployforge_mcal.adapters.aws import policies
from deployforge_mcal.adapters.aws.errors import code_of, failure_of
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.kinds.base import partition
from deployforge_mcal.adapters.aws.models import Model, model
from deployforge_mcal.adapters.aws.session import PATIENCE_SECONDS, READ_PATIENCE_SECONDS, AwsSession
from deployforge_mcal.adapters.declarations import UnknownResourceType
from deployforge_mcal.application.pacing import Turns
from deployforge_mcal.application.ports import ProviderFailure, SecretValues, Work
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.units import Scope

_SECONDS: Final = 900
#: STS's words for a policy that is short enough and packs badly. Source: AWS STS API reference, AssumeRole, "Errors".
_PACKED: Final = frozenset({"PackedPolicyTooLarge", "PackedPolicyTooLargeException"})
_STACK_ACTIONS: Final = (
    "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DescribeStacks",
    "DescribeStackEvents", "DescribeEvents", "ListStackResources", "GetTemplate", "DeleteStack", "ContinueUpdateRollback",
)  # fmt: skip
#: service → how its ARNs name what belongs to a stack ({p} partition, {r} region, {a} account, {n} name)
_ARNS: Final[Mapping[str, str]] = {
    "sqs": "arn:{p}:sqs:{r}:{a}:{n}",
    "sns": "arn:{p}:sns:{r}:{a}:{n}",
    "s3": "arn:{p}:s3:::{n}",
    "dynamodb": "arn:{p}:dynamodb:{r}:{a}:table/{n}",
    "iam": "arn:{p}:iam::{a}:role/{n}",
    "lambda": "arn:{p}:lambda:{r}:{a}:function:{n}",
    "logs": "arn:{p}:logs:{r}:{a}:log-group:{n}",
}
#: service → longest name; the others take 255 characters
_NAME_LIMITS: Final[Mapping[str, int]] = {"s3": 63, "iam": 64, "lambda": 64, "sqs": 80}
#: Lists of what there is, which AWS confines to no name.
_LISTS: Final = frozenset({"logs:DescribeLogGroups", "sns:ListSubscriptions"})
#: Services without regions.
_GLOBAL: Final = frozenset({"route53"})
#: What a generated name has beside stack and logical id: two dashes, the suffix, the mark of a recreated resource.
_AFTER_ID: Final = 2 + 13 + 7
_CUT: Final = 24
#: An emulator judges these as if they were about no resource; on AWS they are confined like the others.
_JUDGED_WITHOUT_RESOURCE: Final = frozenset(
    {
        "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
        "sns:ListTagsForResource", "sns:TagResource", "sns:UntagResource", "sns:Unsubscribe",
    }
)  # fmt: skip


def open_session(
    root: Mapping[str, Any], scope: Scope, session_name: str, statements: Sequence[Mapping[str, Any]], *,
    endpoint: str, read_only: bool, hold: Callable[[], None] = lambda: None,
    secrets: SecretValues | None = None, turns: Turns | None = None,
) -> AwsSession:  # fmt: skip
    """A session of 15 minutes with exactly these statements; of one that changes things, see `policies.fitted`. Raises
    ProviderFailure, and TooLong where IAM takes no policy of that length."""
    # A scan comes again in seconds; better that it says "not checked" now than that it waits.
    patience = READ_PATIENCE_SECONDS if read_only else PATIENCE_SECONDS
    bare = root_session(root, scope, session_name, endpoint=endpoint, patience_seconds=patience)
    policy = policies.exact(statements) if read_only else policies.fitted(statements)
    try:
        made = bare.call(
            "sts", "assume_role", RoleArn=root["roleArn"], RoleSessionName=session_name[:64], DurationSeconds=_SECONDS,
            Policy=policies.written(policy),
        )["Credentials"]  # fmt: skip
    except Exception as error:
        failure = failure_of(error)
        if code_of(error) in _PACKED:
            # Whoever reads can do with half of it; an operation cannot, and is given nothing wider that packs better.
            raise policies.TooLong(failure.failure.message) from error
        raise failure from error
    actions = sorted({a for s in policy["Statement"] for a in s["Action"]})
    resources = sorted({r for s in policy["Statement"] for r in s["Resource"]})
    grant = Grant(scope.credential_ref, session_name[:64], tuple(actions), tuple(resources), read_only, made["Expiration"])
    return AwsSession(
        grant, made, scope.location, endpoint, patience_seconds=patience, hold=hold, secrets=secrets, turns=turns
    )


def root_session(
    root: Mapping[str, Any], scope: Scope, name: str, *, endpoint: str, patience_seconds: float = READ_PATIENCE_SECONDS
) -> AwsSession:
    """What a root credential is by itself, good for asking who it is and for assuming its role. Raises ProviderFailure."""
    missing = [field for field in ("accessKeyId", "secretAccessKey", "roleArn") if not root.get(field)]
    if missing:
        raise ProviderFailure(
            Failure("CREDENTIAL_INCOMPLETE", f"credential {scope.credential_ref} lacks {', '.join(missing)}")
        )
    return AwsSession(
        Grant(scope.credential_ref, name, (), (), True, datetime.now(UTC)),
        {"AccessKeyId": root["accessKeyId"], "SecretAccessKey": root["secretAccessKey"]}, scope.location, endpoint,
        patience_seconds=patience_seconds,
    )  # fmt: skip


def operation_statements(work: Work, *, emulated: bool = False) -> list[dict[str, Any]]:
    """What one operation may do."""
    types = {r.type for u in (work.unit, work.previous) if u is not None for r in u.resources}
    models = list(map(model, sorted(types | {t.type for t in work.targets})))
    at = {"p": partition(work.scope.location), "r": work.scope.location, "a": work.scope.account}
    stack = "arn:{p}:cloudformation:{r}:{a}:stack/{n}/*".format(**at, n=work.unit_name)
    statements = [
        _allow([f"cloudformation:{name}" for name in _STACK_ACTIONS], [stack]),
        _allow(["cloudformation:ListStacks"], ["*"]),
    ]
    names = _names(work)
    by_service = _by_service(models, "create", "read", "update", "delete")
    loose = _LISTS | (_JUDGED_WITHOUT_RESOURCE if emulated else frozenset())
    if unbound := sorted(a for actions in by_service.values() for a in actions if a in loose):
        statements.append(_allow(unbound, ["*"]))
    regional: list[str] = []
    for service, actions in by_service.items():
        actions = [a for a in actions if a not in loose]
        if service in _ARNS:
            named = sorted({*names, _generated(work, service), *(_elsewise(work, service) if emulated else ())})
            statements.append(_allow(actions, [_ARNS[service].format(**at, n=n) for n in named]))
        elif service in _GLOBAL:
            statements.append(_allow(actions, ["*"]))
        else:
            regional += actions
    if regional:
        # Identifiers of the others are known only once they exist; the region still confines them.
        here = {"StringEquals": {"aws:RequestedRegion": work.scope.location}}
        statements.append({**_allow(regional, ["*"]), "Condition": here})
    statements += _elsewhere(work, at)
    if any(m.kind is None for m in models):
        statements.append(_allow(["cloudformation:GetResource", "cloudformation:UpdateResource"], ["*"]))
    return statements


def whole_need(scope: Scope, unit_name: str) -> dict[str, dict[str, list[str]]]:
    """What operations of every kind may ever need of the role: ARN → type → actions; `*` where there is no narrower one.
    An empty type is every unit's own need."""
    at = {"p": partition(scope.location), "r": scope.location, "a": scope.account}
    stack = "arn:{p}:cloudformation:{r}:{a}:stack/{n}/*".format(**at, n=unit_name)
    found: dict[str, dict[str, list[str]]] = {stack: {"": [f"cloudformation:{name}" for name in _STACK_ACTIONS]}}
    for type in sorted(KINDS):
        for service, actions in _by_service([model(type)], "create", "read", "update", "delete", "list").items():
            arn = _ARNS.get(service, "*").format(**at, n=f"{unit_name}-x")
            for where, some in ((arn, [a for a in actions if a not in _LISTS]), ("*", [a for a in actions if a in _LISTS])):
                found.setdefault(where, {}).setdefault(type, []).extend(some)
    return found


def _elsewise(work: Work, service: str) -> list[str]:
    """Names that an emulator generates otherwise than AWS."""
    return [f"/aws/cloudformation/{work.unit_name}/*"] if service == "logs" else []


def _elsewhere(work: Work, at: Mapping[str, str]) -> list[dict[str, Any]]:
    """What resources of the unit need of services that are not their own."""
    found: dict[str, dict[str, Any]] = {}
    for entry in work.unit.template["Resources"].values() if work.unit is not None else ():
        kind = model("aws/" + entry["Type"]).kind
        for statement in kind.statements(entry["Properties"], at) if kind is not None else ():
            found[json.dumps(statement, sort_keys=True)] = statement
    return list(found.values())


def read_statements(types: Iterable[str]) -> list[dict[str, Any]]:
    """What reading resources of these types needs, and nothing that changes anything or opens data."""
    models: list[Model] = []
    for name in sorted(set(types)):
        try:
            models.append(model(name))
        except UnknownResourceType:
            continue
    actions = [a for some in _by_service(models, "read", "list").values() for a in some]
    actions = [a for a in actions if a.partition(":")[2].startswith(("Get", "List", "Describe", "Head"))]
    return [_allow(sorted({*actions, "cloudformation:GetResource"}), ["*"])]


def _names(work: Work) -> list[str]:
    """Names that resources of the unit have beside those that CloudFormation generates."""
    found: set[str] = set()
    for unit in (work.unit, work.previous):
        if unit is None:
            continue
        for entry in unit.template["Resources"].values():
            fixed = model("aws/" + entry["Type"]).schema.create_only
            names = (n for n in entry["Properties"] if n.endswith("Name") and n in fixed)
            found.update(v for v in map(entry["Properties"].get, names) if isinstance(v, str))
    for target in work.targets:
        kind = model(target.type).kind
        if kind is not None and kind.name_property:
            found.add(kind.physical_name(target.physical_id))
    for urn, id in work.adopt.items():
        for r in work.unit.resources if work.unit is not None else ():
            kind = model(r.type).kind
            if r.urn == urn and kind is not None:
                found.add(kind.physical_name(id))
    return sorted(n for n in found if n and not n.lower().startswith(f"{work.unit_name}-".lower()))


def _generated(work: Work, service: str) -> str:
    """The pattern of generated names: stack, logical id, suffix; where that grows too long, AWS cuts the stack's
    name to its first 24 characters."""
    name = work.unit_name.lower() if service == "s3" else work.unit_name
    units = [u for u in (work.unit, work.previous) if u is not None]
    longest = max((len(logical) for u in units for logical in u.template["Resources"]), default=0) + _AFTER_ID
    fits = len(name) + longest <= _NAME_LIMITS.get(service, 255)
    return f"{name}-*" if fits else f"{name[:_CUT]}*"


def _by_service(models: Iterable[Model], *handlers: str) -> dict[str, list[str]]:
    """Actions by service. Handlers also list what integrations with other services (keys, streams, logs) would
    need; those are not ours to give, so each type brings the actions of its own service only."""
    found: dict[str, set[str]] = {}
    for one in models:
        extra = one.kind.extra_actions if one.kind is not None else ()
        actions = [*one.schema.permissions(*handlers), *extra]
        if not actions:
            continue
        counts = Counter(action.partition(":")[0] for action in one.schema.permissions("create", "read", "delete"))
        own = counts.most_common(1)[0][0] if counts else actions[0].partition(":")[0]
        found.setdefault(own, set()).update(a for a in actions if a.startswith(f"{own}:") and not a.endswith(policies.DATA))
    return {service: sorted(actions) for service, actions in sorted(found.items())}


def _allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
