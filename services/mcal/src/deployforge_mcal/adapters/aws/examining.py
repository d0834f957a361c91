"""What a root credential is, and what its role lacks: asked of STS, then simulated by IAM, changing nothing.

Source: IAM API reference, SimulatePrincipalPolicy: it counts identity policies and permission boundaries in, and
policies of resources and of the organisation only in part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from deployforge_mcal.adapters.aws import credentials
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.credentials import Examined, Lacking, needs
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Scope

_SIMULATE: Final = "iam:SimulatePrincipalPolicy"
_SESSION: Final = "df-test"
#: Where the role is asked about when no deployment says it; a region that every account has.
_REGION: Final = "us-east-1"
_UNIT: Final = "df-test-test-aws-0-0"
_AT_ONCE: Final = 100


def examine(root: Mapping[str, Any], scopes: Sequence[Scope], *, endpoint: str) -> Examined:
    """See ExaminesCredentials."""
    ref = scopes[0].credential_ref if scopes else "under test"
    bare = credentials.root_session(root, Scope("aws", "", _REGION, ref), _SESSION, endpoint=endpoint)
    try:
        identity = str(bare.call("sts", "get_caller_identity")["Arn"])
    except Exception as error:
        raise failure_of(error) from error
    account = _account(root["roleArn"])
    notes = [
        f"deployments are for account {other}, but the role is of {account}: they would end up there"
        for other in sorted({s.account for s in scopes if s.account} - {account})
    ]
    checked, lacking = 0, list[Lacking]()
    for region in sorted({s.location for s in scopes if s.location}) or [_REGION]:
        scope = Scope("aws", account, region, ref)
        asked, found, note = _simulated(root, scope, endpoint)
        checked += asked
        lacking += [one for one in found if one not in lacking]
        notes += [note] if note else []
    return Examined(f"{identity}, which assumes {root['roleArn']}", checked, tuple(lacking), tuple(notes))


def _simulated(root: Mapping[str, Any], scope: Scope, endpoint: str) -> tuple[int, list[Lacking], str]:
    """How many permissions were asked about, those that are lacking, and what could not be asked."""
    # An emulator judges this call as if it were about no resource.
    about = "*" if endpoint else root["roleArn"]
    statement = {"Effect": "Allow", "Action": [_SIMULATE], "Resource": [about]}
    session = credentials.open_session(root, scope, _SESSION, [statement], endpoint=endpoint, read_only=True)
    need = credentials.whole_need(scope, _UNIT)
    asked, lacking = 0, list[Lacking]()
    try:
        for arn, by_type in need.items():
            needed_by = needs({type or "every unit": actions for type, actions in by_type.items()})
            denied = list(_denied(session, root["roleArn"], list(needed_by), arn))
            lacking += [Lacking(action, arn, needed_by[action]) for action in denied]
            asked += len(needed_by)
    except Exception as error:
        if failure_of(error).failure.code != "ACCESS_DENIED":
            raise failure_of(error) from error
        return _tried(root, scope, endpoint)
    return asked, lacking, f"simulated in {scope.location} for a unit called {_UNIT}"


def _denied(session: AwsSession, role: str, actions: Sequence[str], arn: str) -> Iterator[str]:
    for start in range(0, len(actions), _AT_ONCE):
        results = session.pages(
            "iam", "simulate_principal_policy", "EvaluationResults",
            PolicySourceArn=role, ActionNames=actions[start : start + _AT_ONCE], ResourceArns=[arn],
        )  # fmt: skip
        yield from (one["EvalActionName"] for one in results if one["EvalDecision"] != "allowed")


def _tried(root: Mapping[str, Any], scope: Scope, endpoint: str) -> tuple[int, list[Lacking], str]:
    """Where the role may not ask what it may do, what only reads is tried."""
    listed = [type for type, kind in KINDS.items() if kind.listing is not None]
    statements = credentials.read_statements(listed)
    session = credentials.open_session(root, scope, _SESSION, statements, endpoint=endpoint, read_only=True)
    lacking = [Lacking(_SIMULATE, root["roleArn"], ("credentials test",)), *_unlisted(session, listed)]
    note = f"the role may not simulate what it may do ({_SIMULATE}): in {scope.location} only listings were tried"
    return len(listed) + 1, lacking, note


def _unlisted(session: AwsSession, types: Iterable[str]) -> Iterator[Lacking]:
    for type in types:
        try:
            KINDS[type].list_ids(session)
        except Exception as error:
            failure = failure_of(error).failure
            if failure.code != "ACCESS_DENIED":
                raise ProviderFailure(replace(failure, message=f"{type}: {failure.message}")) from error
            yield Lacking(f"listing: {failure.message}", session.region, (type,))


def _account(role: str) -> str:
    parts = role.split(":")
    if len(parts) < 6 or parts[2] != "iam":
        hint = "arn:aws:iam::<account>:role/<name>"
        raise ProviderFailure(Failure("CREDENTIAL_INCOMPLETE", f"{role} is not the ARN of a role", hint))
    return parts[4]
