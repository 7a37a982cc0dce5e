"""What clients may send: unknown fields and wrong types are refused with their path."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from heimdall.domain.command import SYSTEM_TAG_NAMES
from heimdall.domain.errors import Details, InvalidRequestError, PayloadTooLargeError
from heimdall.domain.job import MAX_AGE_SECONDS
from heimdall.domain.limits import MAX_EPOCH_SECONDS, MAX_RUNS, MAX_SECONDS
from heimdall.http.resolver import raw_event

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[ -~]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

MAX_BODY_BYTES = 6 * 1024 * 1024
"""What a Lambda function may be invoked with."""


def printable(text: str) -> str:
    """Refuse control characters, in a field of a model."""
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


def plain_tags(tags: list[str], system: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return tags each once and in the order given, without the system's.

    Args:
        tags: what was sent.
        system: the system tags of the object; those may be sent, and say nothing new.

    Raises:
        InvalidRequestError: a tag pretends to be a system tag.
    """
    for position, tag in enumerate(tags):
        if tag.partition(":")[0] in SYSTEM_TAG_NAMES and tag not in system:
            message = f"{tag!r} is for the gateway to set, as are all of {SYSTEM_TAG_NAMES}"
            raise InvalidRequestError(
                f"tags.{position}: {message}",
                details=[{"path": f"tags.{position}", "message": message}],
            )
    return tuple(dict.fromkeys(tag for tag in tags if tag not in system))


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(printable)]
Version = Annotated[str, Field(max_length=64), AfterValidator(printable)]
Description = Annotated[str, Field(max_length=4_096)]
Tag = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(printable)]
Tags = Annotated[list[Tag], Field(max_length=100)]
Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS)]
Runs = Annotated[int, Field(ge=1, le=MAX_RUNS)]
Criteria = Annotated[list[Tag], Field(min_length=1, max_length=100)]


class Request(BaseModel):
    """What a body is read as."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class JobLimits(Request):
    """How long a job may take; less than its command's limits, which hold otherwise."""

    queue_seconds: Seconds | None = None
    run_seconds: Seconds | None = None
    not_after: Annotated[int, Field(ge=1, le=MAX_EPOCH_SECONDS)] | None = None


class JobRetries(Request):
    """How many runs a job may have."""

    max_runs: Runs | None = None


class JobReuse(Request):
    """How old a result may be that the job shares with others."""

    max_age_seconds: Annotated[int, Field(ge=1, le=MAX_AGE_SECONDS)]


class JobRequest(Request):
    """`POST /job`."""

    name: Name
    version: Version = ""
    description: Description = ""
    tags: Tags = []
    context: dict[str, Any] = {}
    command_criteria: Criteria
    cluster_criteria: Criteria
    limits: JobLimits | None = None
    retries: JobRetries | None = None
    reuse: JobReuse | None = None

    def canonical(self) -> str:
        """Write the request as JSON that is the same for all bodies that say the same.

        A field that has its default is left out, so that a field which is added later changes
        nothing for requests that do not use it.
        """
        return json.dumps(self.model_dump(exclude_defaults=True), sort_keys=True)


class RedriveRequest(Request):
    """`POST /deliveries/dead/redrive`."""

    ids: (
        Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)]
        | None
    ) = None


Model = TypeVar("Model", bound=BaseModel)


def parse_body(model: type[Model], body: str | bytes) -> Model:
    """Read a request's body.

    Raises:
        InvalidRequestError: it is no JSON object, or a field is wrong; details name each.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from error


def body(router: BaseRouter, model: type[Model]) -> Model:
    """Read the body of the request that is being answered.

    Raises:
        InvalidRequestError: it is no JSON object, or a field is wrong; details name each.
        PayloadTooLargeError: it is larger than a function may be invoked with.
    """
    event = raw_event(router)
    text: str | bytes = event.get("body") or ""
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text)
    if len(text) > MAX_BODY_BYTES:
        raise PayloadTooLargeError(f"the body has more than {MAX_BODY_BYTES:,} bytes")
    return parse_body(model, text)


def invalid(error: ValidationError, *, path: str = "") -> InvalidRequestError:
    """Say what pydantic found, with paths such as `context.arguments.0`."""
    details: list[dict[str, Any]] = [
        {
            "path": ".".join([*([path] if path else []), *(str(part) for part in found["loc"])]),
            "message": found["msg"].removeprefix("Value error, "),
        }
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return refusal(details)


def refusal(details: list[dict[str, Any]]) -> InvalidRequestError:
    """Make the error that says what is wrong with one field or more, each `{path, message}`."""
    first = details[0]
    where = first["path"] or "the body"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    checked: Details = details
    return InvalidRequestError(f"{where}: {first['message']}{more}", details=checked)


def read_key(headers: Mapping[str, str]) -> str | None:
    """Read the header Idempotency-Key; None if there is none.

    Args:
        headers: of the request, with names in lower case.

    Raises:
        InvalidRequestError: it is empty, longer than 255, or not printable ASCII.
    """
    key = headers.get(KEY_HEADER.lower())
    if key is None or _KEY.fullmatch(key):
        return key
    message = "must be 1 to 255 printable ASCII characters"
    raise InvalidRequestError(
        f"{KEY_HEADER} {message}", details=[{"path": KEY_HEADER, "message": message}]
    )
