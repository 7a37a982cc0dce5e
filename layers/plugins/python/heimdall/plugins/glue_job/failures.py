"""Tells from what Glue says of a run why it failed."""

import re

from heimdall.domain.failures import Failure

_BY_STATE = {"ERROR": Failure.ENGINE_FAULT, "TIMEOUT": None, "EXPIRED": None}

_BY_CATEGORY = {
    **dict.fromkeys(
        (
            *("COMPILATION_ERROR", "IMPORT_ERROR", "INVALID_ARGUMENT_ERROR", "PERMISSION_ERROR"),
            *("QUERY_ERROR", "RESOURCE_NOT_FOUND_ERROR", "SYNTAX_ERROR"),
        ),
        Failure.USER_ERROR,
    ),
    "THROTTLING_ERROR": Failure.THROTTLED,
    "LAUNCH_ERROR": Failure.ENGINE_FAULT,
    "GLUE_INTERNAL_SERVICE_ERROR": Failure.ENGINE_FAULT,
}
_CATEGORY = re.compile(r"Error Category: (\w+)")

_BY_MESSAGE = (
    (
        re.compile(
            r"resources? (?:is |are )?unavailable|max(?:imum)? concurrent|concurrent runs exceeded"
            r"|enough (?:free addresses|capacity)|insufficient capacity",
            re.IGNORECASE,
        ),
        Failure.NO_CAPACITY,
    ),
    (re.compile(r"rate exceeded|throttl", re.IGNORECASE), Failure.THROTTLED),
    (re.compile(r"internal (?:service )?(?:error|failure)", re.IGNORECASE), Failure.ENGINE_FAULT),
    (
        re.compile(
            r"^(?:AnalysisException|ParseException|SyntaxError|IndentationError|NameError"
            r"|ModuleNotFoundError|ImportError|SystemExit)\b|Command failed with exit code"
        ),
        Failure.USER_ERROR,
    ),
)


def failure_of(state: str, message: str) -> Failure | None:
    """Return the class of a failure; None if Glue does not tell whose it is.

    Args:
        state: the run's: FAILED, TIMEOUT, ERROR, EXPIRED.
        message: its `ErrorMessage`; since Glue 4.0 it begins with a category.
    """
    if state in _BY_STATE:
        return _BY_STATE[state]
    if category := _CATEGORY.search(message):
        return _BY_CATEGORY.get(category[1])
    return next((failure for said, failure in _BY_MESSAGE if said.search(message)), None)
