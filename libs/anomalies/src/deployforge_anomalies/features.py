"""What the model is told about a drift. Names and their order are the model's: a change of them needs a new model."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

CLASSES: Final = (
    "unauthorised change",
    "automation conflict",
    "configuration decay",
    "provider-side change",
    "scaling activity",
    "security exposure",
    "deletion",
    "unknown",
)
"""In the model's order. `unknown` is what nothing is known about, and what the model is not sure of."""
UNKNOWN: Final = CLASSES[-1]


@dataclass(frozen=True)
class Features:
    """Of one drift at the moment it was detected or changed. Shares are from 0 to 1, switches 0 or 1; a logarithm is
    that of one plus the thing; -1 stands for what is not known where 0 means something.
    """

    missing: float
    """Switch: the resource is gone."""
    attributes: float
    """How many attributes have just moved."""
    absent: float
    """The share of them that is gone."""
    severity: float
    """0 informational, 1 degraded, 2 critical."""
    exposing: float
    """Switch: a severity rule about networks, public access, encryption or rights applies to one of them."""
    losing: float
    """Switch: the severity rule about lost data applies to one of them."""
    tagging: float
    """The share of them that are tags."""
    scaling: float
    """The share of them that autoscalers own: desired capacities, replicas, throughput."""
    versions: float
    """The share of them that are versions, images or maintenance settings: what providers renew."""
    numeric: float
    """The share of them that are numbers."""
    ratio: float
    """The largest absolute natural logarithm of found over expected, 20 at most."""
    rising: float
    """1 where that number is larger than expected, -1 where it is smaller, 0 where there is none."""
    outlying: float
    """The largest robust z of a number against its baseline, 100 at most."""
    trend: float
    """The share of the last steps of that number that went the same way; 0 of fewer than three."""
    fresh: float
    """The share of the attributes that had never changed before; -1 where the resource has never changed."""
    hour: float
    """Of the day, in UTC."""
    weekend: float
    """Switch: Saturday or Sunday, in UTC."""
    strange_hour: float
    """1 where the resource never changed around this hour of the week although it often changed, 0 where it is usual."""
    gap: float
    """Logarithm of the seconds since the resource's last change; -1 where it never changed."""
    haste: float
    """How much sooner than usual that is, in robust deviations, 20 at most."""
    lately: float
    """How many of the resource's last changes lie within an hour before this one."""
    known: float
    """Logarithm of how often it has changed before."""
    returns: float
    """How many of its last eight drifts were this very one."""
    held: float
    """Logarithm of the seconds after which the last of those was over; -1 where there was none."""
    back: float
    """Logarithm of the seconds from then to now; -1 where there was none."""
    again: float
    """Switch: it drifted already, and now differs in another way."""
    together: float
    """Logarithm of how many other resources of its deployment drifted within a minute."""
    alike: float
    """Logarithm of how many others of its type moved in the same attributes within ten minutes, in any deployment."""
    foreign: float
    """Logarithm of the number of other deployments among these."""
    downstream: float
    """Logarithm of how many resources depend on it."""
    person: float
    """Switch: the cloud says that a person did it."""
    automation: float
    """Switch: the cloud says that a program or a role of one did it."""
    provider: float
    """Switch: the cloud says that it did it itself. All three are 0 where the actor is not known yet."""
    stranger: float
    """Switch: whoever did it has not changed this resource before, though others have."""

    def vector(self) -> list[float]:
        """In the order of NAMES, to six places: what was written and read again is the same."""
        return [round(float(getattr(self, name)), 6) for name in NAMES]

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "Features":
        """From names and numbers. Raises ValueError naming what is missing, too much or no finite number."""
        wrong = sorted(set(NAMES) ^ set(values))
        if wrong:
            raise ValueError(f"features that are missing or unknown: {', '.join(wrong)}")
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
                raise ValueError(f"feature {name} is no number")
        return cls(**{name: float(value) for name, value in values.items()})


NAMES: Final = tuple(field.name for field in fields(Features))
