import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

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


def get(api: Api, path: str, **query: str) -> Any:
    return api.request("GET", f"{path}?{urlencode(query)}").json()


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
    by_id = get(api, "/commands", order_by="id", direction="asc")
    ids = [each["id"] for each in by_id["data"]]
    assert ids == sorted(each["id"] for each in listed)
    assert api.request("GET", "/command/nothing").status_code == httpx.codes.NOT_FOUND


def test_history_is_kept_and_gone_back_to(api: Api):
    put_command(api, tag="type:first")
    first = api.request("GET", "/command/changing").json()
    put_command(api, tag="type:second")
    seen = {"If-Match": f'"{first["revision"]}"'}
    path = "/command/changing"

    refused = api.request("PUT", f"{path}/status", json={"status": "DELETED"}, headers=seen)
    back = api.request("POST", f"{path}/rollback", json={"revision": first["revision"]})

    assert refused.json()["code"] == "revision_conflict"
    assert back.json()["tags"] == first["tags"]
    assert back.headers["etag"] == f'"{back.json()["revision"]}"'
    newest = get(api, f"{path}/revisions", limit="1")["data"][0]
    assert (newest["action"], newest["restored_revision"]) == ("rollback", first["revision"])
    then = api.request("GET", f"{path}/revisions/{first['revision']}").json()
    assert then["command"] == first


def test_lists_are_filtered_and_walked(api: Api):
    for order in ("id", "created_at", "updated_at"):
        query = {"limit": "1", "order_by": order, "direction": "asc"}
        ids = []
        while True:
            page = get(api, "/commands", **query)
            ids += [command["id"] for command in page["data"]]
            if not page["has_more"]:
                break
            query["cursor"] = page["next_cursor"]
        assert len(ids) == len(set(ids)) > 3

    found = get(api, "/commands", plugin="PING", status="active")
    assert {command["plugin"] for command in found["data"]} == {"ping"}
    binding = {"role": "viewer", "principals": ["named:nobody"], "status": "INACTIVE"}
    assert api.request("PUT", "/binding/listed", json=binding).is_success
    assert [each["id"] for each in get(api, "/bindings", id="listed")["data"]] == ["listed"]
    policy = {"name": "listed", "cluster_tags": ["none"], "rules": [{"effect": "deny"}]}
    assert api.request("PUT", "/policy/listed", json=policy).is_success
    assert [each["name"] for each in get(api, "/policies", id="listed")["data"]] == ["listed"]


def test_of_two_writers_at_once_one_wins_and_writers_of_others_all_do(api: Api):
    put_command(api, tag="type:contended")
    seen = api.request("GET", "/command/changing").json()["revision"]

    def change(number: int) -> httpx.Response:
        body = {"name": "changing", "plugin": "ping", "description": f"writer {number}"}
        headers = {"If-Match": f'"{seen}"'}
        return api.request("PUT", "/command/changing", json=body, headers=headers)

    def add(number: int) -> httpx.Response:
        return api.request("PUT", f"/cluster/at-once-{number}", json={"name": "at-once"})

    with ThreadPoolExecutor(6) as pool:
        changed = [pool.submit(change, number) for number in range(2)]
        added = [pool.submit(add, number) for number in range(4)]
        answers = [future.result() for future in changed]
        others = [future.result().status_code for future in added]

    assert others == [200] * 4
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won = next(answer.json() for answer in answers if answer.is_success)
    lost = next(answer.json() for answer in answers if not answer.is_success)
    assert (lost["code"], lost["details"]) == (
        "revision_conflict",
        {"current_revision": won["revision"]},
    )
    history = get(api, "/command/changing/revisions", limit="2")["data"]
    assert [line["revision"] for line in history] == [won["revision"], seen]
