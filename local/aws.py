"""Clients for the emulator, deaf to whatever AWS settings the developer's shell has."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True)
class Credentials:
    """One IAM user's access key."""

    access_key_id: str
    secret_access_key: str

    def environment(self) -> dict[str, str]:
        """The variables that AWS's tools read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
        }


ROOT_CREDENTIALS = Credentials("test", "test")
"""The account's root, which every emulator of this kind knows; only set-up and tests use it."""


def session(credentials: Credentials) -> "boto3.Session":
    """A session of one user that reads neither ~/.aws nor the AWS_ variables."""
    import boto3  # half a second, which stopping does without
    import botocore.session
    from botocore.config import Config

    isolated = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    isolated.set_default_client_config(
        Config(
            proxies={},
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=5,
            read_timeout=70,
        )
    )
    return boto3.Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name=REGION,
        botocore_session=isolated,
    )


def load_credentials(file: Path) -> dict[str, Credentials]:
    """The access keys of an earlier start, by user name; none if the file is missing or broken."""
    try:
        return {user: Credentials(**key) for user, key in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def save_credentials(file: Path, credentials: Mapping[str, Credentials]) -> None:
    """Keep access keys where only their owner can read them."""
    content = {user: asdict(key) for user, key in credentials.items()}
    write_private(file, json.dumps(content, indent=2) + "\n")


def write_private(file: Path, content: str) -> None:
    """Write a file that was never readable by anybody else, not even for a moment."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(content)
    draft.replace(file)
