"""All of AWS in moto, with the tables and the bucket in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws

from tests.fakes.session import fresh_session
from tests.fakes.tables import create_resources


@contextmanager
def aws_in_memory() -> Iterator[None]:
    with mock_aws():
        fresh_session()
        create_resources()
        yield
        fresh_session()
