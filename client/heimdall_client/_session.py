"""What a command of the command line works with: the API's address and the world outside."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import typer

from heimdall_client._client import Client
from heimdall_client._exceptions import ConfigurationError

NO_ADDRESS = (
    "where is Heimdall? Start the local environment with `make up`, then `. .local/env`;"
    " for an API on AWS, set HEIMDALL_API_URL (or HEIMDALL_URL for a local gateway)"
)


@dataclass(frozen=True, slots=True)
class Outside:
    """What the command line touches beside its arguments; tests bring their own.

    Attributes:
        transport: the network.
        sleep: called with seconds.
        clock: seconds on a clock that only goes forward.
    """

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The addresses that were given.

    Attributes:
        url: of a local gateway, which needs no signature.
        api_url: of the API itself, where every request is signed.
        prefers_api: the API itself was asked for by an option.
    """

    url: str | None = None
    api_url: str | None = None
    prefers_api: bool = False
    outside: Outside = field(default_factory=Outside)

    def client(self, *, user: str | None = None) -> Client:
        """Open a client; the local gateway first, since it needs no credentials."""
        transport = self.outside.transport
        if self.url and not (self.prefers_api and self.api_url):
            return Client(self.url, transport=transport, user=user)
        if self.api_url:
            from heimdall_client._auth import SigV4Auth

            return Client(self.api_url, auth=SigV4Auth(), transport=transport, user=user)
        raise ConfigurationError(NO_ADDRESS)


def session_of(context: typer.Context) -> Session:
    """Give the session that the options before the command have set up."""
    session = context.obj
    if not isinstance(session, Session):
        raise TypeError("the command was called without its group")
    return session


Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="With --wait: give up after so many seconds; the job goes on.",
        metavar="SECONDS",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
