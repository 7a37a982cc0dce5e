"""What policies say, as it is defined and shown: rules, and where Ranger has more of them."""

from typing import Literal

from pydantic import BaseModel, Field

from heimdall_client._wire import Answer, Definition


def _anything() -> list[str]:
    return ["*"]


class _Rule(BaseModel):
    effect: str
    actions: list[str] = Field(default_factory=_anything)
    catalogs: list[str] = Field(default_factory=_anything)
    schemas: list[str] = Field(default_factory=_anything)
    tables: list[str] = Field(default_factory=_anything)
    principals: list[str] = Field(default_factory=_anything)
    except_principals: list[str] = Field(default_factory=list)


class _RangerClient(BaseModel):
    endpoint: str
    username: str
    password: str


class _RangerParser(BaseModel):
    type: str
    default_catalog: str = ""


class PolicyRule(_Rule, Definition):
    """What some may do with some tables, or may not; what is left out is everything.

    Attributes:
        effect: `allow` or `deny`; deny wins.
        actions: what statements do: `select`, `insert`, `update`, `delete`, `create`, `drop`,
            `alter`, `truncate`, `execute`, `admin`, or `*`.
        catalogs: patterns of names, with `*` and `?`; so are schemas and tables.
        principals: patterns of ARNs (`arn:...`), of users that proxies name (`named:...`), of
            teams (`team:...`), or `*`.
        except_principals: patterns of those whom the rule is not about.
    """

    effect: Literal["allow", "deny"]


class RangerClient(_RangerClient, Definition):
    """How to reach the server of Apache Ranger; the password is a reference to a secret."""


class RangerParser(_RangerParser, Definition):
    """How its policies are read.

    Attributes:
        type: `trino`.
        default_catalog: the catalog of names that have none.
    """


class Ranger(Definition):
    """A service of Apache Ranger whose policies count as rules too."""

    service_name: str = Field(min_length=1)
    sync_interval_in_minutes: int = 5
    client: RangerClient
    parser: RangerParser


class ShownPolicyRule(_Rule, Answer):
    """A rule as the API shows it."""


class ShownRangerClient(_RangerClient, Answer):
    """How Ranger is reached, as the API shows it."""


class ShownRangerParser(_RangerParser, Answer):
    """How Ranger's policies are read, as the API shows it."""


class ShownRanger(Answer):
    """What the API shows of a service of Ranger."""

    service_name: str
    sync_interval_in_minutes: int = 5
    client: ShownRangerClient
    parser: ShownRangerParser
