import time
from typing import Any

import httpx

from tests.e2e.api import Api, job_body

HONOURED_SECONDS = 5
"""How long a function may choose from the catalog as it was."""


def put_command(api: Api, *, tag: str) -> None:
    command = {
        "name": "changing",
        "version": "1",
        "plugin": "ping",
        "is_sync": True,
        "tags": [tag],
        "cluster_tags": ["type:localhost"],
    }
    assert api.request("PUT", "/command/changing", json=command).is_success


def put_cluster(api: Api, *, tag: str) -> None:
    cluster = {"name": "other", "version": "1", "tags": ["type:localhost", tag]}
    assert api.request("PUT", "/cluster/other", json=cluster).is_success


def submitted(api: Api, command: str, cluster: str = "type:localhost") -> dict[str, Any]:
    answer = api.request("POST", "/job", json=job_body(command, cluster_criteria=[cluster]))
    job: dict[str, Any] = answer.json()
    return job


def test_changes_of_the_catalog_are_honoured_after_five_seconds(api: Api):
    assert submitted(api, "changing")["code"] == "no_pair_matches"

    put_command(api, tag="type:changing")
    put_cluster(api, tag="data:other")
    time.sleep(HONOURED_SECONDS)
    assert submitted(api, "changing")["command_id"] == "changing"
    assert submitted(api, "ping", "data:other")["cluster_id"] == "other"

    put_command(api, tag="type:changed")
    put_cluster(api, tag="data:changed")
    time.sleep(HONOURED_SECONDS)
    assert submitted(api, "changing")["code"] == "no_pair_matches"
    assert submitted(api, "changed")["command_id"] == "changing"
    assert submitted(api, "ping", "data:other")["code"] == "no_pair_matches"
    assert submitted(api, "ping", "data:changed")["cluster_id"] == "other"

    for entry in ("/command/changing", "/cluster/other"):
        answer = api.request("PUT", f"{entry}/status", json={"status": "INACTIVE"})
        assert answer.json()["status"] == "INACTIVE"
    time.sleep(HONOURED_SECONDS)
    assert submitted(api, "changed")["code"] == "no_pair_matches"
    assert submitted(api, "ping", "data:changed")["code"] == "no_pair_matches"
    assert submitted(api, "ping")["cluster_id"] == "localhost-0.0.1"


def test_what_was_put_can_be_read(api: Api):
    put_command(api, tag="type:read")

    command = api.request("GET", "/command/changing").json()
    assert {"type:read", "_id:changing", "_name:changing"} <= set(command["tags"])
    assert command["user"] == "heimdall-developer"
    listed = api.request("GET", "/commands").json()["data"]
    assert command in listed
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    assert api.request("GET", "/command/nothing").status_code == httpx.codes.NOT_FOUND
