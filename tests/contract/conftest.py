"""Moto behind the adapters."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.fakes.session import fresh_session
from tests.fakes.tables import create_resources


@pytest.fixture
def aws() -> Iterator[None]:
    """The tables and the bucket, empty."""
    with mock_aws():
        fresh_session()
        create_resources()
        yield
        fresh_session()
