"""`DeployForge`: everything a person or a program can ask of a control plane.

Answers are the messages of the public contract (`deployforge.*_pb2`), which are typed.
"""

from deployforge_client.administration import Administration
from deployforge_client.deployments import Deployments
from deployforge_client.mending import Mending
from deployforge_client.networks import Networks
from deployforge_client.states import States


class DeployForge(Deployments, States, Mending, Networks, Administration):
    """A connection to one control plane; use it as a context manager or call `close`."""
