"""The provider author's kit: a pytest plug-in that runs the contract of providers on every fixture that
`deployforge_mcal.testing.stage.provider_stage` decorates. See docs/guide/providers.md.
"""

from typing import Final

SCHEME: Final = "deployforge_provider"
"""Attribute of such a fixture: the name of its provider's entry point."""
