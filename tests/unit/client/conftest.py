from collections.abc import Iterator

import httpx
import pytest

from tests.unit.client.command_line import CommandLine
from tests.unit.client.scripted_api import URL
from tests.unit.client.served_gateway import Upstream, served


@pytest.fixture(scope="session")
def served_api() -> Upstream:
    return Upstream()


@pytest.fixture(scope="session")
def served_gateway(served_api) -> Iterator[httpx.Client]:
    with served(served_api) as client:
        yield client


@pytest.fixture
def upstream(served_api) -> Upstream:
    """The API behind the gateway of this test."""
    served_api.reset()
    return served_api


@pytest.fixture
def gateway(served_gateway, upstream) -> httpx.Client:
    """A client of a gateway that forwards no user."""
    return served_gateway


@pytest.fixture
def line(capsys, monkeypatch) -> CommandLine:
    """The command line, pointed at a local gateway."""
    monkeypatch.setenv("HEIMDALL_URL", URL)
    return CommandLine(capsys)
