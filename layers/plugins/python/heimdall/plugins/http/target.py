"""URLs that are called: taken apart strictly, and compared with the hosts that are allowed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote, urlencode, urlsplit

_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65_535
_HOST = re.compile(r"[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}")
_SAFE = "!#$%&'()*+,-./:;=?@_~"
_PLAIN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is called.

    Attributes:
        host: in lower case; an IPv6 address without brackets.
        path: with the query, as it is sent.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a secret may be sent to, if it may be sent to this."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The host as it is sent: with its port, unless that is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without its query, for people."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    def below(self, path: str) -> Self:
        """Return what a path leads to that is appended to this one.

        Raises:
            ValueError: it leads elsewhere.
        """
        before, _, query = path.partition("?")
        if {".", ".."} & set(re.split(r"[/\\]", unquote(unquote(before)))):
            raise ValueError("a path has no parts . and ..")
        joined = self.path.partition("?")[0].rstrip("/") + quote(before, safe=_SAFE)
        asked = quote(query, safe=_SAFE)
        return replace(self, path=(joined or "/") + (f"?{asked}" if query else ""))

    def with_parameters(self, parameters: Mapping[str, object]) -> Self:
        """Return the same with more parameters in its query."""
        pairs = [
            (name, _text(each))
            for name, value in parameters.items()
            for each in (value if isinstance(value, list) else [value])
        ]
        if not pairs:
            return self
        mark = "&" if "?" in self.path else "?"
        return replace(self, path=f"{self.path}{mark}{urlencode(pairs)}")


def target_of(url: str, allowed: Sequence[str]) -> Target:
    """Take a URL apart.

    Raises:
        ValueError: it is none, or its host is not allowed.
    """
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise ValueError("a URL has neither spaces nor backslashes, and all else in ASCII")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("a URL begins with https:// or http:// and the name of a host")
    if "@" in parts.netloc:
        raise ValueError("a URL has no user or password: use secret_headers")
    host = parts.hostname.removesuffix(".")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if not _HOST.fullmatch(host) or not 0 < port <= _MAX_PORT:
        raise ValueError("the host of the URL is none")
    if not any(_fits(host, port, each, _PORTS[parts.scheme]) for each in allowed):
        raise ValueError(f"{host}:{port} is none of the hosts that the cluster allows")
    query = f"?{parts.query}" if parts.query else ""
    return Target(scheme=parts.scheme, host=host, port=port, path=(parts.path or "/") + query)


def _fits(host: str, port: int, allowed: str, usual_port: int) -> bool:
    name, colon, given = allowed.rpartition(":")
    if not colon or allowed.endswith("]"):
        name, given = allowed, str(usual_port)
    if str(port) != given:
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) >= len(name)
    return host == name.strip("[]")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
