"""The bill of jobs made up so that it can be worked out by hand."""

from pathlib import Path

import pytest

from benchmarks.account import Invocation
from benchmarks.bill import charges
from benchmarks.capacity import Index
from benchmarks.deployment import Deployment
from benchmarks.lives import JobLife, call_rows
from benchmarks.log_lines import OF_LAMBDA, access_log_line, line_bytes
from benchmarks.recorder import Call
from benchmarks.warm import WarmTime

JOB = {"pk": {"S": "JOB#1"}, "sk": {"S": "JOB"}, "id": {"S": "1"}, "shard": {"N": "3"}}
DEPLOYMENT = Deployment(
    memory_mb={"submit": 1_769, "execute": 1_769},
    indexes=(Index("by_time", keys=("shard", "id"), projected=()),),
    access_log="$context.status",
    functions={},
    layer=Path("layer"),
)
TIMES = {
    "submitting": WarmTime(calls=[], handler_ms=2.0, bare_ms=1.0, ratio=2.0),
    "executing": WarmTime(calls=[], handler_ms=3.0, bare_ms=1.0, ratio=3.0),
}


def written(before, after, *, table="jobs"):
    return Call("dynamodb", "PutItem", {"TableName": table}, before=before, after=after)


def bill_of(life):
    return {charge.what: charge for charge in charges(life, TIMES, DEPLOYMENT)}


def sync_life():
    execute = Invocation("execute", [written(JOB, JOB)], printed=[])
    submit = Invocation("submit", [written(None, JOB), Call("lambda", "Invoke", {})], printed=[])
    return JobLife([execute, submit], ("executing", "submitting"))


def test_who_invokes_a_function_is_billed_for_waiting_for_it():
    bill = bill_of(sync_life())

    # execute: 3 + 5 for a write; submit: 2 + 5 for a write + 10 to invoke + 8 of execute
    assert bill["Lambda GB-seconds, arm64"].detail == "execute 8 ms + submit 25 ms"
    assert bill["Lambda GB-seconds, arm64"].amount == pytest.approx(0.033 * 1_769 / 1_024)
    assert bill["Lambda requests"].amount == 2


def test_writes_are_charged_in_the_indexes_of_jobs_only():
    catalog = Invocation("submit", [written(None, JOB, table="catalog")], printed=[])

    assert bill_of(sync_life())["DynamoDB write units"].detail == "table 2 + by_time 1"
    assert bill_of(JobLife([catalog], ("submitting",)))["DynamoDB write units"].amount == 1


def test_strongly_consistent_read_is_charged_twice_as_much():
    strongly = {"TableName": "jobs", "ConsistentRead": True}
    calls = [
        Call("dynamodb", "GetItem", strongly, {"Item": JOB}),
        Call("dynamodb", "GetItem", {"TableName": "jobs"}, {}),
    ]
    life = JobLife([Invocation("execute", calls, printed=[])], ("executing",))

    assert bill_of(life)["DynamoDB read units"].amount == 1.5


def test_call_without_a_known_price_is_refused():
    calls = [Call("dynamodb", "TransactGetItems", {})]
    life = JobLife([Invocation("execute", calls, printed=[])], ("executing",))

    with pytest.raises(RuntimeError, match=r"what dynamodb\.TransactGetItems costs"):
        bill_of(life)


def test_message_is_sent_received_and_deleted():
    life = JobLife([Invocation("submit", [], printed=[])], ("submitting",), messages=1)

    assert bill_of(life)["SQS requests"].amount == 3


def test_log_holds_what_is_printed_and_what_aws_adds():
    life = JobLife([Invocation("submit", [], printed=["four"])], ("submitting",))

    assert bill_of(life)["log bytes"].amount == line_bytes(["200", "four", *OF_LAMBDA])


def test_unknown_variable_of_the_access_log_is_a_dash():
    assert access_log_line('{"a": "$context.httpMethod", "b": "$context.error.message"}') == (
        '{"a": "POST", "b": "-"}'
    )


def test_calls_are_counted_by_what_they_are():
    submit = Invocation("submit", [written(None, JOB), Call("sqs", "SendMessage", {})], printed=[])
    asynchronous = JobLife([submit], ("submitting",), messages=1)

    counted = {row.name: row.value for row in call_rows(sync_life(), asynchronous)}

    assert counted == {
        "sync job: DynamoDB writes": 2,
        "sync job: Lambda invocations": 1,
        "sync job: S3 calls": 0,
        "async submission: DynamoDB writes": 1,
        "async submission: SQS messages": 1,
    }
