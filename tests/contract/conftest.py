"""Moto behind the adapters."""

from collections.abc import Callable, Iterator

import boto3
import pytest

from heimdall.domain.ports import CatalogStore
from heimdall.store.catalog import DynamoCatalogStore
from tests.fakes.aws import aws_in_memory
from tests.fakes.catalog import CatalogData, InMemoryCatalogStore
from tests.fakes.tables import CATALOG


@pytest.fixture
def aws() -> Iterator[None]:
    """The tables and the bucket, empty."""
    with aws_in_memory():
        yield


@pytest.fixture(params=["dynamodb", "memory"])
def open_catalog(request: pytest.FixtureRequest) -> Callable[[], CatalogStore]:
    """Open a store of the catalog; all that a test opens keep the same one."""
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
        return lambda: DynamoCatalogStore(boto3.client("dynamodb"), CATALOG, pause=lambda _: None)
    data = CatalogData()
    return lambda: InMemoryCatalogStore(data)


@pytest.fixture
def catalog(open_catalog: Callable[[], CatalogStore]) -> CatalogStore:
    return open_catalog()


@pytest.fixture
def dynamo_catalog(aws: None) -> DynamoCatalogStore:
    return DynamoCatalogStore(boto3.client("dynamodb"), CATALOG, pause=lambda _: None)
