"""What every test gets: no AWS but the stand-ins, and fresh runtimes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")  # the same examples at every run, whatever the machine's speed

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "heimdall",
    "POWERTOOLS_METRICS_NAMESPACE": "Heimdall",
}
os.environ.update(ENVIRONMENT)
for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "HEIMDALL_URL", "HEIMDALL_API_URL"):
    os.environ.pop(name, None)

HERE = Path(__file__).parent
SHARING = ("engines", "infra", "spark")
"""Folders whose tests share what takes long to make: one process runs all of a folder's."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in SHARING:
            item.add_marker(pytest.mark.xdist_group(folder))


@pytest.fixture(autouse=True)
def _fresh_runtimes() -> Iterator[None]:
    yield
    from heimdall import runtime

    for make in (
        runtime.submit_runtime,
        runtime.query_runtime,
        runtime.execute_runtime,
        runtime.orchestrate_runtime,
    ):
        make.cache_clear()
