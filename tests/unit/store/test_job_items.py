"""Jobs as items of DynamoDB: nothing lost on the way, and small."""

from dataclasses import fields

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given

from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import ListedJob
from heimdall.domain.result import Column, Result
from heimdall.store import job_items, keys
from heimdall.store.job_items import decode, differences, encode
from tests.factories import JOB_ID, NOW_MS, make_job, make_running_job
from tests.strategies import jobs, repeatable

ALWAYS_THERE = {
    *(
        "pk",
        "sk",
        "shard",
        "user_key",
        "id",
        "name",
        "user",
        "caller",
        "command_criteria",
        "cluster_criteria",
    ),
    *("command_id", "command_name", "cluster_id", "cluster_name", "plugin", "status"),
    *("created_at_ms", "updated_at_ms"),
}
ONE_WRITE_UNIT = 1_024


def finish(job, **outcome):
    outcome = RunOutcome(**{"status": JobStatus.SUCCEEDED} | outcome)
    return job.finished(outcome, now_ms=NOW_MS + 150, keep_for_days=30)


def bytes_of(item):
    """The size that DynamoDB bills, by its rules."""
    return sum(len(name.encode()) + _bytes_of_value(value) for name, value in item.items())


def _bytes_of_value(attribute):
    [(kind, value)] = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value.strip("-0")) // 2 + 2
        case "B":
            return len(value)
        case "L":
            return 3 + sum(1 + _bytes_of_value(entry) for entry in value)
        case "BOOL" | "NULL":
            return 1
    raise AssertionError(f"no rule for {kind}")


@repeatable
@given(jobs())
def test_job_comes_back_from_its_item(job):
    assert decode(encode(job)) == job


@repeatable
@given(jobs(), jobs())
def test_differences_are_those_of_the_items(before, after):
    changed, gone = differences(before, after)

    item = {name: value for name, value in encode(before).items() if name not in gone} | changed
    assert {**item, **keys.job_key(after.id)} == encode(after)
    assert all(encode(before).get(name) != value for name, value in changed.items())
    assert differences(after, after) == ({}, [])


@repeatable
@given(jobs())
def test_item_is_one_that_dynamodb_knows(job):
    read = {name: TypeDeserializer().deserialize(value) for name, value in encode(job).items()}

    assert (read["id"], read["created_at_ms"]) == (job.id, job.created_at_ms)


def test_defaults_take_no_room():
    assert set(encode(make_job())) == ALWAYS_THERE


def test_context_in_s3_is_told_from_an_empty_one():
    elsewhere, empty = encode(make_job(context=None)), encode(make_job())

    assert elsewhere["context"] == {"NULL": True}
    assert "context" not in empty
    assert decode(elsewhere).context is None
    assert decode(empty).context == "{}"


def test_empty_text_is_told_from_none():
    assert decode(encode(make_job(error=""))).error == ""
    assert decode(encode(make_job(error=None))).error is None


def test_attributes_of_a_newer_version_are_left_alone():
    item = encode(make_job()) | {"priority": {"N": "7"}}

    assert decode(item) == make_job()


@pytest.mark.parametrize("status", JobStatus)
def test_only_finished_jobs_are_in_the_index_by_their_end(status):
    job = make_job(status=status, finished_at_ms=NOW_MS if status.is_final else None)

    assert ("finished_key" in encode(job)) is status.is_final


def test_only_a_finished_job_has_the_attribute_by_which_dynamodb_removes_it():
    assert "expires_at" not in encode(make_running_job())
    assert encode(finish(make_running_job()))["expires_at"] == {
        "N": str(NOW_MS // 1_000 + 30 * 86_400)
    }


def test_index_keys_never_change_while_a_job_lives():
    new = make_job()
    running = new.started(now_ms=NOW_MS + 1, lease_expires_at_ms=NOW_MS + 2)
    canceling = running.cancel_requested(by="bob", now_ms=NOW_MS + 3, keep_for_days=1)

    items = [encode(job) for job in (new, running, canceling, finish(canceling))]

    kept = ("pk", "sk", "shard", "user_key", *(field.name for field in fields(ListedJob)))
    assert len({str([item.get(name) for name in kept]) for item in items}) == 1


def test_finished_ping_job_takes_one_write_unit():
    job = make_job(
        name="ping-test",
        version="0.0.1",
        user="test_user",
        caller="arn:aws:iam::123456789012:role/heimdall-local-gateway",
        owner="arn:aws:iam::123456789012:role/heimdall-local-gateway",
        command_revision=12345,
        cluster_revision=12345,
        command_criteria=("type:ping",),
        cluster_criteria=("type:localhost",),
        command_id="ping-0.0.1",
        command_name="ping",
        cluster_id="localhost-0.0.1",
        plugin="ping",
        is_sync=True,
        choice="random among the matching pairs of revision 12345",
    ).started(now_ms=NOW_MS + 1, lease_expires_at_ms=NOW_MS + 60_001)
    result = Result([Column("message", "string")], [["Hello, test_user!"]]).to_json()

    item = encode(finish(job, result=result, result_bytes=len(result)))

    assert bytes_of(item) < ONE_WRITE_UNIT


def test_field_of_a_kind_that_no_item_holds_is_refused():
    with pytest.raises(TypeError, match="float"):
        job_items._kind(float)


def test_keys_say_what_they_are():
    assert keys.job_key(JOB_ID) == {"pk": {"S": f"JOB#{JOB_ID}"}, "sk": {"S": "JOB"}}
    assert keys.watch_key(JOB_ID) == {"pk": {"S": f"WATCH#{JOB_ID}"}, "sk": {"S": "WATCH"}}
    assert keys.entry_key("command", "c") == {"pk": {"S": "command"}, "sk": {"S": "c"}}
    assert keys.revision_key(7) == {"pk": {"S": "revision"}, "sk": {"S": "000000000007"}}


def test_objects_of_a_job_are_below_the_prefix_that_expires():
    assert keys.context_object("1") == "jobs/1/context.json"
    assert keys.result_object("1", 2) == "jobs/1/2/result.json"
    assert keys.stream_object("1", 2, "stdout") == "jobs/1/2/stdout"
    assert keys.stream_object("1", 2, "stderr", 3) == "jobs/1/2/stderr.3"


def test_shards_take_an_equal_share_of_the_ids():
    shards = [keys.shard_of(f"{JOB_ID[:-2]}{end:02x}") for end in range(256)]

    assert {shard: shards.count(shard) for shard in set(shards)} == dict.fromkeys(
        range(keys.SHARDS), 256 // keys.SHARDS
    )
