"""Moto behind the adapters."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.fakes.tables import create_resources


@pytest.fixture
def aws() -> Iterator[None]:
    """The tables and the bucket, empty."""
    with mock_aws():
        boto3.setup_default_session()
        create_resources()
        yield
        boto3.setup_default_session()
