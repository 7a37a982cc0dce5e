"""Asks an Apache Ranger server for policies, and for the groups that users are in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import urllib3

MAX_BYTES = 16 * 1_024 * 1_024
"""All answers to one question together."""

_TIMEOUT = urllib3.Timeout(connect=3.0, read=15.0)
_PAGE = 500
_MAX_PAGES = 400


class RangerUnavailableError(Exception):
    """The server gave no policies that could be used; the sentence says why, without secrets."""


@dataclass(frozen=True, slots=True)
class RangerServer:
    """One server, as one of its users.

    Attributes:
        endpoint: `https://ranger.example.com:6182`, with a path if there is one before `/service`.
    """

    endpoint: str
    username: str
    password: str = field(repr=False)

    def policies(self, service: str) -> list[Mapping[str, Any]]:
        """Read all policies of a service.

        Raises:
            RangerUnavailableError: they cannot be had.
        """
        read = self._read(f"/service/public/v2/api/service/{quote(service, safe='')}/policy")
        if not isinstance(read, list) or not all(isinstance(each, dict) for each in read):
            raise RangerUnavailableError("the Ranger server's answer is no list of policies")
        return read

    def groups(self) -> dict[str, frozenset[str]]:
        """Read which groups each user is in; users' names are casefolded.

        Raises:
            RangerUnavailableError: they cannot be had.
        """
        return {
            str(user.get("name", "")).casefold(): frozenset(user.get("groupNameList") or ())
            for user in self._users()
        }

    def _users(self) -> Iterator[Mapping[str, Any]]:
        for page in range(_MAX_PAGES):
            path = f"/service/xusers/users?pageSize={_PAGE}&startIndex={page * _PAGE}"
            read = self._read(path)
            users = read.get("vXUsers") or [] if isinstance(read, dict) else None
            if users is None or not all(isinstance(each, dict) for each in users):
                raise RangerUnavailableError("the Ranger server's answer is no list of users")
            yield from users
            if len(users) < _PAGE:
                return
        raise RangerUnavailableError(f"the Ranger server has more than {_MAX_PAGES * _PAGE} users")

    def _read(self, path: str) -> Any:  # noqa: ANN401 - JSON
        headers = urllib3.make_headers(basic_auth=f"{self.username}:{self.password}")
        try:
            with urllib3.PoolManager(retries=False, timeout=_TIMEOUT) as pool:
                answer = pool.request(
                    "GET",
                    self.endpoint.rstrip("/") + path,
                    headers={**headers, "Accept": "application/json"},
                    preload_content=False,
                    redirect=False,
                )
                body = answer.read(MAX_BYTES + 1, decode_content=True)
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = type(error).__name__
            raise RangerUnavailableError(f"the Ranger server cannot be reached: {reason}") from None
        if answer.status != 200:  # noqa: PLR2004 - HTTP's
            raise RangerUnavailableError(f"the Ranger server answered with status {answer.status}")
        if len(body) > MAX_BYTES:
            raise RangerUnavailableError("the Ranger server's answer is too large")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise RangerUnavailableError("the Ranger server's answer is no JSON") from None
