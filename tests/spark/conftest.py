"""A real Spark for the wrapper: PySpark of this checkout, installed if it is not there."""

import os
from pathlib import Path

import pytest

from local import spark
from local.launcher import write_launcher


@pytest.fixture(scope="session")
def spark_submit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        spark.check_java(os.environ)
    except spark.SparkError as error:
        pytest.skip(str(error))
    return write_launcher(tmp_path_factory.mktemp("environment")) / "spark-submit"
