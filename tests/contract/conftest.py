"""Moto behind the adapters."""

from collections.abc import Iterator

import pytest

from tests.fakes.aws import aws_in_memory


@pytest.fixture
def aws() -> Iterator[None]:
    """The tables and the bucket, empty."""
    with aws_in_memory():
        yield
