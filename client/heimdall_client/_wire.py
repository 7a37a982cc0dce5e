"""What all that is sent and received has in common. Fields that a newer API adds are kept."""

import json
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel


def _json_object(value: object) -> object:
    """Write it as JSON and back, so that it is what the API will give back."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"must be what JSON can hold: {error}") from error


JsonObject = Annotated[dict[str, Any], BeforeValidator(_json_object)]


class Definition(BaseModel):
    """What is sent: frozen, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Answer(BaseModel):
    """What is received: frozen, and unknown fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Attribute(Answer):
    """What a cluster tells of its jobs: a template there, its value on a job.

    Attributes:
        kind: `link` or `text`.
    """

    kind: str
    value: str


class Words(RootModel[list[str]]):
    """An answer that is a list of words."""


class Document(RootModel[dict[str, Any]]):
    """An answer that is any JSON object."""


class StatusAnswer(Answer):
    """The answer to a change of status."""

    status: str


Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """Some of a list; `next_cursor` leads to the rest."""

    data: list[Item]
    has_more: bool = False
    next_cursor: str | None = None
