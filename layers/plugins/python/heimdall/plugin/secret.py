"""Secrets in contexts: a reference that only a run can turn into its value."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from heimdall.domain.errors import AccessLostError, PluginError
from heimdall.plugin.redaction import Redactor

MIN_CHARACTERS = 4
"""A shorter value cannot be kept out of what a run gives without ruining it."""

PREFIXES = {"secretsmanager": "heimdall/", "ssm": "/heimdall/"}
"""The sources of secrets, and how the names begin that a deployment may read there."""

PER_USER = "{user}"
"""Stands in the name of a secret for whoever submitted the job, where a plugin allows that."""

FORMS = "secretsmanager:heimdall/<name>, with #<key> if it is JSON, or ssm:/heimdall/<name>"

_MAX_NAME_CHARACTERS = 512
_SOURCES = ("secretsmanager:", "ssm:", "vault:")
_LOOKS_LIKE_ONE = re.compile(r"[a-z]+:\S+")
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]+")
_USER = re.compile(r"[A-Za-z0-9_+=@-][A-Za-z0-9_+=.@-]{0,127}")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is kept.

    Attributes:
        source: `secretsmanager` or `ssm`.
        key: the field of a JSON object that is the secret; empty if the whole value is.
    """

    source: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.name}" + (f"#{self.key}" if self.key else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `secretsmanager:heimdall/<name>#<key>` or `ssm:/heimdall/<name>`.

        Raises:
            ValueError: it is no reference; the sentence does not repeat the text.
        """
        source, colon, rest = text.partition(":")
        if source == "vault" and colon:
            raise ValueError(f"vault: is not available in this deployment; give {FORMS}")
        if source not in PREFIXES or not colon:
            raise ValueError(f"holds a secret, so it takes a reference and no plain text: {FORMS}")
        name, mark, key = rest.partition("#")
        letters = name.replace(PER_USER, "")
        is_sound = _NAME.fullmatch(letters) and len(name) <= _MAX_NAME_CHARACTERS
        if not (is_sound and key.isprintable() and bool(mark) == bool(key)):
            raise ValueError(f"is no reference to a secret; give {FORMS}")
        if not name.startswith(PREFIXES[source]) or name == PREFIXES[source]:
            raise ValueError(
                f"names of {source}: begin with {PREFIXES[source]}; others are not read"
            )
        return cls(source, name, key)

    @property
    def is_per_user(self) -> bool:
        """Whether each user has a secret of their own there."""
        return PER_USER in self.name

    def of_user(self, user: str) -> "SecretReference":
        """Return the reference of one user's own secret.

        Raises:
            PluginError: the user's name cannot stand in the name of a secret as it is. It is
                not changed, so that no two users can come to have the same secret.
        """
        if not _USER.fullmatch(user):
            raise PluginError(
                f"{self} names a secret for each user, and the user's name cannot stand in it: "
                "it takes up to 128 letters, digits and _+=.@- and does not begin with a dot"
            )
        return replace(self, name=self.name.replace(PER_USER, user))


def looks_like_reference(text: str) -> bool:
    """Whether somebody may take this for a reference to a secret."""
    return text.startswith(_SOURCES) and _LOOKS_LIKE_ONE.fullmatch(text) is not None


ReadSecret = Callable[[SecretReference], str]
"""Reads what is kept at a reference, whatever its key. Raises PluginError."""


class SecretReader:
    """Reveals the secrets of one run: each is read once, and known to the redactor from then on."""

    def __init__(self, read: ReadSecret, redactor: Redactor) -> None:
        self._read = read
        self._redactor = redactor
        self._lock = Lock()
        self._known: dict[tuple[str, str], str] = {}

    def reveal(self, reference: SecretReference) -> str:
        """Return a secret's value.

        Raises:
            TransientPluginError: it could not be read now.
            PluginError: it cannot be read, or is no secret that could be kept.
        """
        place = (reference.source, reference.name)
        with self._lock:
            if place not in self._known:
                self._known[place] = self._read(reference)
            value = _part(self._known[place], reference)
        if len(value) < MIN_CHARACTERS:
            raise PluginError(
                f"the secret {reference} has fewer than {MIN_CHARACTERS} characters: "
                "it could not be told from other text and kept out of it"
            )
        self._redactor.add(value)
        return value

    def reveal_again(self, text: str) -> str:
        """Return the value of a reference that a handle keeps of work that has begun.

        Raises:
            AccessLostError: it cannot be read now, or not any more: that does not end the work.
        """
        try:
            return self.reveal(SecretReference.parse(text))
        except (PluginError, ValueError) as error:
            raise AccessLostError(f"a secret of the work cannot be read: {error}") from error


class Secret:
    """The type of a plugin's option that holds a secret: a context has a reference there.

    Where the API checks contexts, and in whatever is printed, there is only the reference.
    """

    __slots__ = ("_reader", "reference")

    def __init__(self, reference: SecretReference, reader: SecretReader | None = None) -> None:
        self.reference = reference
        self._reader = reader

    def reveal(self) -> str:
        """Return the value; it is read at the first call in a run.

        Raises:
            TransientPluginError: it could not be read now.
            PluginError: it cannot be read, or this is no run.
        """
        if self._reader is None:
            raise PluginError(f"the secret {self.reference} is revealed to runs only")
        if self.reference.is_per_user:
            raise PluginError(f"the secret {self.reference} is there for users only")
        return self._reader.reveal(self.reference)

    def of_user(self, user: str) -> "Secret":
        """Return one user's own secret, if the reference names one for each; else this one.

        Raises:
            PluginError: the user's name cannot stand in the name of a secret.
        """
        if not self.reference.is_per_user:
            return self
        return Secret(self.reference.of_user(user), self._reader)

    def __repr__(self) -> str:
        return f"Secret({str(self.reference)!r})"

    def __str__(self) -> str:
        return str(self.reference)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reference == other.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        return core_schema.with_info_plain_validator_function(
            cls._validated, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "description": f"a reference to a secret: {FORMS}"}

    @classmethod
    def _validated(cls, value: object, info: ValidationInfo) -> "Secret":
        if not isinstance(value, str):
            raise PydanticCustomError("secret_type", "must be a text: a reference to a secret")
        try:
            reference = SecretReference.parse(value)
        except ValueError as error:
            raise PydanticCustomError("secret", "{reason}", {"reason": str(error)}) from None
        return cls(reference, (info.context or {}).get("secrets"))


def _part(value: str, reference: SecretReference) -> str:
    """Return the field that a reference names of a secret that is a JSON object."""
    if not reference.key:
        return value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise PluginError(f"the secret {reference} is no JSON object, so it has no keys")
    part = found.get(reference.key)
    if not isinstance(part, str | int | float) or isinstance(part, bool):
        raise PluginError(f"the secret {reference} is not there: its JSON has no such text")
    return str(part)
