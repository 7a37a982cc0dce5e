"""Ways to API servers: where they are is remembered, who asks is told anew with each call."""

import ssl
from threading import Lock

import urllib3

from heimdall.plugin.identity import AwsAccess, Identity
from heimdall.plugins.sparkeks.api_server import ApiServer
from heimdall.plugins.sparkeks.eks import ApiPlace, find_api, make_token

KEPT = 32
"""So many API servers are remembered."""

_Key = tuple[str | None, str | None, str]


class Connections:
    """Opens ways to API servers and remembers the latest clusters."""

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws
        self._lock = Lock()
        self._known: dict[_Key, tuple[ApiPlace, urllib3.PoolManager]] = {}

    def open(
        self, identity: Identity, cluster_name: str, *, is_under_way: bool = True
    ) -> ApiServer:
        """Return the way to a cluster's API server, for one identity.

        Raises:
            TransientPluginError: EKS or STS is throttled or out of reach.
            PluginError: there is no such cluster, or the role cannot be taken.
        """
        key = (identity.role_arn, identity.region, cluster_name)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            place = find_api(self._aws, identity, cluster_name, is_under_way=is_under_way)
            trusted = ssl.create_default_context(cadata=place.authority)
            pool = urllib3.PoolManager(maxsize=2, cert_reqs="CERT_REQUIRED", ssl_context=trusted)
            known = (place, pool)
            self._remember(key, known)
        place, pool = known
        token = make_token(self._aws, identity, cluster_name)
        return ApiServer(
            pool, place.endpoint, token, is_under_way=is_under_way, forget=lambda: self._forget(key)
        )

    def find(self, identity: Identity, cluster_name: str) -> ApiPlace:
        """Ask EKS where a cluster's API server is, whatever is remembered.

        Raises:
            TransientPluginError: EKS is throttled or out of reach.
            PluginError: there is no such cluster, or the role cannot be taken.
        """
        return find_api(self._aws, identity, cluster_name, is_under_way=False)

    def _remember(self, key: _Key, known: tuple[ApiPlace, urllib3.PoolManager]) -> None:
        with self._lock:
            if len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[key] = known

    def _forget(self, key: _Key) -> None:
        """Ask EKS again next time: the cluster may have been made anew."""
        with self._lock:
            self._known.pop(key, None)
