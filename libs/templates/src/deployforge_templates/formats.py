"""The formats that can be imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_templates.arm import template as arm
from deployforge_templates.cloudformation import template as cloudformation
from deployforge_templates.imported import Given, Imported
from deployforge_templates.sources import Source


@dataclass(frozen=True)
class Format:
    """`load` reads a source; `provider` is the block that a manifest gets that has none."""

    title: str
    alias: str
    provider: Mapping[str, Any]
    load: Callable[[Source, Given], Imported]

    @property
    def provider_type(self) -> str:
        """The type of provider that its resources belong to."""
        return str(self.provider["type"])


def _cloudformation(source: Source, given: Given) -> Imported:
    return cloudformation.load(source.data(), given, source.shown)


def _arm(source: Source, given: Given) -> Imported:
    return arm.load(source.data(), given, source.shown)


def _deployment_manager(source: Source, given: Given) -> Imported:
    # As above: who has no such configuration does not wait for the reader of its templates.
    from deployforge_templates.deployment_manager import config

    return config.load(source, given)


def _terraform(source: Source, given: Given) -> Imported:
    # A grammar is built when the reader of HCL is imported: who has no module does not wait for it.
    from deployforge_templates.terraform import module

    return module.load(source, given)


FORMATS: Final[Mapping[str, Format]] = {
    "cloudformation": Format(
        "CloudFormation", "aws",
        {"type": "aws", "region": "eu-west-1", "account": "000000000000", "credentialRef": "aws-local"},
        _cloudformation,
    ),
    "arm": Format(
        "Azure Resource Manager", "azure",
        {"type": "azure", "location": "westeurope", "subscription": "00000000-0000-0000-0000-000000000000",
         "resourceGroup": "local", "credentialRef": "azure-local"},
        _arm,
    ),
    "deployment-manager": Format(
        "Deployment Manager", "tf", {"type": "terraform", "credentialRef": "tf-local"}, _deployment_manager,
    ),
    "terraform": Format(
        "Terraform", "tf", {"type": "terraform", "credentialRef": "tf-local"}, _terraform,
    ),
}  # fmt: skip
