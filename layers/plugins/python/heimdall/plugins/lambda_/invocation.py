"""Calls a function and waits for its answer: Lambda gives no other way to know how it ended."""

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
)

from heimdall.aws.failures import engine_errors, error_code
from heimdall.aws.options import AwsClusterOptions
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.identity import AwsAccess
from heimdall.plugin.spec import RunReport, RunRequest, RunState
from heimdall.plugins.lambda_.answer import copy_tail, failure_of, read_error, result_of
from heimdall.plugins.lambda_.function import Function
from heimdall.plugins.lambda_.options import CommandOptions, JobOptions, payload_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

CAPACITY = (
    *("ENILimitReachedException", "SubnetIPAddressLimitReachedException"),
    *("EC2ThrottledException", "ENINotReadyException", "ServiceQuotaExceededException"),
)
"""Codes by which Lambda says that there was no room for the function."""

NOT_READY = (
    *("ResourceNotReadyException", "ResourceConflictException", "SnapStartNotReadyException"),
    *("CodeArtifactUserPendingException", "SnapStartTimeoutException", "EC2UnexpectedException"),
    *("EFSMountTimeoutException", "EFSMountConnectivityException"),
    *("S3FilesMountTimeoutException", "S3FilesMountConnectivityException"),
)
"""Codes by which Lambda says that the function could not be begun, and may be later."""

REFUSED = (
    *("InvalidSubnetIDException", "InvalidSecurityGroupIDException", "EC2AccessDeniedException"),
    *("KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException"),
    *("KMSNotFoundException", "InvalidRuntimeException", "InvalidZipFileException"),
)
"""Codes of server errors by which Lambda says that the function cannot be begun as it is."""

_SERVER_ERROR = 500


def invoke_and_wait(aws: AwsAccess, run: RunRequest) -> RunReport:
    """Call the function within the time that there is.

    Raises:
        TransientPluginError: it was not called, or may be called again.
        PluginError: it cannot be called, or nobody knows whether it was and how it ended.
    """
    command = cast(CommandOptions, run.command_options)
    if run.stop.reason is not None:
        return RunReport(state=RunState.CANCELED, detail="the function was not called")
    if run.is_retry and not command.repeatable:
        raise PluginError(
            f"a former try of this run may have called {command.function_name}, and its answer is "
            f"lost; it is not called again, since its command is not `repeatable`"
        )
    function = Function.of(command)
    identity = cast(AwsClusterOptions, run.cluster_options).identity(run.identity)
    client: LambdaClient = aws.client(
        "lambda",
        identity,
        function.may_invoke,
        repeats=False,
        answer_seconds=max(1, int(run.seconds_left)),
    )
    try:
        with engine_errors(f"calling {function.name}", capacity=CAPACITY, faults=NOT_READY):
            return _answered(client, function, run)
    except _AnswerLostError as error:
        raise _lost(error, command, run) from error


class _AnswerLostError(Exception):
    """Nobody knows whether the function was called, or how it ended."""


def _answered(client: "LambdaClient", function: Function, run: RunRequest) -> RunReport:
    try:
        answer = client.invoke(**_arguments(function, run))
        payload = answer["Payload"].read().decode(errors="replace")
    except (HTTPClientError, IncompleteReadError) as error:  # a ConnectionError was before it
        raise _AnswerLostError(str(error)) from error
    except ClientError as error:
        if _may_have_run(error):
            raise _AnswerLostError(str(error)) from error
        raise
    return _report(answer, payload, run)


def _arguments(function: Function, run: RunRequest) -> dict[str, Any]:
    about = {"custom": {**run.tags, "heimdall:token": run.token, "heimdall:user": run.user[:256]}}
    arguments: dict[str, Any] = {
        "FunctionName": function.name,
        "InvocationType": "RequestResponse",
        "LogType": "Tail",
        "ClientContext": base64.b64encode(json.dumps(about).encode()).decode(),
        "Payload": payload_of(cast(JobOptions, run.options).payload),
    }
    if function.qualifier:
        arguments["Qualifier"] = function.qualifier
    return arguments


def _report(answer: "InvocationResponseTypeDef", payload: str, run: RunRequest) -> RunReport:
    outputs = {
        "request_id": answer["ResponseMetadata"].get("RequestId", ""),
        "executed_version": answer.get("ExecutedVersion", ""),
    }
    outputs = {name: text for name, text in outputs.items() if text}
    copy_tail(answer.get("LogResult", ""), run.stdout)
    if answer.get("FunctionError"):
        error = read_error(payload)
        trace = error.get("stackTrace") or []
        run.stderr.write("".join(f"{line}\n" for line in trace).encode())
        return replace(failure_of(error), outputs=outputs)
    return RunReport(state=RunState.SUCCEEDED, result=result_of(payload), outputs=outputs)


def _may_have_run(error: ClientError) -> bool:
    """Tell whether a refusal leaves open what became of the function."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    begun_never = (*CAPACITY, *NOT_READY, *REFUSED)
    return status >= _SERVER_ERROR and error_code(error) not in begun_never


def _lost(error: _AnswerLostError, command: CommandOptions, run: RunRequest) -> PluginError:
    late = isinstance(error.__cause__, ReadTimeoutError)
    what = f"did not answer within {int(run.seconds_left)} s" if late else "gave no answer"
    text = f"{command.function_name} {what}, and may work on: Lambda stops no function: {error}"
    if command.repeatable and not late:
        return TransientPluginError(text, failure=Failure.ENGINE_FAULT)
    return PluginError(text)
