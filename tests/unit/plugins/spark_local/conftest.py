"""spark-local on this machine, with a spark-submit that does what the test says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.spark_local import SPARK_SUBMIT, SparkLocalDriver


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(SparkLocalDriver) as bench:
        yield bench


@pytest.fixture
def program(bench: EngineBench) -> Callable[[str], None]:
    """Do something more in spark-submit, before it waits for how it ends."""

    def write(more: str) -> None:
        path = Path(bench.driver.cluster_context["spark_submit"])
        path.write_text(SPARK_SUBMIT.replace("#!/bin/sh\n", f"#!/bin/sh\n{more}\n"))

    return write
