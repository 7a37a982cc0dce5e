"""Attributes of clusters on jobs, from PUT to GET."""

import pytest

from tests.factories import job_request

ATTRIBUTES = {
    "Run": {"kind": "text", "value": "{{ job.run }} of {{ job.name }}"},
    "UI": {"kind": "link", "value": "{{ cluster.context.base }}/{{ outputs.id }}"},
    "Key": {"kind": "text", "value": "{{ job.context.payload.key|default('none') }}"},
}
CLUSTER = {
    "name": "localhost",
    "tags": ["type:localhost"],
    "context": {"base": "https://ui"},
    "attributes": ATTRIBUTES,
}
RUN = {"kind": "text", "value": "1 of a job"}
LINK = {"kind": "link", "value": "https://ui/17"}


@pytest.fixture
def shown(world):
    assert world.put("/api/v1/cluster/localhost", CLUSTER).status == 200
    return world


def attributes_of(world, job_id):
    return world.get(f"/api/v1/job/{job_id}").body.get("job_attributes")


def test_async_job_shows_what_is_known_at_each_step(shown):
    context = {"outputs": {"id": "17"}, "payload": {"key": "k"}}
    posted = shown.post("/api/v1/job", job_request(context=context)).body
    key = {"kind": "text", "value": "k"}
    assert posted["job_attributes"] == {"Key": key}
    assert attributes_of(shown, posted["id"]) == {"Key": key}

    shown.deliver_all()

    assert attributes_of(shown, posted["id"]) == {"Run": RUN, "UI": LINK, "Key": key}
    [listed] = shown.get("/api/v1/jobs").body["data"]
    assert listed["job_attributes"] == {"Run": RUN, "UI": LINK, "Key": key}


def test_sync_job_shows_its_attributes_without_another_write(shown):
    shown.calls.clear()
    posted = shown.post(
        "/api/v1/job",
        job_request(context={"outputs": {"id": "17"}}, command_criteria=["type:noop-sync"]),
    ).body

    writes = [call for call in shown.calls.elements() if call in WRITES]
    assert len(writes) == 2
    assert posted["job_attributes"]["UI"] == LINK
    assert attributes_of(shown, posted["id"])["Run"] == RUN


def test_context_in_s3_is_read_for_attributes_too(shown):
    context = {"payload": {"key": "k", "more": "x" * 10_000}}
    posted = shown.post("/api/v1/job", job_request(context=context)).body

    shown.deliver_all()

    assert attributes_of(shown, posted["id"])["Key"] == {"kind": "text", "value": "k"}


def test_job_keeps_the_attributes_and_revisions_of_its_run(shown):
    posted = shown.post("/api/v1/job", job_request()).body
    changed = CLUSTER | {"attributes": {"New": {"kind": "text", "value": "{{ cluster.id }}"}}}
    shown.put("/api/v1/cluster/localhost", changed)

    shown.deliver_all()
    shown.put("/api/v1/cluster/localhost", CLUSTER)

    assert attributes_of(shown, posted["id"]) == {"New": {"kind": "text", "value": "localhost"}}


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for x in job.tags %}{% endfor %}", "there is no statement 'for' here"),
        ("{{ 'x' * 1000000000 }}", "'*' is not taken within braces"),
        ("{{ job.__class__ }}", "there is no member of job '__class__' here"),
        ("{{ config }}", "there is no variable 'config' here"),
        ("{{ .Outputs.id }}", ".Outputs.id is written outputs.id here"),
        ("{% include '/etc/passwd' %}", "there is no statement 'include' here"),
        ("{{", "ends within braces"),
    ],
)
def test_template_that_loops_or_reads_what_it_must_not_is_refused(world, template, reason):
    attributes = {"Good": ATTRIBUTES["Run"], "My label": {"kind": "text", "value": template}}

    answer = world.put("/api/v1/cluster/localhost", CLUSTER | {"attributes": attributes})

    assert answer.status == 422
    [detail] = answer.body["details"]
    assert detail["path"] == "attributes.My label.value"
    assert detail["message"].startswith(reason)
    assert answer.body["error"].startswith(f"attributes.My label.value: {reason}")


WRITES = ("dynamodb.PutItem", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems")
