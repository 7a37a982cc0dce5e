"""Answers are read once, from their beginning to their end, or not called results."""

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.trino.pages import Patience
from heimdall.plugins.trino.plugin import TrinoPlugin
from tests.fakes.engines.bench import EngineBench, Output
from tests.fakes.engines.trino import TrinoDriver
from tests.fakes.engines.trino_queries import column

NUMBERS = column("n", "bigint")
PAGES = ([[1], [2]], [[3]], [[4]])
SECOND_PAGE = "GET /v1/statement/executing/"


@pytest.fixture
def slept():
    return []


@pytest.fixture
def bench(slept):
    driver = TrinoDriver()
    driver.set_up()
    return EngineBench(TrinoPlugin(Patience(sleep=slept.append)), driver, None)


@pytest.fixture
def trino(bench):
    return bench.driver.trino


def answered(bench, *pages, columns=(NUMBERS,), **changes):
    """Start a query whose answer is there; return its handle and its last report."""
    handle = bench.start()
    bench.plugin.poll(handle)
    bench.driver.query(handle.values).answer(list(columns), *pages, **changes)
    report = bench.plugin.poll(handle)
    assert report.state is RunState.SUCCEEDED
    return handle, report


def collect(bench, handle, report):
    output = Output()
    output.returned = bench.plugin.collect(handle, report, output)
    return output


def query_of(bench, handle):
    return bench.driver.query(handle.values)


def test_all_pages_are_read_and_the_query_ends(bench):
    handle, report = answered(bench, *PAGES)

    result = collect(bench, handle, report).returned

    assert [(each.name, each.type) for each in result.columns] == [("n", "int")]
    assert result.rows == [[1], [2], [3], [4]]
    assert query_of(bench, handle).state == "FINISHED"
    assert bench.state(handle) is RunState.SUCCEEDED


def test_answer_without_rows_has_its_columns(bench):
    handle, report = answered(bench)

    result = collect(bench, handle, report).returned

    assert ([each.name for each in result.columns], list(result.rows)) == (["n"], [])


def test_answer_without_columns_is_no_result(bench):
    handle, report = answered(bench, columns=())

    assert collect(bench, handle, report).returned is None
    assert query_of(bench, handle).state == "FINISHED"


def test_result_that_nobody_wants_is_read_all_the_same(bench):
    """Trino commits what a query wrote when its answer was read."""
    bench.driver.job_context = {**bench.driver.job_context, "return_result": False}
    handle, report = answered(bench, *PAGES)

    assert collect(bench, handle, report).returned is None
    assert query_of(bench, handle).state == "FINISHED"


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
def test_page_is_asked_for_again(bench, trino, slept, status):
    handle, report = answered(bench, *PAGES)
    trino.faults = [(SECOND_PAGE, status), (SECOND_PAGE, status)]

    assert collect(bench, handle, report).returned.rows == [[1], [2], [3], [4]]
    assert slept == [0.1, 0.2]


def test_connection_that_is_gone_in_the_middle_gives_no_result(bench, trino):
    handle, report = answered(bench, *PAGES)
    query = query_of(bench, handle)
    last = f"{SECOND_PAGE}{query.id}/x{query.slug}/2"
    trino.faults = [(last, 0)] * 20

    with pytest.raises(PluginError, match="in the middle of the answer") as raised:
        collect(bench, handle, report)

    assert not isinstance(raised.value, TransientPluginError)
    assert raised.value.failure is None
    assert query.is_canceled


def test_connection_that_is_gone_before_the_first_page_loses_nothing(bench, trino):
    handle, report = answered(bench, *PAGES)
    trino.faults = [(SECOND_PAGE, 503)] * 8

    with pytest.raises(TransientPluginError):
        collect(bench, handle, report)

    assert collect(bench, handle, report).returned.rows == [[1], [2], [3], [4]]


def test_answer_is_not_read_twice(bench):
    handle, report = answered(bench, *PAGES)
    collect(bench, handle, report)

    with pytest.raises(PluginError, match="it was read before") as raised:
        collect(bench, handle, report)

    assert raised.value.failure is None


def test_lost_answer_of_a_query_that_only_reads_may_be_asked_for_by_another_run(bench):
    bench.driver.command_context = {"read_only": True}
    handle, report = answered(bench, *PAGES)
    collect(bench, handle, report)

    with pytest.raises(PluginError) as raised:
        collect(bench, handle, report)

    assert raised.value.failure is Failure.ENGINE_FAULT


def test_query_that_fails_while_it_is_read_gives_no_result(bench):
    handle, report = answered(bench, *PAGES, has_more=True)
    query = query_of(bench, handle)
    given = query.executing

    def fails_at_the_second(token, root):
        if token == 1:
            query.fail("DIVISION_BY_ZERO", "USER_ERROR", "Division by zero")
        return given(token, root)

    query.executing = fails_at_the_second
    with pytest.raises(PluginError, match="Division by zero") as raised:
        collect(bench, handle, report)

    assert raised.value.failure is Failure.USER_ERROR


def test_result_beyond_its_limit_ends_the_query_and_gives_nothing(bench):
    bench.driver.job_context = {**bench.driver.job_context, "max_rows": 2}
    handle, report = answered(bench, *PAGES, has_more=True)
    query = query_of(bench, handle)
    query.has_more = False
    output = Output()

    with pytest.raises(PluginError, match="max_rows"):
        bench.plugin.collect(handle, report, output)

    assert output.results == {}


def test_rows_that_do_not_come_in_time_end_the_query(bench):
    handle, report = answered(bench, [[1]], has_more=True)
    ticks = iter(range(0, 10_000, 100))
    plugin = TrinoPlugin(Patience(now=lambda: float(next(ticks)), seconds=600))

    with pytest.raises(PluginError, match="did not come within 600 s") as raised:
        plugin.collect(handle, report, Output())

    assert raised.value.failure is Failure.USER_ERROR
    assert query_of(bench, handle).is_canceled


def test_value_that_is_not_of_its_type_is_an_error_for_people(bench):
    handle, report = answered(bench, [["seventeen"]])

    with pytest.raises(PluginError, match="its column's type"):
        collect(bench, handle, report)


def test_answer_in_a_protocol_that_was_not_asked_for_is_refused(bench):
    handle, report = answered(bench, {"encoding": "json", "segments": []})

    with pytest.raises(PluginError, match="spooled"):
        collect(bench, handle, report)
