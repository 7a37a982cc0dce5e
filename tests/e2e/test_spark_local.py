"""SparkSQL through the API, in a real Spark on this machine."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import spark
from local.environment import Environment
from local.launcher import write_launcher
from local.processes import birth
from tests.e2e.api import Api, job_body, wait_for

PARQUET = "application/vnd.apache.parquet"
MANY = 1_000_000
DATA = f"""
INSERT OVERWRITE DIRECTORY '{{data}}' USING parquet
SELECT id, CAST(id % 1000 AS INT) AS shop, CAST(id / 7 AS DECIMAL(20, 3)) AS amount
FROM range({MANY})
"""
SUMS = """
SELECT shop, count(*) AS orders, sum(amount) AS total, max(id) AS latest
FROM parquet.`{data}` WHERE shop < 900 GROUP BY shop ORDER BY total DESC
"""
DIRECTLY = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
direct = [list(map(str, row)) for row in spark.sql(sys.argv[1]).collect()]
kept = [list(map(str, row)) for row in spark.read.parquet(sys.argv[2]).collect()]
print("ROWS", json.dumps([direct, kept]))
"""
FOREVER = "SELECT count(*) FROM range(0, 1000000000000, 1, 4) WHERE sha2(string(id), 512) = 'x'"
FIRST_SECONDS, SECONDS = 600, 240
KILLED_SECONDS = 5


@pytest.fixture(scope="module", autouse=True)
def _java() -> None:
    try:
        spark.check_java(os.environ)
    except spark.SparkError as error:
        pytest.skip(str(error))


def sql(query: str, **context: Any) -> dict[str, Any]:
    return job_body("spark-local", {"query": query, **context})


def run_directory(environment: Environment, job_id: str) -> Path:
    runs = environment.directory / "tmp" / "heimdall-spark-local"
    return wait_for(
        lambda: next(iter(runs.glob(f"*{job_id}-1")), None), seconds=SECONDS, what="the run"
    )


def directly(directory: Path, query: str, parquet: Path) -> list[list[list[str]]]:
    """Ask PySpark for a query's rows and a file's, without the gateway."""
    script = directory / "directly.py"
    script.write_text(DIRECTLY)
    submit = write_launcher(directory) / "spark-submit"
    settings = ["--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1"]
    done = subprocess.run(
        [submit, *settings, script, query, parquet], capture_output=True, text=True, check=True
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("ROWS"))
    found: list[list[list[str]]] = json.loads(line.removeprefix("ROWS"))
    return found


def test_statement_over_a_million_rows_gives_what_spark_gives(api: Api, tmp_path: Path):
    data = tmp_path / "data"
    made = api.submit(sql(DATA.format(data=data)))
    assert api.wait(made["id"], seconds=FIRST_SECONDS)["status"] == "SUCCEEDED"

    job = api.submit(sql(SUMS.format(data=data), return_result=True))
    assert job["status"] == "NEW"
    ended = api.wait(job["id"], seconds=SECONDS)

    assert ended["status"] == "SUCCEEDED", ended
    path = f"/job/{job['id']}/result"
    result = api.request("GET", path).json()
    moved = api.request("GET", path, headers={"accept": PARQUET})
    assert moved.status_code == httpx.codes.TEMPORARY_REDIRECT
    parquet = tmp_path / "result.parquet"
    parquet.write_bytes(httpx.get(moved.headers["location"], trust_env=False).content)
    direct, kept = directly(tmp_path, SUMS.format(data=data), parquet)
    assert [list(map(str, row)) for row in result["data"]] == direct == kept
    assert len(direct) == 900
    assert [column["type"] for column in result["columns"]] == [
        "int",
        "bigint",
        "decimal(30,3)",
        "bigint",
    ]
    csv = api.request("GET", path, headers={"accept": "text/csv"}).text
    assert csv.startswith('"shop","orders","total","latest"\r\n')


def test_cancel_kills_the_jvm(api: Api, environment: Environment):
    job_id = api.submit(sql(FOREVER))["id"]
    directory = run_directory(environment, job_id)
    log = directory / "stderr"
    wait_for(
        lambda: log.exists() and "Starting task" in log.read_text(),
        seconds=FIRST_SECONDS,
        what="Spark to work",
    )
    jvm = json.loads((directory / "program.json").read_text())["pid"]
    assert Path(f"/proc/{jvm}/exe").resolve().name == "java"

    answer = api.request("POST", f"/job/{job_id}/cancel")

    assert answer.is_success, answer.text
    wait_for(lambda: birth(jvm) is None, seconds=KILLED_SECONDS, what="the JVM's end")
    assert api.wait(job_id, seconds=SECONDS)["status"] == "CANCELED"


def test_statement_that_is_wrong_fails_with_sparks_message(api: Api):
    job = api.wait(api.submit(sql("SELECT nothing_of_that_name"))["id"], seconds=FIRST_SECONDS)

    assert job["status"] == "FAILED"
    assert "`nothing_of_that_name` cannot be resolved" in job["error"]
    assert "\tat " not in job["error"]


def test_jobs_at_the_same_time_do_not_see_each_other(api: Api):
    queries = [f"CREATE TABLE mine USING parquet AS SELECT {number} AS n" for number in (1, 2)]
    ids = api.submit_all([sql(query) for query in queries])
    looking = api.submit(sql("SHOW TABLES", return_result=True))["id"]

    assert api.wait_for_all([*ids, looking], seconds=FIRST_SECONDS) == {"SUCCEEDED": 3}
    assert api.request("GET", f"/job/{looking}/result").json()["data"] == []
