"""Where ClickHouse is asked, and a client of the first place that answers."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import clickhouse_connect
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from heimdall.domain.errors import PluginError
from heimdall.plugins.clickhouse.failures import translated
from heimdall.plugins.clickhouse.lines import Lines
from heimdall.plugins.clickhouse.options import ClusterOptions, CommandOptions

CONNECT_SECONDS = 5
_PORT, _TLS_PORT = 8123, 8443


@dataclass(frozen=True, slots=True)
class Place:
    """One endpoint."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """Its address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def places_of(cluster: ClusterOptions) -> Sequence[Place]:
    """Return the endpoints of a cluster, in their order."""
    return [_place(endpoint, secure=cluster.secure) for endpoint in cluster.endpoints]


def _place(endpoint: str, *, secure: bool) -> Place:
    scheme = "https" if secure else "http"
    parts = urlsplit(endpoint if "://" in endpoint else f"{scheme}://{endpoint}")
    try:
        port = parts.port
    except ValueError as error:
        raise PluginError(f"the endpoint {endpoint} has no port that could be: {error}") from error
    usual = _TLS_PORT if parts.scheme == "https" else _PORT
    return Place(parts.scheme, parts.hostname or "", port or usual, parts.path.rstrip("/"))


def open_client(
    cluster: ClusterOptions, command: CommandOptions, lines: Lines, *, seconds: float
) -> tuple[Client, Place]:
    """Return a client of the first endpoint that answers, and which one that is.

    Args:
        cluster: has the endpoints.
        command: says who asks.
        lines: keeps the connections, to cut them.
        seconds: how long an answer may take.

    Raises:
        PluginError: none answers, or one refuses us.
    """
    password = command.password.reveal() if command.password is not None else ""
    refused: PluginError | None = None
    for place in places_of(cluster):
        try:
            return _client(place, cluster, command, password, lines, seconds), place
        except ClickHouseError as error:
            refused = translated(error, f"connecting to {place.url}")
            if isinstance(error, Error) and error.code is not None:
                raise refused from error
    raise refused or PluginError("the cluster has no endpoints")


def _client(
    place: Place,
    cluster: ClusterOptions,
    command: CommandOptions,
    password: str,
    lines: Lines,
    seconds: float,
) -> Client:
    return clickhouse_connect.get_client(
        interface=place.scheme,
        host=place.host,
        port=place.port,
        proxy_path=place.path,
        username=command.username,
        password=password,
        database=cluster.database or "__default__",
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=max(1, round(seconds)),
        query_retries=0,
        autogenerate_session_id=False,
        pool_mgr=lines.pool(trusted(cluster)),
        client_name="heimdall",
    )


def trusted(cluster: ClusterOptions) -> ssl.SSLContext:
    """Return what a server's certificate is checked with.

    Raises:
        PluginError: the cluster's certificate is none.
    """
    try:
        context = ssl.create_default_context(cadata=cluster.ca_certificate or None)
    except (ssl.SSLError, ValueError) as error:
        raise PluginError(f"the cluster's ca_certificate is no certificate: {error}") from error
    if not cluster.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return context
