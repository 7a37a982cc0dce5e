"""Makes a call: waits where it is asked to, goes where answers point to, and checks each place."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.watch import Watch
from heimdall.plugins.http.address import Resolve, checked_addresses
from heimdall.plugins.http.exchange import REPEATABLE, Answer, Line, Request, exchange
from heimdall.plugins.http.target import target_of

MAX_REDIRECTS = 5
MAX_WAITS = 3
MAX_WAIT_SECONDS = 60

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITH_BODY = frozenset({307, 308})
_PATIENCE = frozenset({429, 503})
_ERROR, _SERVER_ERROR = 400, 500
_SHOWN_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a call has to keep to.

    Attributes:
        allowed_hosts: see `target_of`.
        methods: also of what a redirect makes of a request.
        own_headers: the cluster's.
        home: the only origin that those go to; None for the one that is called first.
    """

    allowed_hosts: Sequence[str]
    allow_private: bool
    methods: Sequence[str]
    own_headers: Mapping[str, str]
    home: tuple[str, str, int] | None = None
    follow_redirects: bool
    max_bytes: int
    trust: Callable[[], ssl.SSLContext]


class Caller:
    """Makes one call within its time."""

    def __init__(self, rules: Rules, resolve: Resolve, watch: Watch) -> None:
        self._rules = rules
        self._resolve = resolve
        self._watch = watch

    def call(self, request: Request) -> Answer:
        """Return an answer that is neither a redirect nor an error.

        Raises:
            TransientPluginError: the API asks for patience, or cannot be reached.
            PluginError: the answer is an error, or points to where it may not.
            EndedError: the run has to end.
        """
        home = self._rules.home or request.target.origin
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._patiently(request, has_own=request.target.origin == home)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return _sound(answer, request.method)
            request = self._next(request, answer)
        raise PluginError(f"more than {MAX_REDIRECTS} redirects", failure=Failure.USER_ERROR)

    def _patiently(self, request: Request, *, has_own: bool) -> Answer:
        """Send a request, again where the answer says when; the last answer may ask for more."""
        own = self._rules.own_headers if has_own else {}
        sent = replace(request, headers={**request.headers, **own})
        for _ in range(MAX_WAITS):
            answer = self._once(sent)
            seconds = _wait_of(answer)
            if seconds is None or seconds >= min(MAX_WAIT_SECONDS, self._watch.seconds_left):
                return answer
            self._watch.wait(seconds)
        return self._once(sent)

    def _once(self, request: Request) -> Answer:
        target = request.target
        addresses = checked_addresses(
            target.host,
            target.port,
            allow_private=self._rules.allow_private,
            watch=self._watch,
            resolve=self._resolve,
        )
        line = Line(addresses=addresses, trust=self._rules.trust, max_bytes=self._rules.max_bytes)
        return exchange(request, line, self._watch)

    def _next(self, request: Request, answer: Answer) -> Request:
        if not self._rules.follow_redirects:
            raise PluginError(
                f"{request.target.shown} answers with a redirect ({answer.status}), and the "
                "command does not say follow_redirects",
                failure=Failure.USER_ERROR,
            )
        target = request.target
        here = f"{target.scheme}://{target.authority}{target.path}"
        try:
            there = target_of(urljoin(here, answer.headers["location"]), self._rules.allowed_hosts)
        except ValueError as error:
            raise _refused(f"{error}") from None
        if target.scheme == "https" and there.scheme == "http":
            raise _refused("from https to http")
        keeps = answer.status in _WITH_BODY or request.method in ("GET", "HEAD")
        method = request.method if keeps else "GET"
        if method not in self._rules.methods:
            raise _refused(f"it makes a GET of a {request.method}, which the command does not have")
        headers = request.headers if there.origin == target.origin else _of_strangers(request)
        body = request.body if keeps else None
        return Request(method=method, target=there, headers=headers, body=body)


def _of_strangers(request: Request) -> Mapping[str, str]:
    """Return the headers that another origin may see."""
    private = ("authorization", "cookie")
    return {name: value for name, value in request.headers.items() if name.lower() not in private}


def _wait_of(answer: Answer) -> int | None:
    """Return after how many seconds an answer wants the request again, if it says so."""
    said = answer.headers.get("retry-after", "")
    return int(said) if answer.status in _PATIENCE and said.isdecimal() else None


def _sound(answer: Answer, method: str) -> Answer:
    if answer.status < _ERROR:
        return answer
    start = answer.body[: _SHOWN_CHARACTERS * 4].decode(errors="replace")[:_SHOWN_CHARACTERS]
    said = f"the API answers with status {answer.status}" + (f": {start}" if start else "")
    if answer.status in _PATIENCE:
        after = answer.headers.get("retry-after")
        wish = f", to be asked again after {after[:40]!r}" if after else ""
        raise TransientPluginError(said + wish, failure=Failure.THROTTLED)
    if answer.status < _SERVER_ERROR:
        raise PluginError(said, failure=Failure.USER_ERROR)
    # a server that fails, or one before it, does not say whether the request was carried out
    raise PluginError(said, failure=Failure.ENGINE_FAULT if method in REPEATABLE else None)


def _refused(reason: str) -> PluginError:
    return PluginError(f"a redirect is not followed: {reason}", failure=Failure.USER_ERROR)
