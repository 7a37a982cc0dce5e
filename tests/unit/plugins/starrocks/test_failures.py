"""Whether another run may follow a statement whose answer was lost."""

import pytest
from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.starrocks.failures import engine_errors
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


@pytest.mark.parametrize(("changes", "failure"), [(False, Failure.ENGINE_FAULT), (True, None)])
def test_lost_answer_of_a_change_has_no_other_run(changes, failure):
    with (
        pytest.raises(PluginError) as raised,
        engine_errors("running", is_under_way=True, changes=changes),
    ):
        raise flight.FlightUnavailableError("Connection reset by peer")

    assert raised.value.failure is failure


def test_error_of_the_user_stays_one():
    with (
        pytest.raises(PluginError) as raised,
        engine_errors("running", is_under_way=True, changes=True),
    ):
        raise flight.FlightServerError("Getting analyzing error")

    assert raised.value.failure is Failure.USER_ERROR
