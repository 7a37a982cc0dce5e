"""The handlers that are measured, and what they keep between requests."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from functions.execute.handler import lambda_handler as execute
from functions.orchestrate.handler import lambda_handler as orchestrate
from functions.query.handler import lambda_handler as query
from functions.submit.handler import lambda_handler as submit
from heimdall import runtime
from tests.fakes.lambda_context import LambdaContext
from tests.fakes.session import fresh_session

Event = dict[str, Any]
Handler = Callable[[Event, Any], Any]

HANDLERS: Mapping[str, Handler] = {
    "submit": submit,
    "query": query,
    "execute": execute,
    "orchestrate": orchestrate,
}


def answer(function: str, event: Event) -> Any:  # noqa: ANN401 - what Lambda would answer
    """Run a function once.

    Raises:
        RuntimeError: it refused, so that nothing useful would be measured.
    """
    answered = HANDLERS[function](event, LambdaContext())
    if answered.get("statusCode", 200) != 200 or answered.get("batchItemFailures"):
        raise RuntimeError(f"{function} refused what is to be measured: {answered}")
    return answered


def forget() -> None:
    """Drop all clients and all that is kept between requests."""
    fresh_session()
    forget_runtimes()


def forget_runtimes() -> None:
    """Drop what is kept between requests, and keep the session with all that listens to it."""
    for make in (
        runtime.submit_runtime,
        runtime.query_runtime,
        runtime.execute_runtime,
        runtime.orchestrate_runtime,
    ):
        make.cache_clear()


def session() -> boto3.Session:
    """Return the session that `boto3.client` makes clients of."""
    if boto3.DEFAULT_SESSION is None:
        fresh_session()
    found = boto3.DEFAULT_SESSION
    if found is None:
        raise RuntimeError("boto3 made no session")
    return found
