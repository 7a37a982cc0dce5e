"""Places in S3 that contexts name: checked, joined, and as what policies call them."""

import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PLACE = re.compile(rf"s3a?://(?P<bucket>{_BUCKET})(?:/(?P<key>.*))?", re.DOTALL)
_MAX_URI_CHARACTERS = 1_000

S3Uri = Annotated[
    str,
    Field(
        pattern=rf"^s3a?://{_BUCKET}(/[A-Za-z0-9/_.=+@:!'()-]*)?$", max_length=_MAX_URI_CHARACTERS
    ),
]
"""The type of an option that names a place in S3, without what paths or policies read otherwise."""


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket and a key, or the beginning of keys; keys neither begin nor end with a slash."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read `s3://bucket/key`; `s3a` means the same.

        Raises:
            ValueError: it is something else.
        """
        found = _PLACE.fullmatch(uri)
        if found is None:
            raise ValueError(f"{uri!r} is no place in S3")
        return cls(found["bucket"], (found["key"] or "").strip("/"))

    def below(self, *parts: str) -> Self:
        """Return a place below this one."""
        return type(self)(self.bucket, "/".join([*filter(None, [self.key]), *parts]))

    @property
    def uri(self) -> str:
        """How contexts and engines name it."""
        return f"s3://{self.bucket}/{self.key}".rstrip("/")

    def arn(self, partition: str, below: str = "") -> str:
        """Return how policies name it, or, with `/*`, what is below it."""
        return f"arn:{partition}:s3:::{self.bucket}/{self.key}".rstrip("/") + below

    def bucket_arn(self, partition: str) -> str:
        """Return how policies name its bucket."""
        return f"arn:{partition}:s3:::{self.bucket}"
