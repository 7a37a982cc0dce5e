"""What a route's contract adds to its code: what it takes and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter in the query or the headers."""

    name: str
    description: str
    schema: Mapping[str, Any]
    where: str = "query"


@dataclass(frozen=True, kw_only=True)
class Response:
    """One way to be answered.

    Attributes:
        content: for each media type a model, or a schema, or None for bytes.
        headers: for each header, what it says.
    """

    description: str
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Everything about an operation that its path and docstring do not say.

    Attributes:
        refusals: statuses of refusals beyond those of every route.
    """

    tag: str
    responses: Mapping[int, Response]
    request: type[BaseModel] | None = None
    parameters: Sequence[Parameter] = ()
    refusals: Sequence[int] = ()


def reference(model: type[BaseModel]) -> dict[str, str]:
    """The schema that stands for a model."""
    return {"$ref": REFERENCE.format(model=model.__name__)}


def answers(model: Any, description: str, **headers: str) -> Mapping[int, Response]:  # noqa: ANN401 - a model or a schema
    """200 with JSON of this shape, and nothing else."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return {200: Response(description=description, content={JSON: model}, headers=named)}


def text(name: str, description: str, **schema: Any) -> Parameter:  # noqa: ANN401 - JSON Schema
    """A parameter of the query that is text."""
    return Parameter(name=name, description=description, schema={"type": "string", **schema})


def number(name: str, description: str, **schema: Any) -> Parameter:  # noqa: ANN401 - JSON Schema
    """A parameter of the query that is a whole number."""
    return Parameter(name=name, description=description, schema={"type": "integer", **schema})


def header(name: str, description: str, **schema: Any) -> Parameter:  # noqa: ANN401 - JSON Schema
    """A header of the request."""
    return Parameter(
        name=name, description=description, schema={"type": "string", **schema}, where="header"
    )
