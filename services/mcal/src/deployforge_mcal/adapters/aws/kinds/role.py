"""Role: AWS::IAM::Role."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import unquote

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, as_list, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.normalise import key, policy
from deployforge_mcal.domain.types.role import ROLE
from deployforge_mcal.domain.units import Scope

#: type that runs as a role → the principal that AWS lets it be by
_PRINCIPALS: Final = {"compute": "ec2.amazonaws.com", "function": "lambda.amazonaws.com"}
_WORDS: Final = {principal: word for word, principal in _PRINCIPALS.items()}


class RoleKind(Kind):
    """What somebody or something may do."""

    model = ROLE
    native_type = "AWS::IAM::Role"
    name_property = "RoleName"
    native_set_paths = ("Policies", "ManagedPolicyArns")
    natives: ClassVar[Mapping[str, str]] = {
        "name": "RoleName", "usedBy": "AssumeRolePolicyDocument", "trust": "AssumeRolePolicyDocument",
        "trustPolicy": "AssumeRolePolicyDocument", "policies": "Policies", "managedPolicies": "ManagedPolicyArns",
        "description": "Description", "maxSession": "MaxSessionDuration", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"usedBy", "trust", "policies", "managedPolicies"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "name": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "usedBy" in values:
            principals = {"service": [_PRINCIPALS[word] for word in values["usedBy"]]}
            native["AssumeRolePolicyDocument"] = _trust_policy(principals)
        if "trust" in values:
            native["AssumeRolePolicyDocument"] = _trust_policy(values["trust"])
        put(values, "managedPolicies", native, "ManagedPolicyArns", list)
        if "policies" in values:
            native["Policies"] = [{"PolicyName": p["name"], "PolicyDocument": p["document"]} for p in values["policies"]]
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind. Trust is given in all three spellings where the short ones can say it."""
        values = super().from_native(native)
        if short := _short_trust(native["AssumeRolePolicyDocument"]):
            values["trust"] = short
            if set(short) == {"service"} and set(short["service"]) <= _WORDS.keys():
                values["usedBy"] = sorted(_WORDS[principal] for principal in short["service"])
        values["managedPolicies"] = sorted(native.get("ManagedPolicyArns", ()))
        values["policies"] = sorted(
            ({"name": p["PolicyName"], "document": p["PolicyDocument"]} for p in native.get("Policies", ())), key=key
        )
        return values

    def canonical(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """Policies canonical."""
        found = super().canonical(native)
        put(native, "AssumeRolePolicyDocument", found, "AssumeRolePolicyDocument", policy)
        if "Policies" in found:
            found["Policies"] = [
                {"PolicyName": p["PolicyName"], "PolicyDocument": policy(p["PolicyDocument"])} for p in found["Policies"]
            ]
        return found

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        role = session.call("iam", "get_role", RoleName=id)["Role"]
        attached = session.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=id)
        names = session.pages("iam", "list_role_policies", "PolicyNames", RoleName=id)
        inline = [session.call("iam", "get_role_policy", RoleName=id, PolicyName=name) for name in sorted(names)]
        native = {
            "RoleName": id,
            "Arn": role["Arn"],
            "Path": role.get("Path", "/"),
            "Description": role.get("Description", ""),
            "MaxSessionDuration": int(role.get("MaxSessionDuration", 3600)),
            "AssumeRolePolicyDocument": _document(role["AssumeRolePolicyDocument"]),
            "ManagedPolicyArns": sorted(p["PolicyArn"] for p in attached),
            "Policies": [{"PolicyName": p["PolicyName"], "PolicyDocument": _document(p["PolicyDocument"])} for p in inline],
            "Tags": role.get("Tags", []),
        }
        put(role.get("PermissionsBoundary", {}), "PermissionsBoundaryArn", native, "PermissionsBoundary")
        return self.canonical(native)

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if "AssumeRolePolicyDocument" in native:
            trust = json.dumps(native["AssumeRolePolicyDocument"])
            session.call("iam", "update_assume_role_policy", RoleName=id, PolicyDocument=trust)
        if "PermissionsBoundary" in native:
            session.call(
                "iam", "put_role_permissions_boundary", RoleName=id, PermissionsBoundary=native["PermissionsBoundary"]
            )
        changed = {k: native[k] for k in ("Description", "MaxSessionDuration") if k in native}
        if changed:
            session.call("iam", "update_role", RoleName=id, **changed)
        if "Policies" in native:
            _inline_policies(session, id, native["Policies"], live.get("Policies", ()))
        if "ManagedPolicyArns" in native:
            there = set(live.get("ManagedPolicyArns", ()))
            for policy_arn in sorted(set(native["ManagedPolicyArns"]) - there):
                session.call("iam", "attach_role_policy", RoleName=id, PolicyArn=policy_arn)
            for policy_arn in sorted(there - set(native["ManagedPolicyArns"])):
                session.call("iam", "detach_role_policy", RoleName=id, PolicyArn=policy_arn)
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("iam", "tag_role", RoleName=id, Tags=as_list(tags))

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        made = {k: native[k] for k in ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary") if k in native}
        trust = json.dumps(native["AssumeRolePolicyDocument"])
        tags = as_list(native.get("Tags", {}))
        session.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust, Tags=tags, **made)
        later = ("Policies", "ManagedPolicyArns")
        self.write(session, name, {k: native[k] for k in later if k in native}, {})
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "name": id, "arn": arn("iam", scope, f"role/{id}", regional=False)}


def _inline_policies(session: AwsSession, id: str, wanted: Any, live: Any) -> None:
    needed = {p["PolicyName"]: p["PolicyDocument"] for p in wanted}
    there = {p["PolicyName"]: p["PolicyDocument"] for p in live}
    for name, document in sorted(needed.items()):
        if key(there.get(name)) != key(document):
            session.call("iam", "put_role_policy", RoleName=id, PolicyName=name, PolicyDocument=json.dumps(document))
    for name in sorted(there.keys() - needed.keys()):
        session.call("iam", "delete_role_policy", RoleName=id, PolicyName=name)


def _document(value: Any) -> Any:
    return json.loads(unquote(value)) if isinstance(value, str) else value


def _trust_policy(trust: Mapping[str, Any]) -> Any:
    principal: dict[str, Any] = {}
    put(trust, "service", principal, "Service", list)
    put(trust, "account", principal, "AWS", lambda who: [_account(a) for a in who])
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}
    return policy({"Version": "2012-10-17", "Statement": [statement]})


def _account(who: str) -> str:
    return who if who.startswith(("arn:", "$")) else f"arn:aws:iam::{who}:root"


def _short_trust(document: Any) -> dict[str, Any]:
    """`trust` of a policy that says nothing else; empty when the policy says more."""
    for statement in document.get("Statement", ()):
        principal = statement.get("Principal")
        if not isinstance(principal, Mapping):
            return {}
        short: dict[str, Any] = {}
        put(principal, "Service", short, "service")
        put(principal, "AWS", short, "account", lambda arns: [_who(a) for a in arns])
        return short if key(_trust_policy(short)) == key(document) else {}
    return {}


def _who(principal: str) -> str:
    prefix, suffix = "arn:aws:iam::", ":root"
    bare = principal.removeprefix(prefix).removesuffix(suffix)
    return bare if principal == f"{prefix}{bare}{suffix}" else principal
