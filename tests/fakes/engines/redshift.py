"""Redshift's Data API in moto: statements run until the test ends them."""

from typing import Any

import boto3
from moto.redshiftdata.models import Statement, redshiftdata_backends

from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.hooks import answer_instead

_UNENDED = ("SUBMITTED", "PICKED", "STARTED")


class RedshiftDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "redshift"
    service = "redshift-data"
    start_operation = "ExecuteStatement"
    token: str | None = "ClientToken"
    has_engine_faults = False
    has_user_errors = False
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        self._backend = redshiftdata_backends["123456789012"]["us-east-1"]
        self._names: dict[str, str] = {}
        self._latest_name = ""
        self._make_moto_like_aws()
        boto3.client("redshift").create_cluster(
            ClusterIdentifier="warehouse",
            NodeType="ra3.large",
            MasterUsername="admin",
            MasterUserPassword="Correct-horse-1",
        )
        self.command_context: Context = {}
        self.cluster_context: Context = {
            "cluster_identifier": "warehouse",
            "database": "sales",
            "db_user": "reports",
        }
        self.job_context: Context = {"query": "select count(*) from orders"}

    def started(self) -> int:
        return len(self._backend.statements)

    def active(self) -> int:
        return sum(each.status in _UNENDED for each in self._backend.statements.values())

    def succeed(self, handle: Values) -> None:
        statement = self._statement(handle)
        statement.status, statement.has_result_set = "FINISHED", True

    def fail(self, handle: Values) -> None:
        self.fail_as_user(handle)

    def fail_as_user(self, handle: Values) -> None:
        self._statement(handle).status = "FAILED"

    def stop_by_hand(self, handle: Values) -> None:
        self._statement(handle).status = "ABORTED"

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: CancelStatement ends a statement at once."""

    def forget(self, handle: Values) -> None:
        del self._backend.statements[handle["statement"]]

    def say_unknown_state(self, handle: Values) -> None:
        self._statement(handle).status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        return {
            "source": "aws.redshift-data",
            "detail-type": "Redshift Data Statement Status Change",
            "detail": {
                "principal": "arn:aws:iam::123456789012:role/heimdall/jobs",
                "statementName": self._names[handle["statement"]],
                "statementId": handle["statement"],
                "redshiftQueryId": 17,
                "state": self._statement(handle).status,
                "rows": 1,
                "expireAt": 1_601_673_265,
            },
        }

    def _statement(self, handle: Values) -> Statement:
        return self._backend.statements[handle["statement"]]

    def _make_moto_like_aws(self) -> None:
        """Keep the names of statements, and list them."""
        execute = self._backend.execute_statement

        def execute_named(*args: Any, **kwargs: Any) -> Statement:
            statement = execute(*args, **kwargs)
            self._names[statement.id] = self._latest_name
            return statement

        self._backend.execute_statement = execute_named  # type: ignore[method-assign]
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register("provide-client-params.redshift-data.ExecuteStatement", self._note_name)
        answer_instead("redshift-data.ListStatements", self._list)

    def _note_name(self, params: dict[str, Any], **_: Any) -> None:
        self._latest_name = params["StatementName"]

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        listed = [
            {"Id": each.id, "StatementName": self._names[each.id], "Status": each.status}
            for each in self._backend.statements.values()
            if each.status == asked["Status"]
            and self._names[each.id].startswith(asked["StatementName"])
            and each.cluster_identifier == asked["ClusterIdentifier"]
        ]
        return {"Statements": listed}
