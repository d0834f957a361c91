"""Manifests, fetched from the control plane by digest."""

import json
from collections.abc import Mapping
from typing import Any

import grpc
from deployforge_chassis import bodies

from deployforge_orchestrator.application.ports import Unavailable


class ControlPlaneManifests:
    """See ports.Manifests."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def get(self, digest: str) -> Mapping[str, Any]:
        """See ports.Manifests."""
        try:
            document: Mapping[str, Any] = json.loads(bodies.fetch(self._channel, digest))
        except grpc.RpcError as error:
            raise Unavailable(f"control-plane: {error.details()}") from error
        return document
