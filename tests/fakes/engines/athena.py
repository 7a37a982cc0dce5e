"""Athena in moto: queries run until the test ends them."""

from datetime import UTC, datetime
from typing import Any

import boto3
from moto.athena.models import Execution, QueryResults, athena_backends
from moto.core.exceptions import JsonRESTError

from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.hooks import answer_instead

SYSTEM_ERROR = {"ErrorCategory": 1, "ErrorType": 201, "Retryable": True}
USER_ERROR = {"ErrorCategory": 2, "ErrorType": 1110, "Retryable": False}


class AthenaDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "athena"
    service = "athena"
    start_operation = "StartQueryExecution"
    token: str | None = "ClientRequestToken"
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        self._backend = athena_backends["123456789012"]["us-east-1"]
        self._errors: dict[str, dict[str, Any]] = {}
        self._make_moto_like_aws()
        boto3.client("athena").create_work_group(
            Name="reports",
            Configuration={"ResultConfiguration": {"OutputLocation": "s3://answers/athena/"}},
        )
        self.command_context: Context = {"database": "sales"}
        self.cluster_context: Context = {"workgroup": "reports"}
        self.job_context: Context = {"query": "select count(*) from orders"}

    def started(self) -> int:
        return len(self._backend.executions)

    def active(self) -> int:
        states = [execution.status for execution in self._backend.executions.values()]
        return sum(state in ("QUEUED", "RUNNING") for state in states)

    def succeed(self, handle: Values) -> None:
        self._query(handle).status = "SUCCEEDED"
        rows = [{"Data": [{"VarCharValue": text}]} for text in ("orders", "17")]
        described = [{"Name": "orders", "Type": "bigint"}]
        self._backend.query_results[handle["query"]] = QueryResults(rows, described)

    def fail(self, handle: Values) -> None:
        self._end(handle, "INTERNAL_ERROR_QUERY_ENGINE", SYSTEM_ERROR)

    def fail_as_user(self, handle: Values) -> None:
        self._end(handle, "TABLE_NOT_FOUND: line 1:22: Table 'orders' does not exist", USER_ERROR)

    def stop_by_hand(self, handle: Values) -> None:
        self._query(handle).status = "CANCELLED"

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: StopQueryExecution ends a query at once."""

    def forget(self, handle: Values) -> None:
        del self._backend.executions[handle["query"]]

    def say_unknown_state(self, handle: Values) -> None:
        self._query(handle).status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        return {
            "source": "aws.athena",
            "detail-type": "Athena Query State Change",
            "detail": {
                "versionId": "0",
                "currentState": self._query(handle).status,
                "previousState": "RUNNING",
                "statementType": "DML",
                "queryExecutionId": handle["query"],
                "workgroupName": "reports",
                "sequenceNumber": "3",
            },
        }

    def _query(self, handle: Values) -> Execution:
        return self._backend.executions[handle["query"]]

    def _end(self, handle: Values, reason: str, error: dict[str, Any]) -> None:
        self._query(handle).status = "FAILED"
        self._errors[handle["query"]] = {"StateChangeReason": reason, "AthenaError": error}

    def _make_moto_like_aws(self) -> None:
        """Let queries go on until they are ended, tell errors, and describe many at a time."""
        start, stop = self._backend.start_query_execution, self._backend.stop_query_execution

        def start_and_stay(*args: Any, **kwargs: Any) -> str:
            query = start(*args, **kwargs)
            self._backend.executions[query]._transitions = []
            return query

        def find(exec_id: str) -> Execution:
            if exec_id not in self._backend.executions:
                said = f"QueryExecution {exec_id} was not found"
                raise JsonRESTError("InvalidRequestException", said)
            return self._backend.executions[exec_id]

        def stop_running(exec_id: str) -> None:
            if find(exec_id).status in ("QUEUED", "RUNNING"):
                stop(exec_id)

        self._backend.start_query_execution = start_and_stay  # type: ignore[method-assign]
        self._backend.get_query_execution = find  # type: ignore[method-assign]
        self._backend.stop_query_execution = stop_running  # type: ignore[method-assign]
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register("after-call.athena.GetQueryExecution", self._tell_error)
        answer_instead("athena.BatchGetQueryExecution", self._describe_many)

    def _tell_error(self, parsed: dict[str, Any], **_: Any) -> None:
        if found := parsed.get("QueryExecution"):
            found["Status"].update(self._errors.get(found["QueryExecutionId"], {}))

    def _describe_many(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [self._backend.executions[query] for query in asked["QueryExecutionIds"]]
        described = [
            {
                "QueryExecutionId": query.id,
                "Query": query.query,
                "Status": {
                    "State": query.status,
                    "SubmissionDateTime": datetime.fromtimestamp(query.start_time, tz=UTC),
                },
            }
            for query in found
        ]
        return {"QueryExecutions": described, "UnprocessedQueryExecutionIds": []}
