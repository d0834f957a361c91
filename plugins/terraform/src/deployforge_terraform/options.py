"""What the operator of mcal sets for this adapter; see README.md. Nothing in it is secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, Json

#: A provider from a registry: where it comes from and which versions do.
_SOURCE: Final = r"^[a-z0-9.-]+(/[a-zA-Z0-9_.-]+){1,2}$"


class Source(BaseModel):
    """Where a provider comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(pattern=_SOURCE)
    version: str = ""


class Options(BaseModel):
    """Options of the entry point, all of them text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cli: str = ""
    """Path or name of the program; empty: `tofu`, else `terraform`, from PATH."""

    mirror: Path | None = None
    """Directory of providers, as `tofu providers mirror` lays it out. When set, nothing is fetched from a registry."""

    providers: Json[dict[str, Source]] = Field(default_factory=dict)
    """JSON `{local name: {"source": "hashicorp/aws", "version": "~> 5.0"}}` of the providers that may be used. Those in
    the mirror need not be named."""

    work: Path | None = None
    """Directory for the working directories of operations, each of mode 700 and removed at its end; None: the
    system's temporary directory."""

    read_seconds: float = Field(default=300, gt=0)
    """How long a command that only reads may take."""

    change_seconds: float = Field(default=3600, gt=0)
    """How long an apply may take."""

    lock_seconds: int = Field(default=60, ge=0)
    """How long a command waits for another to release the state."""

    grace_seconds: float = Field(default=20, gt=0)
    """How long an interrupted command may take to store its state before it is killed."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> "Options":
        """From an entry point's options; those without a value are left at their default."""
        return cls.model_validate({name: value for name, value in options.items() if value})
