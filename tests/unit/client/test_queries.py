import pytest
from pydantic import ValidationError

from heimdall_client import AuditQuery, Client, EntryQuery, JobQuery, JobStatus
from tests.unit.client.scripted_api import URL, ScriptedApi, reply


def test_query_that_asks_for_all_has_no_parameters():
    assert JobQuery().params() == EntryQuery().params() == AuditQuery().params() == {}


def test_all_filters_of_jobs_are_sent_as_heimdall_knows_them():
    query = JobQuery(
        id="01%",
        name="daily_%",
        username="alice",
        version="1",
        command="ping",
        cluster="local",
        status=[JobStatus.FAILED, "KILLED"],
        tags=["team:a", "x"],
        order_by="updated_at",
        direction="asc",
    )

    assert set(query.params()) == set(JobQuery.model_fields)
    assert query.params()["status"] == "FAILED,KILLED"
    assert query.params()["tags"] == "team:a,x"


def test_page_of_jobs_is_asked_for_with_its_query():
    api = ScriptedApi().on("GET /jobs?name=a%25b&limit=5&cursor=x", reply({"data": []}))

    with Client(URL, transport=api.transport) as client:
        page = client.list_jobs(JobQuery(name="a%b"), limit=5, cursor="x")

    assert page.data == []


def test_audit_trail_is_asked_for_page_by_page():
    entry = {"id": "1", "action": "command.put", "outcome": "refused", "code": "forbidden"}
    api = ScriptedApi()
    api.on(
        "GET /audit?action=command.%25&outcome=refused&since=5",
        reply({"data": [entry], "has_more": True, "next_cursor": "x"}),
    )
    api.on(
        "GET /audit?action=command.%25&outcome=refused&since=5&cursor=x",
        reply({"data": [], "has_more": False}),
    )
    query = AuditQuery(action="command.%", outcome="refused", since=5)

    with Client(URL, transport=api.transport) as client:
        found = list(client.iterate_audit(query))

    assert [(each.action, each.code) for each in found] == [("command.put", "forbidden")]


@pytest.mark.parametrize(
    "query",
    [
        {"tags": ["a,b"]},
        {"tags": [""]},
        {"status": "FAILED"},
        {"order_by": "name"},
        {"direction": "up"},
        {"user": "alice"},
    ],
)
def test_query_that_cannot_be_sent_is_refused(query):
    with pytest.raises(ValidationError):
        JobQuery(**query)
