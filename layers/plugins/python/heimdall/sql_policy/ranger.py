"""Services of Apache Ranger whose policies count as rules: read every few minutes, kept at hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heimdall.domain.clock import Clock
from heimdall.domain.errors import PluginError
from heimdall.domain.policy import Policy
from heimdall.plugin.secret import SecretReader, SecretReference
from heimdall.sql_policy.ranger_client import RangerServer, RangerUnavailableError
from heimdall.sql_policy.ranger_rules import RangerRule, rules_of_ranger
from heimdall.sql_policy.rules import Fold

_DEFAULT_MINUTES = 5
_MINUTE_MS = 60_000
_RETRY_MS = 15_000
"""How long a server that could not be read is left alone while older policies can be used."""


@dataclass(slots=True)
class _Kept:
    """What was read of a service, and when."""

    policies: Sequence[Mapping[str, Any]]
    groups: Mapping[str, frozenset[str]]
    read_at_ms: int
    tried_at_ms: int


class RangerServices:
    """Gives the rules of the services that policies name; one per container."""

    def __init__(
        self,
        clock: Clock,
        connect: Callable[[str, str, str], RangerServer] = RangerServer,
    ) -> None:
        self._clock = clock
        self._connect = connect
        self._kept: dict[tuple[str, int], _Kept] = {}

    def rules(self, policy: Policy, fold: Fold, secrets: SecretReader) -> Sequence[RangerRule]:
        """Return the rules of a policy's service, at most twice its interval old.

        Raises:
            RangerUnavailableError: it cannot be read, and what is kept is older, or nothing is.
        """
        settings = policy.ranger or {}
        interval_ms = _interval_ms(settings)
        key = (policy.id, policy.revision)
        kept, now_ms = self._kept.get(key), self._clock.now_ms()
        if kept is None or now_ms - kept.read_at_ms >= interval_ms:
            kept = self._read_again(key, kept, settings, secrets)
        return rules_of_ranger(kept.policies, kept.groups, fold, policy.id)

    def _read_again(
        self,
        key: tuple[str, int],
        kept: _Kept | None,
        settings: Mapping[str, Any],
        secrets: SecretReader,
    ) -> _Kept:
        now_ms = self._clock.now_ms()
        usable = kept is not None and now_ms - kept.read_at_ms < 2 * _interval_ms(settings)
        if kept is not None and usable and now_ms - kept.tried_at_ms < _RETRY_MS:
            return kept
        try:
            fresh = self._read(settings, secrets, now_ms)
        except RangerUnavailableError:
            if kept is None or not usable:
                raise
            kept.tried_at_ms = now_ms
            return kept
        for other in [each for each in self._kept if each[0] == key[0]]:
            del self._kept[other]
        self._kept[key] = fresh
        return fresh

    def _read(self, settings: Mapping[str, Any], secrets: SecretReader, now_ms: int) -> _Kept:
        try:
            client = settings["client"]
            endpoint, username = str(client["endpoint"]), str(client["username"])
            password = secrets.reveal(SecretReference.parse(str(client["password"])))
            service = str(settings["service_name"])
        except (KeyError, TypeError) as error:
            raise RangerUnavailableError(f"the configuration of Ranger lacks {error}") from None
        except (PluginError, ValueError) as error:
            raise RangerUnavailableError(f"the password of Ranger: {error}") from None
        server = self._connect(endpoint, username, password)
        return _Kept(server.policies(service), server.groups(), now_ms, now_ms)


def _interval_ms(settings: Mapping[str, Any]) -> int:
    return int(settings.get("sync_interval_in_minutes") or _DEFAULT_MINUTES) * _MINUTE_MS
