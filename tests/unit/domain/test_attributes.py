"""A cluster's attributes, rendered on its jobs."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.attributes import (
    MAX_BYTES,
    MAX_VALUE_CHARACTERS,
    VARIABLES,
    template_faults,
    with_attributes,
    with_outputs,
)
from tests.factories import JOB_ID, NOW_MS, make_cluster, make_command, make_job, make_running_job


def link(value):
    return {"kind": "link", "value": value}


def text(value):
    return {"kind": "text", "value": value}


def shown(attributes, *, job=None, context=None, port=0):
    rendered = with_attributes(
        job or make_job(),
        make_command(context={"queue": "q"}),
        make_cluster(attributes=attributes, context={"port": port}),
        context=context or {},
    )
    return json.loads(rendered.attributes) if rendered.attributes else {}


def test_attributes_read_job_command_cluster_and_outputs():
    job = with_outputs(make_running_job(tags=("a",), version="2"), {"spark_id": "spark-1"})
    attributes = {
        "Job": text("{{ job.id }} {{ job.version }} {{ job.user }} {{ job.tags[0] }}"),
        "Run": text("{{ job.run }} {{ job.created_at }} {{ job.started_at_ms }}"),
        "Where": text("{{ command.context.queue }}@{{ cluster.name }} {{ cluster.context.port }}"),
        "Spark": link("https://spark/{{ outputs.spark_id }}?q={{ job.context.query|urlencode }}"),
    }

    assert shown(attributes, job=job, context={"query": "a b"}, port=99) == {
        "Job": text(f"{JOB_ID} 2 alice a"),
        "Run": text(f"1 {NOW_MS // 1_000} {NOW_MS}"),
        "Where": text("q@localhost 99"),
        "Spark": link("https://spark/spark-1?q=a%20b"),
    }


def test_every_variable_is_there_once_a_run_has_begun():
    job = make_running_job(version="1", description="d")
    members = [
        (variable, member) for variable, known in VARIABLES.items() for member in known or ()
    ]
    attributes = {
        f"{variable}.{member}": text(f"{{{{ 'x' if {variable}.{member} is defined }}}}")
        for variable, member in members
    }

    assert set(shown(attributes, job=job)) == set(attributes)


def test_attribute_is_left_out_until_its_values_are_there():
    attributes = {"Run": text("{{ job.run }}"), "Spark": text("{{ outputs.id }}")}

    assert shown(attributes) == {}
    assert shown(attributes, job=make_running_job()) == {"Run": text("1")}
    told = with_outputs(make_running_job(), {"id": "7"})
    assert shown(attributes, job=told) == {"Run": text("1"), "Spark": text("7")}


def test_job_without_attributes_is_left_alone():
    job = make_job()

    assert with_attributes(job, make_command(), make_cluster(), context={}) is job


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://x",
        "data:text/html,x",
        "//host/x",
        "/x",
        "",
        "https://",
        "https:///x",
        "https://ho st/",
        "https://host/\n",
        "https://host\\@evil/",
        "\thttps://host/",
        "ftp://host/",
    ],
)
def test_link_is_left_out_unless_it_leads_to_an_http_address(address):
    assert shown({"L": link("{{ job.context.url }}")}, context={"url": address}) == {}


@pytest.mark.parametrize(
    "address", ["http://h", "https://h:80/p?q#f", "HTTPS://h/", "http://[::1]/"]
)
def test_link_to_an_http_address_is_shown(address):
    assert shown({"L": link("{{ job.context.url }}")}, context={"url": address})


def test_too_long_a_value_is_left_out():
    context = {"long": "x" * (MAX_VALUE_CHARACTERS + 1), "fits": "x" * MAX_VALUE_CHARACTERS}
    attributes = {"a": text("{{ job.context.long }}"), "b": text("{{ job.context.fits }}")}

    assert list(shown(attributes, context=context)) == ["b"]


def test_attributes_of_a_job_have_a_size_together():
    attributes = {str(number): text("{{ job.context.some }}") for number in range(20)}

    found = shown(attributes, context={"some": "é" * 1_000})

    assert 1 < len(found) < 20
    assert len(json.dumps(found, ensure_ascii=False).encode()) < MAX_BYTES + 200


def test_context_that_is_very_large_is_not_there_for_templates():
    attributes = {"n": text("{{ job.context.n }}"), "id": text("{{ job.id }}")}

    assert list(shown(attributes, context={"n": 1, "payload": "x" * 70_000})) == ["id"]


def test_template_engine_is_loaded_for_clusters_with_attributes_only():
    """It would be part of every cold start."""
    script = (
        "import sys, functions.submit.handler, functions.query.handler, functions.execute.handler;"
        "print('minijinja' in sys.modules, 'heimdall.domain.templates' in sys.modules)"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.split() == ["False", "True"]


def test_context_that_is_nested_very_deeply_is_not_there_for_templates():
    context = {}
    for _ in range(100_000):
        context = {"n": context}
    attributes = {"n": text("{{ job.context.n }}"), "id": text("{{ job.id }}")}

    assert list(shown(attributes, context=context)) == ["id"]


def test_outputs_add_up_and_newer_ones_win():
    job = with_outputs(make_job(), {"id": "1", "state": "queued"})

    job = with_outputs(job, {"state": "running", "url": "https://x"})

    assert json.loads(job.outputs) == {"id": "1", "state": "running", "url": "https://x"}


def test_outputs_stay_as_they_are_when_nothing_new_is_told():
    job = with_outputs(make_job(), {"id": "1"})

    assert with_outputs(job, {}) == with_outputs(job, {"id": "1"}) == job
    assert with_outputs(make_job(), {}) == make_job()


@given(st.dictionaries(st.text(), st.text()))
def test_outputs_are_kept_as_they_were_told(outputs):
    outputs = {name: value for name, value in outputs.items() if _is_unicode(name + value)}

    kept = with_outputs(make_job(), outputs).outputs

    assert json.loads(kept or "{}") == outputs


def test_outputs_that_no_store_takes_are_mended():
    assert json.loads(with_outputs(make_job(), {"\ud83d": "a\ud83d"}).outputs) == {"?": "a?"}


def test_outputs_are_kept_as_far_as_there_is_room():
    outputs = {"id": "1"} | {str(number): "x" * 1_000 for number in range(10_000)}

    kept = with_outputs(make_job(), outputs).outputs

    assert json.loads(kept)["id"] == "1"
    assert MAX_BYTES - 1_100 < len(kept) < MAX_BYTES + 100


def test_faults_name_each_attribute_whose_template_is_not_taken():
    attributes = {
        "Log": link("https://logs/{{ outputs.id }}"),
        "a.b": text("{{ nothing }}"),
        "Loop": text("{% for x in y %}"),
    }

    faults = template_faults(attributes)

    assert [fault["path"] for fault in faults] == ["attributes.a.b.value", "attributes.Loop.value"]
    assert faults[0]["message"].startswith("there is no variable 'nothing' here")


def _is_unicode(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
