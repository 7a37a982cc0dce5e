"""A gateway as it is served, on a free port of this machine, before an API that a test scripts."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from botocore.credentials import Credentials

from heimdall_client import SigV4Auth
from heimdall_client._serving import build_server, listen
from heimdall_client.gateway import GatewaySettings, build_app
from tests.unit.client.signatures import SECRET, Keys

API = "http://127.0.0.1:4566/_aws/execute-api/abc"
PATIENCE_SECONDS = 10
KEYS = Keys(Credentials("AKIDEXAMPLE", SECRET, "token"), "us-east-1")


class OnTheWay(httpx.AsyncByteStream):
    """A body that has not been read, as it is when it comes from a network."""

    def __init__(self, pieces: Iterable[bytes | Exception | threading.Event]) -> None:
        self._pieces = pieces
        self.is_closed = threading.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(0)
            if isinstance(piece, threading.Event):
                await asyncio.to_thread(piece.wait, PATIENCE_SECONDS)
            elif isinstance(piece, Exception):
                raise piece
            else:
                yield piece

    async def aclose(self) -> None:
        self.is_closed.set()


def answer_ok(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "SUCCEEDED"})


class Upstream:
    """The API behind the gateway: answers with `answer`, keeps what arrived."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = answer_ok

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer.stream, OnTheWay):
            return answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=OnTheWay([answer.content])
        )

    def reset(self) -> None:
        self.requests.clear()
        self.answer = answer_ok

    @property
    def request(self) -> httpx.Request:
        assert len(self.requests) == 1
        return self.requests[0]


@contextmanager
def served(upstream: Upstream, *, keys: Keys = KEYS, **settings: Any) -> Iterator[httpx.Client]:
    sockets = listen(0)
    port = sockets[0].getsockname()[1]
    app = build_app(
        GatewaySettings(
            api_url=API,
            port=port,
            auth=SigV4Auth(session=keys),
            transport=httpx.MockTransport(upstream),
            **settings,
        )
    )
    server = build_server(app)
    thread = threading.Thread(target=server.run, args=[sockets])
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
