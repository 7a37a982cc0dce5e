"""Secrets in contexts: what is refused, and that what references stand for never comes out."""

import json
import re

import boto3
import pytest

from functions.query.handler import app as query_app
from heimdall.runtime import submit_runtime
from tests.factories import job_request
from tests.fakes.tables import BUCKET, CATALOG, JOBS

CANARY = 'ca"nary-7f3a é'
REFERENCE = "secretsmanager:heimdall/canary#token"
SHOWN = ("stdout", "stderr", "detail", "result", "output", "crash", "log")
FORMS = ("nary-7f3a", b"nary-7f3a".hex(), "ca%22nary", 'ca\\"nary')
"""Pieces of the canary that must not be anywhere, whatever stands around them."""

CLUSTER = {
    "name": "guarded",
    "tags": ["type:localhost", "data:local"],
    "context": {"token": REFERENCE},
    "attributes": {
        "Where": {"kind": "link", "value": "https://x/{{ outputs.shown }}"},
        "Token": {"kind": "text", "value": "{{ cluster.context.token }}"},
    },
}


@pytest.fixture
def guarded(world):
    value = json.dumps({"token": CANARY})
    boto3.client("secretsmanager").create_secret(Name="heimdall/canary", SecretString=value)
    assert world.put("/api/v1/cluster/localhost", CLUSTER).status == 200
    return world


def stored():
    """All that is in both tables and the bucket, as text."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table in (JOBS, CATALOG):
        for item in dynamodb.scan(TableName=table)["Items"]:
            yield repr(item)
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        body = s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        yield found["Key"] + body.decode(errors="replace")


def answers(world, jobs):
    """What every GET of the API answers, for everything that there is."""
    ids = {"job": jobs, "command": ["noop", "noop-sync"], "cluster": ["localhost"]}
    ids |= {"binding": [], "policy": []}
    for route in query_app._static_routes + query_app._dynamic_routes:
        noun = route.path.split("/")[3]
        for entry_id in ids.get(noun, [""]) if "<" in route.path else [""]:
            path = re.sub(r"<number>", "7", re.sub(r"<\w+_id>", entry_id, route.path))
            answer = world.get(path)
            assert answer.status < 500, (path, answer.text)
            yield path, answer.text + answer.content.decode(errors="replace")


def run_job(world, command, context):
    answer = world.post(
        "/api/v1/job", job_request(context=context, command_criteria=[f"type:{command}"])
    )
    assert answer.status == 200, answer.text
    world.deliver_all()
    return answer


@pytest.mark.parametrize("command", ["noop", "noop-sync"])
def test_canary_is_nowhere_to_be_found(guarded, capsys, caplog, command):
    posted = [
        run_job(guarded, command, {"show_token": where, "output_bytes": size})
        for where in SHOWN
        for size in (0, 9_000)
    ]
    jobs = [answer.body["id"] for answer in posted]

    got = dict(answers(guarded, jobs))
    lines = capsys.readouterr()
    seen = {
        "answers to submissions": "".join(answer.text for answer in posted),
        "log": lines.out + lines.err + caplog.text,
        **{f"stored {number}": text for number, text in enumerate(stored())},
        **got,
    }
    assert {name for name, text in seen.items() if any(form in text for form in FORMS)} == set()
    assert len(got) > len(jobs) * 5
    shown = dict(zip(SHOWN, jobs[::2], strict=True))
    ends = {where: guarded.get(f"/api/v1/job/{job}").body for where, job in shown.items()}
    assert ends["detail"]["error"] == "token [secret] shown"
    assert "RuntimeError: token [secret] shown" in ends["crash"]["error"]
    assert {ends[where]["status"] for where in SHOWN} == {"FAILED", "SUCCEEDED"}
    assert guarded.get(f"/api/v1/job/{shown['stdout']}/stdout").text == "token [secret] shown"
    assert ends["result"]["job_attributes"] == {"Token": {"kind": "text", "value": REFERENCE}}
    assert '"token [secret] shown"' in guarded.get(f"/api/v1/job/{shown['result']}/result").text
    assert "token [secret] shown" in seen["log"]


@pytest.mark.parametrize(
    ("path", "body", "field", "reason"),
    [
        ("cluster/c", {"context": {"token": "hunter2"}}, "context.token", "holds a secret"),
        ("cluster/c", {"context": {"token": 17}}, "context.token", "holds a secret"),
        ("cluster/c", {"context": {"token": "vault:kv/db"}}, "context.token", "vault: is not"),
        ("cluster/c", {"context": {"token": "ssm:/other/x"}}, "context.token", "names of ssm:"),
        ("cluster/c", {"context": {"a": [REFERENCE]}}, "context.a.0", "is no field for secrets"),
        (
            "command/c",
            {"plugin": "shell", "context": {"command": ["echo", REFERENCE]}},
            "context.command.1",
            "is no field for secrets",
        ),
        (
            "command/c",
            {"plugin": "noop", "context": {"x": "vault:a"}},
            "context.x",
            "is no field for secrets",
        ),
    ],
)
def test_context_of_the_catalog_that_breaks_the_rules_is_refused(world, path, body, field, reason):
    answer = world.put(f"/api/v1/{path}", {"name": "c", **body})

    assert answer.status == 422
    assert answer.body["details"][0]["path"] == field
    assert answer.body["details"][0]["message"].startswith(reason)
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("context", "field"),
    [
        ({"payload": {"deep": ["x", REFERENCE]}}, "context.payload.deep.1"),
        ({"outputs": {"url": "ssm:/heimdall/x"}}, "context.outputs.url"),
    ],
)
def test_job_with_a_stray_reference_is_refused(world, context, field):
    answer = world.post("/api/v1/job", job_request(context=context))

    assert answer.status == 422
    assert [detail["path"] for detail in answer.body["details"]] == [field]


def test_cluster_that_was_written_with_plain_text_before_refuses_jobs(world):
    item = {"pk": {"S": "cluster"}, "sk": {"S": "localhost"}}
    dynamodb = boto3.client("dynamodb")
    stored = dynamodb.get_item(TableName=CATALOG, Key=item)["Item"]
    definition = json.loads(stored["definition"]["S"]) | {"context": {"token": "hunter2"}}
    stored["definition"] = {"S": json.dumps(definition)}
    dynamodb.put_item(TableName=CATALOG, Item=stored)
    submit_runtime.cache_clear()

    answer = world.post("/api/v1/job", job_request())

    assert answer.status == 422
    assert "cluster localhost context.token: holds a secret" in answer.body["error"]
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (None, f"there is no secret {REFERENCE}"),
        ('{"other": 1}', "its JSON has no such text"),
        ('{"token": "abc"}', "has fewer than 4 characters"),
    ],
)
def test_secret_that_cannot_be_revealed_fails_the_job(world, secret, reason):
    if secret is not None:
        boto3.client("secretsmanager").create_secret(Name="heimdall/canary", SecretString=secret)
    world.put("/api/v1/cluster/localhost", CLUSTER)

    job = run_job(world, "noop-sync", {"show_token": "stdout"}).body

    assert job["status"] == "FAILED"
    assert reason in job["error"]


def test_secret_that_no_plugin_asks_for_is_not_read(guarded):
    guarded.calls.clear()

    assert run_job(guarded, "noop-sync", {}).body["status"] == "SUCCEEDED"
    assert not [call for call in guarded.calls if call.startswith(("secretsmanager", "ssm"))]
