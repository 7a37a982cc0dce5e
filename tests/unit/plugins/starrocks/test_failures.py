"""Whether another run may follow a statement whose answer was lost."""

import pytest
from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.starrocks.plugin import StarRocksPlugin
from heimdall.plugins.starrocks.statement import Statement


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("SELECT 1", False),
        ("-- so\n(SELECT 1)", False),
        ("WITH a AS (SELECT 1) SELECT * FROM a", False),
        ("INSERT INTO t SELECT 1", True),
        ("/* SELECT */ DELETE FROM t", True),
    ],
)
def test_statements_that_change_something_are_known(text, changes):
    assert Statement(None, text, [], "a mark").changes is changes


@pytest.mark.parametrize(("text", "failure"), [("SELECT", Failure.ENGINE_FAULT), ("INSERT", None)])
def test_lost_answer_of_a_change_has_no_other_run(make_run, server, text, failure):
    server.fault = flight.FlightUnavailableError("Connection reset by peer")
    query = "SELECT * FROM range(100000)"
    if text == "INSERT":
        server.database.execute("CREATE TABLE counted (i BIGINT)")
        query = f"INSERT INTO counted {query} RETURNING i"

    with pytest.raises(PluginError, match="Connection reset") as raised:
        StarRocksPlugin().start(make_run(query))

    assert raised.value.failure is failure


def test_error_of_the_user_stays_one(make_run):
    with pytest.raises(PluginError) as raised:
        StarRocksPlugin().start(make_run("INSERT INTO nowhere SELECT 1"))

    assert raised.value.failure is Failure.USER_ERROR
