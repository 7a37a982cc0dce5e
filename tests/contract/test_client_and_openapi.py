"""The client covers the API's own description: every call, every field, every filter."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

import heimdall_client
from heimdall_client import (
    AuditQuery,
    BindingDefinition,
    Client,
    ClusterDefinition,
    CommandDefinition,
    EntryQuery,
    JobQuery,
    JobRequest,
    PolicyDefinition,
)
from heimdall_client._entries import Entries
from heimdall_client._kinds import PLURALS

DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "functions" / "query" / "openapi.json").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (method.upper(), path.removeprefix("/api/v1")): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in {"get", "post", "put"}
}
SAME_NAME = (
    *("AuditEntry", "Binding", "Candidate", "Candidates", "Cluster", "Column", "Command"),
    *("CommandLimits", "CommandRetries", "JobLimits", "JobRetries", "Policy", "Run"),
)
MODELS = {name: name for name in (*SAME_NAME, "JobRequest", "JobState", "Result", "Revision")} | {
    "BindingRequest": "BindingDefinition",
    "ClusterRequest": "ClusterDefinition",
    "CommandRequest": "CommandDefinition",
    "PolicyRequest": "PolicyDefinition",
    "RuleRequest": "PolicyRule",
    "RangerRequest": "Ranger",
    "RangerClientRequest": "RangerClient",
    "RangerParserRequest": "RangerParser",
    "DeadLetter": "DeadLetter",
    "LeftLetter": "LeftLetter",
    "Redriven": "Redriven",
    "Explanation": "Explanation",
    "Health": "Health",
    "HealthCheck": "HealthCheck",
    "Job": "Job",
    "PastBinding": "PastEntry",
    "PastCluster": "PastEntry",
    "PastCommand": "PastEntry",
    "PastPolicy": "PastEntry",
}
ONLY_HERE = {"is_replay"}
"""Is a header on the wire."""

ONLY_THERE = {"id", "dry_run", "note"}
"""The id is in the path already, and an explanation is always of a dry run."""

NOT_FILTERS = {"limit", "cursor"}


def parameters_of(path: str) -> set[str]:
    found = OPERATIONS["GET", path]["parameters"]
    return {each["name"] for each in found} - NOT_FILTERS


@pytest.mark.parametrize(("schema", "model"), MODELS.items())
def test_model_has_the_fields_of_its_schema(schema, model):
    kind: type[BaseModel] = getattr(heimdall_client, model)
    nouns = set(PLURALS) if model == "PastEntry" else set()
    there, here = set(SCHEMAS[schema]["properties"]), set(kind.model_fields)

    assert there - here - ONLY_THERE == set()
    assert here - there - ONLY_HERE - nouns == set()


def test_every_filter_can_be_asked_for():
    assert set(JobQuery.model_fields) == parameters_of("/jobs")
    assert set(AuditQuery.model_fields) == parameters_of("/audit")
    assert set(EntryQuery.model_fields) == parameters_of("/commands")
    for plural in PLURALS.values():
        assert set(EntryQuery.model_fields) >= parameters_of(f"/{plural}")


def arguments_of(method: Any, definition: BaseModel) -> dict[str, Any]:
    """What a method cannot do without, by the names of its parameters."""
    request = JobRequest(name="a", command_criteria=["c"], cluster_criteria=["l"])
    known: dict[str, Any] = {
        "request": request,
        "definition": definition,
        "status": "ACTIVE",
        "stream": "stdout",
        "revision": 7,
    }
    parameters = inspect.signature(method).parameters.values()
    needed = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    return {name: known.get(name, "ID") for name in needed}


def calls_of(owner: Any, definition: BaseModel) -> list[tuple[Any, dict[str, Any]]]:
    methods = [
        getattr(owner, name)
        for name, _ in inspect.getmembers(type(owner), inspect.isfunction)
        if not name.startswith("_") and name not in {"close", "wait"}
    ]
    return [(method, arguments_of(method, definition)) for method in methods]


def test_every_call_of_the_api_can_be_made():
    made: set[tuple[str, str]] = set()

    def note(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        made.add((request.method, re.sub(r"/7$", "/{}", path).replace("/ID", "/{}")))
        return httpx.Response(404, json={"error": "noted", "code": "not_found"})

    with Client("https://api.example.com", transport=httpx.MockTransport(note)) as client:
        by_owner: dict[Any, BaseModel] = {
            client: ClusterDefinition(name="a"),
            client.commands: CommandDefinition(name="a", plugin="p"),
            client.clusters: ClusterDefinition(name="a"),
            client.bindings: BindingDefinition(name="a", role="viewer", principals=["*"]),
            client.policies: PolicyDefinition(name="a", cluster_tags=["c"]),
        }
        by_owner[client.dead_letters] = ClusterDefinition(name="a")
        kinds = Entries | heimdall_client.DeadLetters
        owners = [each for each in vars(client).values() if isinstance(each, kinds)]
        assert {id(each) for each in owners} == {id(each) for each in by_owner if each != client}
        for owner, definition in by_owner.items():
            for method, arguments in calls_of(owner, definition):
                with pytest.raises(heimdall_client.NotFoundError):
                    list(method(**arguments))  # some ask when their first item is wanted
        with pytest.raises(heimdall_client.NotFoundError):
            list(client.iterate_stream("ID", "stderr"))

    documented = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in OPERATIONS}
    assert documented - made == set()
