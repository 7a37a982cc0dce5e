"""What keeps the audit trail: in DynamoDB and in the fake."""

import json
from dataclasses import fields

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.access import Caller
from heimdall.domain.audit import MAX_TEXT, AuditEntry, AuditQuery, AuditUnavailableError, Outcome
from heimdall.domain.errors import ForbiddenError
from heimdall.domain.patterns import Pattern
from heimdall.store import audit as audit_module
from heimdall.store.audit import DynamoAuditLog, audit_item
from tests.factories import ALICE, NOW_MS, PROXY
from tests.fakes.audit import InMemoryAuditLog
from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import CATALOG
from tests.strategies import repeatable

ALICE_CALLER = Caller(principal=ALICE, user="alice", request_id="request-1")
BOB_CALLER = Caller(principal=PROXY, user="Bob", is_named=True)


@pytest.fixture(params=["dynamodb", "memory"])
def log(request):
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
        return dynamo_log()
    return InMemoryAuditLog()


def dynamo_log():
    return DynamoAuditLog(boto3.client("dynamodb"), CATALOG, 365)


def done(caller=ALICE_CALLER, *, at_ms=NOW_MS, action="command.put", target="command/x", **more):
    return AuditEntry.done(caller, at_ms=at_ms, action=action, target=target, **more)


def refused(caller=BOB_CALLER, *, at_ms=NOW_MS, action="job.cancel", target="job/1", reason="no"):
    error = ForbiddenError(reason)
    return AuditEntry.refused(caller, error, at_ms=at_ms, action=action, target=target)


def recorded(log, *entries):
    for entry in entries:
        log.record(entry)
    return log


def listed(log, *, limit=100, **query):
    return list(log.list_entries(AuditQuery(**query), limit=limit, after=None).entries)


def walked(log, query, *, limit):
    found, after = [], None
    while True:
        page = log.list_entries(query, limit=limit, after=after)
        assert len(page.entries) <= limit
        found += page.entries
        after = page.next_after
        if after is None:
            return found


def like(text):
    return Pattern.of_like(text.casefold())


def test_empty_trail_has_no_entries(log):
    assert listed(log) == []


def test_entries_are_read_as_they_were_written_newest_first(log):
    first = done(revision=3, changed=("tags", "status"))
    second = refused(at_ms=NOW_MS + 1)

    assert listed(recorded(log, first, second)) == [second, first]
    assert [entry.request_id for entry in listed(log)] == ["", "request-1"]


