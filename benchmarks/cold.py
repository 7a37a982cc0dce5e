"""Cold start: from import to first answer, in fresh processes, with the packages as shipped."""

import compileall
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from benchmarks import sample
from benchmarks.deployment import Deployment
from benchmarks.environment import AWS, ROOT, SETTINGS, use_endpoint
from benchmarks.handlers import Event, forget
from benchmarks.row import Row
from benchmarks.stub_endpoint import stub_endpoint
from benchmarks.warm import recorded_calls

BUDGET = 1.25
AIM = 1.5
ROUNDS = 15
OBJECTS = 701
"""More in each round than the youngest generation holds: the collector runs at other times."""

PROGRAMS = ROOT / "benchmarks" / "fresh_process"
BARE, BOTO3 = "bare_handler", "boto3_alone"


@dataclass(frozen=True, slots=True)
class ColdCase:
    """A function and the request that it is started by."""

    function: str
    event: Event


CASES: Mapping[str, ColdCase] = {
    "submit, a sync job": ColdCase("submit", sample.SYNC_SUBMISSION),
    "submit, an async job": ColdCase("submit", sample.ASYNC_SUBMISSION),
    "query, a job": ColdCase("query", sample.JOB_READ),
}


def cold_rows(deployment: Deployment, folder: Path) -> list[Row]:
    """Measure every case; the programs to compare with go to the folder."""
    programs = folder / "fresh_process"
    shutil.copytree(PROGRAMS, programs, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(programs, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    rows: list[Row] = []
    with stub_endpoint() as url:
        for name, case in CASES.items():
            rows += _rows(name, case, deployment, programs, url)
    return rows


def _rows(name: str, case: ColdCase, deployment: Deployment, programs: Path, url: str) -> list[Row]:
    calls = _first_calls(case, url)
    modules = (f"functions.{case.function}.handler", BARE, BOTO3)
    environment = {
        **AWS,
        **SETTINGS,
        "AWS_ENDPOINT_URL": url,
        "BENCHMARK_CALLS": str(calls),
        "PYTHONPATH": f"{deployment.functions[case.function]}:{deployment.layer / 'python'}",
    }
    rounds = [
        [
            _first_answer_ms(module, case.event, programs, environment, objects=number * OBJECTS)
            for module in modules
        ]
        for number in range(ROUNDS + 1)
    ][1:]  # the first one fills the disk cache
    ours, bare, boto3_alone = (statistics.median(taken) for taken in zip(*rounds, strict=True))
    over_bare, over_boto3 = (  # of neighbors in time: the machine's speed changes meanwhile
        statistics.median(taken[0] / taken[other] for taken in rounds) for other in (1, 2)
    )
    how = (
        f"process CPU time of {ours:.0f} ms from import to first answer; calls to an endpoint in "
        f"another process: {calls}; medians of {ROUNDS} rounds of "
        f"fresh processes; bytecode as in the packages; "
    )
    return [
        Row(
            name=f"cold start: {name}",
            value=over_bare,
            unit="x a bare handler",
            budget=BUDGET,
            how=f"{how}against {bare:.0f} ms of a bare handler on the same packages, which makes "
            "as many calls with one DynamoDB client",
        ),
        Row(
            name=f"cold start: {name}, against boto3",
            value=over_boto3,
            unit="x boto3 alone",
            how=f"{how}against {boto3_alone:.0f} ms of boto3 with one DynamoDB client and as many "
            f"calls; the aim is {AIM}",
        ),
    ]


def _first_calls(case: ColdCase, url: str) -> int:
    use_endpoint(url)
    try:
        return len(recorded_calls(case.function, case.event, is_first=True))
    finally:
        use_endpoint(None)
        forget()


def _first_answer_ms(
    module: str, event: Event, programs: Path, environment: Mapping[str, str], *, objects: int
) -> float:
    done = subprocess.run(
        [sys.executable, "-s", str(programs / "first_answer.py"), module, str(objects)],
        env=dict(environment),
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} did not answer:\n{done.stderr}")
    return int(done.stdout) / 1_000_000
