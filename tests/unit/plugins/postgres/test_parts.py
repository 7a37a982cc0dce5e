"""Errors, parameters, types of a catalog, kept rows, reading ahead."""

import time
from threading import Event, active_count

import psycopg
import pytest
from psycopg import errors
from psycopg.types.numeric import Int4, Int8, IntNumeric

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.postgres import kept_rows
from heimdall.plugins.postgres.batches import Chunk
from heimdall.plugins.postgres.failures import connection_error, failure_of, statement_error
from heimdall.plugins.postgres.kept_rows import KeptRows
from heimdall.plugins.postgres.parameters import numbered
from heimdall.plugins.postgres.prefetch import AHEAD, read_ahead
from heimdall.plugins.postgres.type_lookup import CatalogType, value_type

INT4, NUMERIC = 23, 1700


@pytest.mark.parametrize(
    ("state", "failure"),
    [
        (None, Failure.ENGINE_FAULT),
        ("08006", Failure.ENGINE_FAULT),
        ("22012", Failure.USER_ERROR),
        ("23505", Failure.USER_ERROR),
        ("25006", Failure.USER_ERROR),
        ("28P01", Failure.USER_ERROR),
        ("40001", Failure.ENGINE_FAULT),
        ("42P01", Failure.USER_ERROR),
        ("53300", Failure.NO_CAPACITY),
        ("55P03", Failure.NO_CAPACITY),
        ("57P01", Failure.ENGINE_FAULT),
        ("57P03", Failure.NO_CAPACITY),
        ("57P04", Failure.USER_ERROR),
        ("58030", Failure.ENGINE_FAULT),
        ("XX001", Failure.ENGINE_FAULT),
    ],
)
def test_states_have_a_class(state, failure):
    assert failure_of(state) is failure


def test_error_without_a_state_is_a_lost_connection_and_tells_no_more():
    told = statement_error(psycopg.OperationalError("host=db password=hunter2"), number=2)

    assert str(told) == "the connection to the server was lost, statement 2"
    assert told.failure is Failure.ENGINE_FAULT


def test_value_that_the_driver_refuses_is_the_users_error():
    told = statement_error(errors.DataError("hunter2"))

    assert told.failure is Failure.USER_ERROR
    assert "hunter2" not in str(told)


def test_connection_error_of_no_known_kind_tells_nothing():
    told = connection_error(psycopg.OperationalError("hunter2 is odd"), "db:5432")

    assert str(told) == "no connection to db:5432: it could not be reached"
    assert told.failure is Failure.ENGINE_FAULT


def test_names_become_numbers():
    sql, values = numbered("select :b, ':no', :a::int, :b -- :c", {"a": 1, "b": "x", "other": 2})

    assert sql == "select $1, ':no', $2::int, $1 -- :c"
    assert values == ["x", 1]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0, Int4),
        (2**31 - 1, Int4),
        (-(2**31), Int4),
        (2**31, Int8),
        (-(2**63), Int8),
        (2**63, IntNumeric),
        (True, bool),
        ("1", str),
        (1.0, float),
    ],
)
def test_numbers_have_the_types_of_literals(value, kind):
    _, (sized,) = numbered("select :a", {"a": value})

    assert type(sized) is kind


def test_numbers_of_a_list_have_one_type():
    _, (sized,) = numbered("select :a", {"a": [1, None, 2**40]})

    assert [type(each) for each in sized] == [Int8, type(None), Int8]


def test_types_of_the_catalog_are_followed():
    catalog = {
        90_001: CatalogType(kind="d", origin=(NUMERIC, ((10 << 16) | 3) + 4)),
        90_002: CatalogType(kind="b", element=90_001),
        90_003: CatalogType(kind="c", fields=[("id", INT4, -1), ("sums", 90_002, -1)]),
        90_004: CatalogType(kind="e"),
    }

    row = value_type(90_003, -1, catalog).arrow

    assert str(row) == "struct<id: int32, sums: list<item: decimal128(10, 3)>>"
    assert str(value_type(90_004, -1, catalog).arrow) == "string"
    assert str(value_type(99_999, -1, catalog).arrow) == "string"


def test_kept_rows_come_back_as_they_were():
    chunks = [Chunk(b"1\n"), Chunk(b"2\n3\n", rows=2), Chunk(b"", rows=7)]
    kept = KeptRows()

    kept.keep(iter(chunks))

    assert list(kept.chunks()) == chunks
    kept.close()


def test_too_many_kept_rows_are_no_result(monkeypatch):
    monkeypatch.setattr(kept_rows, "MAX_BYTES", 5)
    kept = KeptRows()

    kept.keep([Chunk(b"1234\n"), Chunk(b"5\n")])

    with pytest.raises(PluginError, match="put that one last"):
        list(kept.chunks())
    kept.close()


def test_items_are_read_ahead_in_order():
    with read_ahead(iter(range(100)), give_up=lambda: None) as items:
        assert list(items) == list(range(100))


def test_no_more_is_read_ahead_than_has_room():
    read = []

    def source():
        for number in range(100):
            read.append(number)
            yield number

    with read_ahead(source(), give_up=lambda: None) as items:
        assert next(items) == 0
        time.sleep(0.3)
        assert len(read) <= AHEAD + 2


def test_error_comes_after_the_items_before_it():
    def source():
        yield 1
        raise PluginError("no more")

    with read_ahead(source(), give_up=lambda: None) as items:
        assert next(items) == 1
        with pytest.raises(PluginError, match="no more"):
            next(items)


def test_items_that_nobody_wants_any_more_are_given_up():
    ended, closed = Event(), []

    def source():
        try:
            yield 1
            ended.wait(10)
            yield 2
        finally:
            closed.append(True)

    before = active_count()
    with read_ahead(source(), give_up=ended.set) as items:
        next(items)

    assert ended.is_set()
    assert closed == [True]
    assert active_count() == before
