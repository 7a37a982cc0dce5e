"""AWS that answers the calls that a test expects, in their order, and no others."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from heimdall.plugin.identity import Identity, Policy

__all__ = ["ANY", "StubbedAws"]


class StubbedAws:
    """Implements `heimdall.plugin.identity.AwsAccess`; requests and answers fit AWS's models."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}

    def client(
        self, service: str, identity: Identity, policy: Policy, *, repeats: bool = True
    ) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service)  # type: ignore[call-overload]
            self._stubs[service] = Stubber(self._clients[service])
            self._stubs[service].activate()
        return self._clients[service]

    def expect(
        self, service: str, call: str, asked: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        """Answer the next call of a service, which has to be this one."""
        self._stub(service).add_response(call, dict(answer), dict(asked))

    def refuse(self, service: str, call: str, code: str, *, status: int = 400) -> None:
        """Refuse the next call of a service."""
        self._stub(service).add_client_error(call, code, "refused", status)

    def assert_all_were_made(self) -> None:
        """Fail if a call that was expected did not come."""
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()

    def _stub(self, service: str) -> Stubber:
        self.client(service, Identity(deployment="", user=""), ())
        return self._stubs[service]
