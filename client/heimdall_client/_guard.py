"""Who may use the local gateway: programs of this machine and its own pages, no other web page.

Whoever reaches the gateway acts with the AWS credentials of the person who started it, and every
web page that this person visits can send requests to 127.0.0.1. Three checks keep such pages out:

- the Host header must be the gateway's own. A page whose domain was pointed at 127.0.0.1 (DNS
  rebinding) sends its own domain;
- the Origin header, which browsers add to every cross-origin request that could change or read
  something, forms without JavaScript included, must be the gateway's own or absent;
- Sec-Fetch-Site, which browsers add to the rest (links, images, scripts), must not say that
  another site asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HTTP_PORT = 80
_OWN_FETCHES = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a request is not served."""

    status: int
    code: str
    message: str


def objection_to(headers: Mapping[str, str], *, port: int) -> Objection | None:
    """Check where a request comes from; None means that it may pass."""
    host = headers.get("host", "").lower()
    if host not in own_hosts(port):
        return Objection(
            421,
            "misdirected_request",
            f"this gateway answers to 127.0.0.1:{port} and localhost:{port} only, not to {host!r}",
        )
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return Objection(403, "forbidden", f"pages of {origin!r} may not use this gateway")
    site = headers.get("sec-fetch-site", "none")
    if site not in _OWN_FETCHES:
        return Objection(403, "forbidden", f"a {site} page may not use this gateway")
    return None


def own_hosts(port: int) -> frozenset[str]:
    """List the Host headers of requests that were meant for this gateway."""
    names = ("127.0.0.1", "localhost", "[::1]")
    with_port = {f"{name}:{port}" for name in names}
    return frozenset(with_port | set(names) if port == HTTP_PORT else with_port)
