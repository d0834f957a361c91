from datetime import UTC, datetime
from typing import Any

import pytest
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.operation import Grant

GRANT = Grant("aws-test", "df-1", (), (), False, datetime(2026, 11, 24, tzinfo=UTC))


class Gone(Exception):
    """The work belongs to somebody else."""


def test_before_every_call_it_is_asked_whether_the_work_is_still_ours() -> None:
    asked, called = [], []

    def hold() -> None:
        asked.append(len(called))
        if len(called) == 1:
            raise Gone

    class Client:
        def delete_stack(self, **arguments: Any) -> None:
            called.append(arguments)

    session = AwsSession(GRANT, {}, "eu-west-1", hold=hold)
    session._clients["cloudformation"] = Client()
    session.call("cloudformation", "delete_stack", StackName="a")
    with pytest.raises(Gone):
        session.call("cloudformation", "delete_stack", StackName="b")
    assert called == [{"StackName": "a"}]
    assert asked == [0, 1]
