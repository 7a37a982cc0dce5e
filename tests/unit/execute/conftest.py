"""The job store over moto, for what watches a run."""

from collections.abc import Iterator

import boto3
import pytest

from heimdall.store.jobs import DynamoJobStore
from tests.fakes.aws import aws_in_memory
from tests.fakes.clock import FakeClock
from tests.fakes.files import InMemoryJobFiles
from tests.fakes.tables import JOBS


@pytest.fixture
def jobs() -> Iterator[DynamoJobStore]:
    with aws_in_memory():
        yield DynamoJobStore(boto3.client("dynamodb"), JOBS)


@pytest.fixture
def files() -> InMemoryJobFiles:
    return InMemoryJobFiles()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
