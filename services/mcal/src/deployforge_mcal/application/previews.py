"""Asking a cloud what it would do to a unit."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from deployforge_chassis.facts import Effects

from deployforge_mcal.application.mcal import SYSTEM, Mcal
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.hints import hinted
from deployforge_mcal.domain.operation import IssuedCredential
from deployforge_mcal.domain.units import Change, Scope


class Previews:
    """Each with a credential of its own, whose issue is a fact before it is used."""

    def __init__(self, app: Mcal) -> None:
        self._app = app

    def of(
        self, scope: Scope, deployment_id: str, unit_id: str, unit_name: str, digest: str, inputs: Mapping[str, str]
    ) -> list[Change]:
        """What applying a compiled unit would change. Raises ProviderFailure, CredentialUnknown, UnknownProvider, and
        BodyNotFound for a unit that was not compiled here."""
        provider = self._app.provider(scope.provider_type)
        root = self._app.vault.get(scope.credential_ref)
        before = self._app.unit(UUID(deployment_id), unit_id).template_digest
        use = self._app.secrets.use(deployment_id, scope)
        work = Work(
            str(uuid4()), scope, deployment_id, unit_name, self._app.compiled(digest), inputs,
            self._app.compiled(before) if before else None, secrets=use,
        )  # fmt: skip
        try:
            session = provider.open(root, work)
            issued = IssuedCredential(
                deployment_id=SYSTEM, namespace="", name="", operation_id="preview", grant=session.grant
            )
            self._app.commit(Effects((issued,)))
            return provider.preview(session, work)
        except ProviderFailure as failed:
            failure = use.failure(hinted(failed.failure))
        raise ProviderFailure(failure)
