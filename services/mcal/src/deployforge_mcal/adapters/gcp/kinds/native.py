"""The native escape hatch: `gcp/google_pubsub_subscription`, declared with the arguments that Terraform has.

Only types whose REST is known (`natives`) can be declared: what cannot be read cannot be watched. The arguments that make
its name may be left out: project and place are the provider's, and the name is made. What Terraform takes, it says when it
is asked: there is no schema here that an argument could be checked against.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed, identity
from deployforge_mcal.adapters.gcp.kinds.base import Kind, named, own_labels
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType, snake
from deployforge_mcal.adapters.gcp.placing import Place, relative, short
from deployforge_mcal.domain import references

#: Arguments of names that are the provider's to say.
_PLACED: Final = ("project", "location", "region", "zone")
#: Terraform's own way to hold what a type of ours holds by REST: a secret would be in its state.
_UNSAFE: Final = frozenset({"google_sql_database_instance", "google_secret_manager_secret"})
_BLANK: Final = re.compile(r"\{(\w+)\}")


def declarable() -> tuple[str, ...]:
    """Terraform's types that can be declared by themselves."""
    return tuple(sorted(name for name, of in GOOGLE.items() if name not in _UNSAFE and of.apart))


class NativeKind(Kind):
    """One type of Terraform's, in its own words."""

    fields: ClassVar[Mapping[str, Field]] = {}
    native = True

    def __init__(self, google: str) -> None:
        self.google = google  # type: ignore[misc]

    @property
    def of(self) -> GoogleType:
        """See Kind: what is declared has Terraform's names and shape already."""
        return replace(GOOGLE[self.google], shaped=identity, respelt={}, always={})

    @property
    def naming(self) -> tuple[str, ...]:
        """The arguments that make the name, the last of which can be made."""
        return tuple(word for word in _BLANK.findall(self.of.path) if word != "domain")

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        for word in self.naming:
            if word not in _PLACED and word != self._made and not isinstance(values.get(word), str):
                yield word, f"{word} of {self.google} is required", "a text"

    @property
    def _made(self) -> str:
        own = [word for word in self.naming if word not in _PLACED]
        return own[-1]

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """See Kind."""
        known = {
            "project": place.project,
            "location": place.location,
            "region": place.location,
            "zone": f"{place.location}-b",
        }
        given = {word: str(values[word]) for word in self.naming if values.get(word) is not None}
        words = {**known, self._made: self.generated(seed), "domain": f"{place.project}.iam.gserviceaccount.com", **given}
        return place.full(self.of.service, self.of.path.format(**words))

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        return self.of, id

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind: as it is declared, without what makes the name."""
        return {"": {name: value for name, value in values.items() if name not in self.naming}}

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind: what REST shows, as Terraform has it."""
        of = GOOGLE[self.google]
        try:
            shown: Body = of.arguments("", native[""])
        except (KeyError, TypeError):
            # Of some shapes REST shows less than it takes.
            shown = snake(native[""])
        found: Body = references.mapped(shown, named)
        return {**found, **({"labels": own_labels(found.get("labels"))} if of.labels else {})}

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {"id": relative(id), "name": short(id), "address": relative(id)}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind: every text that REST shows, by its name in Terraform."""
        return {name: value for name, value in snake(native[""]).items() if isinstance(value, str) and name != "name"}
