"""The price of a long job made up so that it can be worked out by hand."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.account import Invocation
from benchmarks.bill import ENGINE_MS, charges
from benchmarks.capacity import Index
from benchmarks.deployment import Deployment
from benchmarks.lives import JobLife
from benchmarks.long_jobs import LongLife
from benchmarks.long_prices import long_prices, long_rows, marker_charges
from benchmarks.recorder import Call
from benchmarks.report import print_prices
from benchmarks.warm import WarmTime

INDEX = Index("by_time", keys=("shard", "id"), projected=())
DEPLOYMENT = Deployment(
    memory_mb={"execute": 1_769},
    indexes=(INDEX,),
    access_log="$context.status",
    functions={},
    layer=Path("layer"),
)
TIMES = {"executing": WarmTime(calls=[], handler_ms=3.0, bare_ms=1.0, ratio=3.0)}


def item(job_id):
    return {"pk": {"S": f"JOB#{job_id}"}, "sk": {"S": "JOB"}}


def reading(*job_ids, is_consistent=True):
    return Call(
        "dynamodb",
        "BatchGetItem",
        {"RequestItems": {"jobs": {"Keys": [], "ConsistentRead": is_consistent}}},
        {"Responses": {"jobs": [item(job_id) for job_id in job_ids]}},
    )


def life_of(*calls, transitions=2, minutes=1, runs=1, swept=()):
    invocations = [Invocation("execute", list(calls), printed=[]) for _ in range(runs)]
    job = JobLife(invocations, ("executing",) * runs, messages=3)
    return LongLife("glue-job", minutes, job, list(swept), "one", transitions)


def price_of(life):
    (price,) = long_prices([life], TIMES, DEPLOYMENT, [])
    return price


def bill_of(life):
    return {charge.what: charge for charge in charges(life.job, TIMES, DEPLOYMENT)}


def test_runs_of_the_same_function_add_up():
    assert bill_of(life_of(runs=3))["Lambda GB-seconds, arm64"].detail == "execute 9 ms"


def test_call_to_an_engine_is_free_and_waited_for():
    bill = bill_of(life_of(Call("glue", "GetJobRun", {}), Call("lambda", "Invoke", {})))

    # 3 of the CPU, the engine's 50, and a call of Lambda as an engine, which nobody waits out
    assert bill["Lambda GB-seconds, arm64"].detail == f"execute {3 + ENGINE_MS + 10} ms"
    assert bill["DynamoDB read units"].amount == 0


def test_requests_to_any_bucket_are_charged_by_what_they_do():
    operations = ("PutObject", "ListObjectsV2", "UploadPart", "GetObject", "HeadObject")
    calls = [Call("s3", operation, {}) for operation in (*operations, "DeleteObject")]

    bill = bill_of(life_of(*calls))

    assert (bill["S3 writes"].amount, bill["S3 reads"].amount) == (3, 2)


def test_price_is_our_part_and_step_functions_part():
    price = price_of(life_of(transitions=4))

    assert price.transitions.dollars_per_million == pytest.approx(100)
    assert price.dollars == pytest.approx(price.ours_dollars + 100)
    assert price.ours_dollars > 0
    assert price.life.wakes == 2


def test_sweep_is_charged_for_this_job_only():
    marker = {"pk": {"S": "OPEN#1"}, "sk": {"S": "one"}}
    other = {"pk": {"S": "OPEN#1"}, "sk": {"S": "two"}}
    puts = [{"PutRequest": {"Item": each}} for each in (marker, other)]
    swept = [
        Call("dynamodb", "Query", {}),
        reading("one", "two"),
        reading("two"),
        reading("one", is_consistent=False),
        Call("dynamodb", "BatchWriteItem", {"RequestItems": {"jobs": puts}}),
        Call(
            "dynamodb",
            "BatchWriteItem",
            {"RequestItems": {"jobs": [{"DeleteRequest": {"Key": marker}}]}},
        ),
    ]

    read, written = marker_charges(swept, "one", [INDEX])

    assert (read.amount, written.amount) == (1.5, 2)


def test_job_of_an_hour_has_a_budget_of_transitions():
    rows = long_rows([price_of(life_of()), price_of(life_of(minutes=60, transitions=7))])

    assert [(row.name, row.holds) for row in rows] == [
        ("price of a million jobs of a minute at glue-job", True),
        ("price of a million jobs of an hour at glue-job", True),
        ("transitions of a job of an hour at glue-job", False),
    ]


def test_table_has_both_parts_of_a_price():
    console = Console(file=io.StringIO(), width=110)
    price = price_of(life_of())

    print_prices([price], console)

    last = console.file.getvalue().splitlines()[-1].split()
    assert last[-5:] == ["2", "2", f"{price.ours_dollars:.2f}", "50.00", f"{price.dollars:.2f}"]
