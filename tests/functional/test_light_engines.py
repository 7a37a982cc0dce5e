"""Jobs of plugins that need nothing but boto3: through the API and back in every form."""

import json
import os
from collections.abc import Iterator

import pytest

from tests.fakes.dynamo_pages import DynamoPages, page
from tests.fakes.tables_of_others import (
    DIGITS,
    METADATA,
    METADATA_LOCATION,
    create_music,
    create_sales,
)
from tests.functional.world import World, world_in_memory

CATALOG = {
    "cluster/aws": {"name": "aws", "tags": ["type:aws"]},
    "command/dynamo": {
        "name": "dynamo",
        "plugin": "dynamo",
        "is_sync": True,
        "tags": ["type:dynamo"],
        "cluster_tags": ["type:aws"],
        "context": {"max_rows": 1000},
    },
    "command/glue": {
        "name": "glue",
        "plugin": "glue",
        "is_sync": True,
        "tags": ["type:glue"],
        "cluster_tags": ["type:aws"],
    },
}


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A gateway whose runner has the two plugins, and their tables beside it."""
    with world_in_memory(monkeypatch) as world:
        runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
        runners["light"]["plugins"] += ["dynamo", "glue"]
        monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
        create_music()
        create_sales()
        world.put_catalog(CATALOG)
        yield world


def submit(world: World, plugin: str, **context):
    job = {
        "name": "n",
        "command_criteria": [f"type:{plugin}"],
        "cluster_criteria": ["type:aws"],
        "context": context,
    }
    return world.post("/api/v1/job", job)


def result_of(world: World, answer, accept: str = "application/json") -> str:
    path = f"/api/v1/job/{answer.body['id']}/result"
    return world.get(path, headers={"accept": accept}).content.decode()


def test_table_of_dynamodb_comes_back_as_json_and_csv(engines):
    answer = submit(
        engines,
        "dynamo",
        query='SELECT Song, Exact, Cover, Words, Moods, Label FROM "Music" WHERE Artist = :a',
        params={"a": "Acme"},
    )

    assert (answer.status, answer.body["status"]) == (200, "SUCCEEDED"), answer.text
    result = json.loads(result_of(engines, answer))
    assert [f"{each['name']}: {each['type']}" for each in result["columns"]] == [
        "Song: string",
        "Exact: decimal",
        "Cover: binary",
        "Words: json",
        "Moods: list<string>",
        "Label: null",
    ]
    assert result["data"] == [
        ["One", None, None, None, None, None],
        ["Two", DIGITS, "00ff", '["la",1.50,null]', ["calm", "sad"], None],
    ]
    assert result_of(engines, answer, "text/csv") == (
        '"Song","Exact","Cover","Words","Moods","Label"\r\n'
        '"One",,,,,\r\n'
        f'"Two","{DIGITS}","00ff","[""la"",1.50,null]","[""calm"",""sad""]",\r\n'
    )


def test_write_is_refused_when_it_is_submitted(engines):
    answer = submit(engines, "dynamo", query="DELETE FROM Music WHERE Artist = 'Acme'")

    assert answer.status == 422
    assert "only SELECT is taken here" in answer.text
    assert engines.calls["dynamodb.ExecuteStatement"] == 0


def test_result_beyond_the_limit_fails_the_job(engines):
    DynamoPages([page(*[{"a": {"S": "x"}}] * 600, next_token="1"), page(*[{}] * 600)])

    answer = submit(engines, "dynamo", query="SELECT * FROM Music")

    assert answer.body["status"] == "FAILED"
    assert "more than 1,000 rows" in answer.body["error"]


def test_metadata_of_an_iceberg_table_comes_back(engines):
    answer = submit(engines, "glue", table_name="sales.orders")

    assert answer.body["status"] == "SUCCEEDED", answer.text
    result = json.loads(result_of(engines, answer))
    assert result["columns"][0] == {"name": "message", "type": "string"}
    assert json.loads(result["data"][0][0]) == METADATA
    assert result["data"][0][2] == METADATA_LOCATION
    header, line = result_of(engines, answer, "text/csv").split("\r\n")[:2]
    assert header.startswith('"message","table_name","metadata_location"')
    assert f'"sales.orders","{METADATA_LOCATION}"' in line


def test_table_that_is_not_there_fails_the_job(engines):
    answer = submit(engines, "glue", table_name="sales.nothing")

    assert answer.body["status"] == "FAILED"
    assert "sales.nothing" in answer.body["error"]


@pytest.mark.parametrize(
    ("plugin", "context", "status"),
    [
        ("dynamo", {"query": "SELECT Song FROM Music"}, "SUCCEEDED"),
        ("dynamo", {"query": 'SELECT * FROM "Secrets" -- FROM Music'}, "FAILED"),
        ("dynamo", {"query": "SELECT * FROM music"}, "FAILED"),
        ("glue", {"table_name": "sales.orders"}, "SUCCEEDED"),
        ("glue", {"table_name": "sales.salaries"}, "FAILED"),
    ],
)
def test_policy_decides_which_tables_are_read(engines, plugin, context, status):
    rules = [
        {"effect": "allow", "actions": ["select"], "tables": ["Music", "orders"]},
        {"effect": "deny", "tables": ["salaries"]},
    ]
    policy = {"name": "tables", "cluster_tags": ["type:aws"], "rules": rules}
    assert engines.put("/api/v1/policy/tables", policy).status == 200

    answer = submit(engines, plugin, **context)

    assert answer.body["status"] == status, answer.text
    assert ("the SQL was refused" in answer.body.get("error", "")) is (status == "FAILED")
    assert engines.calls["dynamodb.ExecuteStatement"] + engines.calls["glue.GetTable"] == (
        status == "SUCCEEDED"
    )
