"""Snowflake in a stand-in server: statements run until the test ends them."""

from typing import Any

from tests.engines.snowflake_server import SnowflakeServer
from tests.engines.snowflake_wire import Statement
from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.hooks import StartFaults


class SnowflakeDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "snowflake"
    service = ""
    start_operation = ""
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    # it says of a statement that is gone what it says of one that is new, for some minutes
    forgets = False
    is_searchable = True

    def __init__(self) -> None:
        self.server = SnowflakeServer(holds=True)
        self.secrets = {"ssm:/heimdall/snowflake/key": self.server.pem()}

    def faults(self) -> StartFaults:
        return self.server

    def set_up(self) -> None:
        self.server.__enter__()
        self.command_context: Context = {"role": "ANALYST"}
        self.cluster_context: Context = self.server.cluster(answer_seconds=1)
        self.job_context: Context = {"query": "select 17 as orders"}

    def tear_down(self) -> None:
        self.server.__exit__()

    def started(self) -> int:
        return len(self.server.statements)

    def active(self) -> int:
        return sum(each.state == "RUNNING" for each in self.server.statements.values())

    def succeed(self, handle: Values) -> None:
        self._statement(handle).state = "SUCCESS"

    def fail(self, handle: Values) -> None:
        statement = self._statement(handle)
        statement.fail(370_001, "Internal error: incident 4711")
        statement.state = "FAILED_WITH_INCIDENT"

    def fail_as_user(self, handle: Values) -> None:
        said = "SQL compilation error: Object 'ORDERS' does not exist or not authorized."
        self._statement(handle).fail(2003, said, "42S02")

    def stop_by_hand(self, handle: Values) -> None:
        self._statement(handle).fail(604, "SQL execution canceled", "57014")

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: the cancel ends a statement at once."""

    def forget(self, handle: Values) -> None:
        del self.server.statements[handle["query"]]

    def say_unknown_state(self, handle: Values) -> None:
        self._statement(handle).state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        return None

    def _statement(self, handle: Values) -> Statement:
        return self.server.statements[handle["query"]]
