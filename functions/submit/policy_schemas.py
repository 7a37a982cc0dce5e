"""What clients may send for a policy."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from functions.submit.catalog_schemas import MAX_PATTERN_CHARACTERS, SUBJECTS, EntryRequest
from functions.submit.schemas import Criteria, Request, printable
from heimdall.domain.policy import ANY, ANYTHING, Effect, SqlAction
from heimdall.plugin.secret import Secret

MAX_RULES = 500
MAX_PATTERNS = 100
MAX_SYNC_MINUTES = 24 * 60
ACTIONS = (*(action.value for action in SqlAction), ANY)
TEAM = "team:"
"""What a principal begins with that is all of a team."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def _names_principals(pattern: str) -> str:
    if pattern != ANY and not pattern.startswith((*SUBJECTS, TEAM)):
        raise ValueError(f"must begin with {', '.join(SUBJECTS)} or {TEAM}, or be {ANY}")
    return pattern


def _leads_to_a_server(endpoint: str) -> str:
    """Refuse what would send the password in the clear, and what has one in it."""
    try:
        parts = urlsplit(endpoint)
        is_sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound or any(char.isspace() for char in endpoint):
        raise ValueError("is no address such as https://ranger.example.com")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be an address alone, without credentials or a query")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must begin with https://")
    return endpoint


def _is_known(action: str) -> str:
    if action not in ACTIONS:
        raise ValueError(f"must be one of {', '.join(ACTIONS)}")
    return action


Text = Annotated[
    str, Field(min_length=1, max_length=MAX_PATTERN_CHARACTERS), AfterValidator(printable)
]
Patterns = Annotated[list[Text], Field(min_length=1, max_length=MAX_PATTERNS)]
PrincipalPattern = Annotated[Text, AfterValidator(_names_principals)]
Action = Annotated[str, Field(json_schema_extra={"enum": list(ACTIONS)}), AfterValidator(_is_known)]
Endpoint = Annotated[Text, AfterValidator(_leads_to_a_server)]


def _anything() -> list[str]:
    return list(ANYTHING)


class RuleRequest(Request):
    """What some may do with some tables, or may not; what is left out is everything."""

    effect: Effect
    actions: Annotated[list[Action], Field(min_length=1, max_length=MAX_PATTERNS)] = Field(
        default_factory=_anything
    )
    catalogs: Patterns = Field(default_factory=_anything)
    schemas: Patterns = Field(default_factory=_anything)
    tables: Patterns = Field(default_factory=_anything)
    principals: Annotated[list[PrincipalPattern], Field(min_length=1, max_length=MAX_PATTERNS)] = (
        Field(default_factory=_anything)
    )
    except_principals: Annotated[list[PrincipalPattern], Field(max_length=MAX_PATTERNS)] = Field(
        default_factory=list
    )


class RangerClientRequest(Request):
    """How to reach the server of Apache Ranger; the password is a reference to a secret."""

    endpoint: Endpoint
    username: Text
    password: Annotated[Secret, Field(description="a reference to a secret")]


class RangerParserRequest(Request):
    """How its policies are read: for which engine, and which catalog they mean."""

    type: Literal["trino"]
    default_catalog: Annotated[
        str, Field(max_length=MAX_PATTERN_CHARACTERS), AfterValidator(printable)
    ] = ""


class RangerRequest(Request):
    """A service of Apache Ranger whose policies count as rules too."""

    service_name: Text
    sync_interval_in_minutes: Annotated[int, Field(ge=1, le=MAX_SYNC_MINUTES)] = 5
    client: RangerClientRequest
    parser: RangerParserRequest


class PolicyRequest(EntryRequest):
    """`PUT /policy/{id}`; it has rules, or Ranger's, or both."""

    cluster_tags: Criteria
    rules: Annotated[list[RuleRequest], Field(max_length=MAX_RULES)] = Field(default_factory=list)
    ranger: RangerRequest | None = None
