"""Trino, by a coordinator of ours: queries run until the test ends them."""

from typing import Any

from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.trino_queries import FakeQuery, column
from tests.fakes.engines.trino_server import FakeTrino, serve


class TrinoDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`.

    A query is run from when it is asked for the first time: one whose answer was lost, or whose
    handle was, never is. So a run that has none that was asked for counts as one, which may be.
    """

    plugin = "trino"
    service = ""
    start_operation = ""
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = False  # before a query is asked for, Trino lists it nowhere
    gives_answers_once = True

    def __init__(self) -> None:
        self.trino = FakeTrino()

    def faults(self) -> FakeTrino:
        """Return what stands before the start: the coordinator itself."""
        return self.trino

    def set_up(self) -> None:
        endpoint, _ = serve(self.trino)
        self.command_context: Context = {"poll_interval": 50}
        self.cluster_context: Context = {"endpoint": endpoint, "catalog": "lake"}
        self.job_context: Context = {"query": "select count(*) as orders from orders"}

    def started(self) -> int:
        return len(self._works())

    def active(self) -> int:
        return sum(not query.has_ended for query in self._works())

    def succeed(self, handle: Values) -> None:
        self.query(handle).answer([column("orders", "bigint")], [[17]])

    def fail(self, handle: Values) -> None:
        self.query(handle).fail("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", "a worker is broken")

    def fail_as_user(self, handle: Values) -> None:
        message = "line 1:32: Table 'lake.sales.orders' does not exist"
        self.query(handle).fail("TABLE_NOT_FOUND", "USER_ERROR", message)

    def stop_by_hand(self, handle: Values) -> None:
        message = "Query killed. Message: by an administrator"
        self.query(handle).fail("ADMINISTRATIVELY_KILLED", "INSUFFICIENT_RESOURCES", message)

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: a query ends when its user ends it."""
        query = self.query(handle)
        if query.is_canceled:
            query.is_submitted = True
            query.cancel()

    def forget(self, handle: Values) -> None:
        del self.trino.queries[handle["query"]]

    def say_unknown_state(self, handle: Values) -> None:
        self.query(handle).state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        return None

    def query(self, handle: Values) -> FakeQuery:
        """Return the query as the coordinator has it."""
        return self.trino.queries[handle["query"]]

    def _works(self) -> list[FakeQuery]:
        queries = self.trino.queries.values()
        asked_for = [query for query in queries if query.is_submitted]
        runs = {query.headers["X-Trino-Client-Info"] for query in asked_for}
        waiting = {
            run: query
            for query in queries
            if query.is_told and (run := query.headers["X-Trino-Client-Info"]) not in runs
        }
        return [*asked_for, *waiting.values()]
