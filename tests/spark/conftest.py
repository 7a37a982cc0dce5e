"""A real Spark for the wrapper: PySpark of this checkout, installed if it is not there."""

import os
from pathlib import Path

import pytest

from local import spark
from local.launcher import write_launcher

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.spark)


@pytest.fixture(scope="session")
def spark_submit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        spark.check_java(os.environ)
    except spark.SparkError as error:
        pytest.skip(str(error))
    return write_launcher(tmp_path_factory.mktemp("environment")) / "spark-submit"
