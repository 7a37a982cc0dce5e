"""Ways to coordinators, for runs that begin and for handles of those that have begun."""

import ssl
from collections.abc import Mapping
from threading import Lock

import urllib3

from heimdall.aws.handles import value_of
from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import RunHandle
from heimdall.plugins.trino.coordinator import Coordinator
from heimdall.plugins.trino.options import ClusterOptions
from heimdall.plugins.trino.session import who

KEPT = 32
"""So many ways to coordinators are kept open."""

_Key = tuple[str, bool, str]


class Connections:
    """Opens ways to coordinators and keeps the latest open."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[_Key, urllib3.PoolManager] = {}

    def open(
        self, cluster: ClusterOptions, user: str, *, is_under_way: bool = False
    ) -> Coordinator:
        """Return the way to a cluster's coordinator, for somebody who asks.

        Raises:
            TransientPluginError: the password cannot be read now.
            PluginError: it cannot be read, or the certificate is none.
        """
        password = cluster.password.reveal() if cluster.password is not None else None
        pool = self._pool((cluster.endpoint, cluster.verify, cluster.ca_certificate or ""))
        headers = who(user, cluster.user, password)
        return Coordinator(pool, cluster.endpoint, headers, is_under_way=is_under_way)

    def reopen(self, handle: RunHandle) -> Coordinator:
        """Return the way to the coordinator that a handle was written for.

        Raises:
            TransientPluginError: the password cannot be read now.
            PluginError: the handle is another plugin's, or another version's.
        """
        endpoint, values = value_of(handle, "endpoint"), handle.values
        verify, authority = value_of(handle, "verify") == "true", values.get("ca_certificate", "")
        password = handle.reveal("password") if "password" in values else None
        headers = who(value_of(handle, "user"), values.get("principal"), password)
        return Coordinator(self._pool((endpoint, verify, authority)), endpoint, headers)

    def _pool(self, key: _Key) -> urllib3.PoolManager:
        _, verify, authority = key
        with self._lock:
            if key not in self._known:
                if len(self._known) >= KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = _pool(authority, verify=verify)
            return self._known[key]


def way_values(cluster: ClusterOptions, user: str) -> Mapping[str, str]:
    """Return what a handle has to say for `Connections.reopen`."""
    values = {
        "endpoint": cluster.endpoint,
        "verify": str(cluster.verify).lower(),
        "user": user,
        "principal": cluster.user,
        "password": None if cluster.password is None else str(cluster.password.reference),
        "ca_certificate": cluster.ca_certificate,
    }
    return {name: value for name, value in values.items() if value is not None}


def _pool(authority: str, *, verify: bool) -> urllib3.PoolManager:
    try:
        trusted = ssl.create_default_context(cadata=authority or None)
    except (ssl.SSLError, ValueError) as error:
        raise PluginError(f"the cluster's ca_certificate is no certificate: {error}") from error
    if not verify:
        trusted.check_hostname = False
        trusted.verify_mode = ssl.CERT_NONE
        # the cluster's context says so; a line in the log for each call would say no more
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    needed = "CERT_REQUIRED" if verify else "CERT_NONE"
    return urllib3.PoolManager(maxsize=4, cert_reqs=needed, ssl_context=trusted)