def test_entry_says_for_whom_it_was_and_who_signed():
    entry = refused()

    assert (entry.user, entry.principal, entry.subject) == ("Bob", PROXY, "named:Bob")
    assert (entry.outcome, entry.code, entry.reason) == (Outcome.REFUSED, "forbidden", "no")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"user": like("bob")}, [1, 3]),
        ({"user": like("named:%")}, [1, 3]),
        ({"user": like("ALI_E")}, [0, 2]),
        ({"user": like("ali")}, []),
        ({"action": like("Command.%")}, [0, 2]),
        ({"target": like("job/%")}, [1, 3]),
        ({"outcome": Outcome.REFUSED}, [1, 3]),
        ({"outcome": Outcome.DONE, "target": like("cluster/%")}, [2]),
        ({"since_ms": NOW_MS + 2}, [2, 3]),
        ({"until_ms": NOW_MS + 2}, [0, 1]),
        ({"since_ms": NOW_MS + 1, "until_ms": NOW_MS + 2}, [1]),
        ({"since_ms": NOW_MS + 2, "until_ms": NOW_MS + 2}, []),
        ({"since_ms": NOW_MS + 3, "until_ms": 0}, []),
    ],
)
def test_filters_choose_entries(log, query, found):
    entries = [
        done(),
        refused(at_ms=NOW_MS + 1),
        done(at_ms=NOW_MS + 2, action="command.status", target="cluster/y"),
        refused(at_ms=NOW_MS + 3),
    ]

    assert listed(recorded(log, *entries), **query) == [entries[at] for at in reversed(found)]


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_hold_every_entry_once(log, limit):
    entries = [done(at_ms=NOW_MS + n // 3) for n in range(20)]

    found = walked(recorded(log, *entries), AuditQuery(), limit=limit)

    assert found == sorted(entries, key=lambda entry: entry.id, reverse=True)


def test_what_is_recorded_during_a_walk_comes_before_it(log):
    recorded(log, *(done(at_ms=NOW_MS + n) for n in range(4)))
    first = log.list_entries(AuditQuery(), limit=2, after=None)

    recorded(log, done(at_ms=NOW_MS + 10))
    second = log.list_entries(AuditQuery(), limit=2, after=first.next_after)

    assert [entry.at_ms for entry in second.entries] == [NOW_MS + 1, NOW_MS]


def test_page_of_a_rare_entry_comes_short_instead_of_reading_on(aws, monkeypatch):
    monkeypatch.setattr(audit_module, "MAX_READ_ENTRIES", 10)
    monkeypatch.setattr(audit_module, "_CHUNK", 2)
    log, rare = dynamo_log(), done(target="cluster/rare")
    recorded(log, rare, *(done(at_ms=NOW_MS + 1 + n) for n in range(25)))
    query = AuditQuery(target=like("cluster/%"))

    page = log.list_entries(query, limit=5, after=None)

    assert page.entries == []
    assert page.next_after is not None
    assert walked(log, query, limit=5) == [rare]


def test_page_of_large_entries_comes_short(aws, monkeypatch):
    monkeypatch.setattr(audit_module, "MAX_READ_BYTES", 5_000)
    log = dynamo_log()
    entries = [refused(at_ms=NOW_MS + n, reason="x" * 1_000) for n in range(20)]
    recorded(log, *entries)

    page = log.list_entries(AuditQuery(), limit=20, after=None)

    assert 3 <= len(page.entries) <= 6
    assert walked(log, AuditQuery(), limit=20) == entries[::-1]


@pytest.mark.parametrize("text", ["y" * 5_000, "\ud800", "a\0b", "é🛡"])
def test_whatever_a_caller_sent_can_be_recorded(log, text):
    (entry,) = listed(recorded(log, refused(target=text, reason=text)))

    assert len(entry.target) <= MAX_TEXT
    assert len(entry.reason) <= MAX_TEXT


def test_item_expires_when_it_was_kept_long_enough():
    item = audit_item(done(), keep_for_days=10)

    assert item["expires_at"] == {"N": str(NOW_MS // 1_000 + 10 * 86_400)}
    assert item["pk"]["S"] in {f"AUDIT#{shard}" for shard in range(4)}


def test_entries_are_spread_over_the_shards():
    partitions = {audit_item(done(), keep_for_days=1)["pk"]["S"] for _ in range(200)}

    assert len(partitions) == 4


def test_trail_that_cannot_be_written_says_so(aws):
    log = DynamoAuditLog(boto3.client("dynamodb"), "no-such-table", 365)

    with pytest.raises(AuditUnavailableError):
        log.record(done())


texts = st.text(max_size=30)
entries = st.builds(
    AuditEntry,
    **{field.name: texts for field in fields(AuditEntry)}
    | {
        "at_ms": st.integers(min_value=0, max_value=(1 << 48) - 1),
        "outcome": st.sampled_from(Outcome),
        "revision": st.none() | st.integers(min_value=0),
        "changed": st.lists(texts, max_size=3).map(tuple),
    },
)


@repeatable
@given(entries)
def test_entry_survives_json(entry):
    assert AuditEntry.from_dict(json.loads(json.dumps(entry.to_dict()))) == entry


times = st.lists(st.integers(min_value=NOW_MS, max_value=NOW_MS + 5), max_size=12)
bounds = st.none() | st.integers(min_value=NOW_MS - 1, max_value=NOW_MS + 6)


@repeatable
@given(times, bounds, bounds, st.integers(min_value=1, max_value=4))
def test_walk_finds_what_a_look_at_each_finds(at_ms, since_ms, until_ms, limit):
    query = AuditQuery(since_ms=since_ms, until_ms=until_ms)
    with aws_in_memory():
        entries = [done(at_ms=at) for at in at_ms]
        found = walked(recorded(dynamo_log(), *entries), query, limit=limit)

    wanted = [entry for entry in entries if query.matches(entry)]
    assert found == sorted(wanted, key=lambda entry: entry.id, reverse=True)
