"""Exit codes, as documented in docs/guide/cli.md. Scripts rely on them."""

from enum import IntEnum


class Exit(IntEnum):
    """What a finished command tells the shell."""

    DONE = 0
    #: The work failed, was rolled back, rejected or cancelled, or the server could not be reached.
    FAILED = 1
    #: The command line or the manifest is wrong; nothing was written.
    USAGE = 2
    #: A person must approve first.
    WAITS_FOR_APPROVAL = 3
    #: Drift is open.
    DRIFT_FOUND = 4
