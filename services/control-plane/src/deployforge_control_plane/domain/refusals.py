"""Why a command on a request is refused."""

from deployforge_control_plane.domain.values import RequestState


class Refusal(Exception):
    """A command that may not be carried out; nothing has changed."""


class RequestNotFound(Refusal):
    """No request has this id, or none that the caller may see."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"there is no request {request_id}")
        self.request_id = request_id


class RequestIdTaken(Refusal):
    """The request id already stands for another wish."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request id {request_id} was used for something else; choose a new UUID")
        self.request_id = request_id


class BadRequest(Refusal):
    """The command itself makes no sense."""


class BadCursor(BadRequest):
    """A cursor that no listing gave out."""

    def __init__(self) -> None:
        super().__init__("the cursor is not one that a listing gave out")


class DeploymentNotFound(Refusal):
    """Nothing is deployed under this name."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"nothing is deployed as {namespace}/{name}")
        self.namespace, self.name = namespace, name


class NotKnownHere(Refusal):
    """The id belongs to no namespace that is known here, or to none that the caller may see."""

    def __init__(self, id: str) -> None:
        super().__init__(f"nothing is known of {id!r}")
        self.id = id


class WrongState(Refusal):
    """The request has moved on, or is not there yet."""

    def __init__(self, request_id: str, verb: str, state: RequestState) -> None:
        super().__init__(f"request {request_id} cannot be {verb}: it is {state.lower().replace('_', ' ')}")
        self.request_id, self.verb, self.state = request_id, verb, state


class AnotherPlan(Refusal):
    """The digest is not that of the request's plan."""

    def __init__(self, request_id: str, digest: str) -> None:
        super().__init__(f"the plan of request {request_id} does not have the digest {digest!r}; look at it again")
        self.request_id, self.digest = request_id, digest


class ApprovalExpired(Refusal):
    """Nobody approved the plan in time."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"the approval of request {request_id} has expired; submit it again")
        self.request_id = request_id


class AlreadyApproved(Refusal):
    """One person counts once."""

    def __init__(self, request_id: str, approver: str) -> None:
        super().__init__(f"{approver} has approved request {request_id} already; another person must")
        self.request_id, self.approver = request_id, approver


class AuthorMayNotApprove(Refusal):
    """Four eyes: the author's approval does not count."""

    def __init__(self, request_id: str, author: str) -> None:
        super().__init__(f"{author} is the author of request {request_id}; another person must approve it")
        self.request_id, self.author = request_id, author
