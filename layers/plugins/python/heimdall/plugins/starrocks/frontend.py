"""A session at StarRocks' frontend, and the connections to the backends that it names."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

import pyarrow as pa
from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.plugins.starrocks import wire
from heimdall.plugins.starrocks.options import TLS, ClusterOptions

REUSE = "arrow-flight-reuse-connection:"
"""How a location begins that says: ask where you have asked."""

GRACE_SECONDS = 1.0
"""How much longer a call may take than the run: the run's own time is over first."""


class Frontend:
    """Asks in one session, from any thread.

    Args:
        cluster: where.
        header: what the session was given to show.
        client: of the frontend.
    """

    def __init__(
        self, cluster: ClusterOptions, header: tuple[bytes, bytes], client: flight.FlightClient
    ) -> None:
        self._cluster = cluster
        self._header = header
        self.client = client
        self._lock = Lock()
        self._backends: dict[str, flight.FlightClient] = {}

    def options(self, seconds: float) -> flight.FlightCallOptions:
        """Return what each call shows, and how long it may take."""
        return flight.FlightCallOptions(timeout=seconds + GRACE_SECONDS, headers=[self._header])

    def clients_of(self, endpoint: flight.FlightEndpoint) -> list[flight.FlightClient]:
        """Return those who may be asked for a part, the first one first.

        Raises:
            PluginError: the frontend names a place without TLS, and is itself asked by TLS.
        """
        places = [location.uri.decode() for location in endpoint.locations]
        return [self._client_of(place) for place in places] or [self.client]

    def ask(self, sql: str, seconds: float) -> pa.Table:
        """Ask something small and wait for the answer."""
        options = self.options(seconds)
        asked = flight.FlightDescriptor.for_command(wire.statement_query(sql))
        info = self.client.get_flight_info(asked, options)
        tables = [
            self.clients_of(endpoint)[0].do_get(endpoint.ticket, options).read_all()
            for endpoint in info.endpoints
        ]
        return pa.concat_tables(tables) if tables else pa.table({})

    def act(self, name: str, body: bytes, seconds: float) -> Sequence[bytes]:
        """Have the frontend do something beside statements."""
        action = flight.Action(name, body)
        found = self.client.do_action(action, self.options(seconds))
        return [result.body.to_pybytes() for result in found]

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            clients = [self.client, *self._backends.values()]
        for client in clients:
            with suppress(flight.FlightError, pa.ArrowException):
                client.close()

    def _client_of(self, place: str) -> flight.FlightClient:
        if place.startswith(REUSE):
            return self.client
        if self._cluster.is_secure and not place.startswith(f"{TLS}:"):
            raise PluginError(
                f"the frontend names {place} for a part of the result, which has no TLS: "
                "what the session shows would be sent there for all to see"
            )
        with self._lock:
            if place not in self._backends:
                self._backends[place] = _connected(place, self._cluster)
            return self._backends[place]


def log_in(cluster: ClusterOptions, user: str, password: str, seconds: float) -> Frontend:
    """Begin a session, in the cluster's database.

    Raises:
        pyarrow.flight.FlightError: nobody is let in like this.
    """
    client = _connected(cluster.location, cluster)
    try:
        options = flight.FlightCallOptions(timeout=seconds)
        header = _let_in(client, user, password, options)
        session = Frontend(cluster, header, client)
        if cluster.database_path:
            named = ".".join(f"`{name}`" for name in cluster.database_path)
            session.ask(f"USE {named}", seconds)
    except BaseException:
        client.close()
        raise
    return session


def _let_in(
    client: flight.FlightClient, user: str, password: str, options: flight.FlightCallOptions
) -> tuple[bytes, bytes]:
    """Show user and password, and return what to show from then on."""
    try:
        header: tuple[bytes, bytes] = client.authenticate_basic_token(user, password, options)
    except flight.FlightInternalError:
        # where nobody answers it fails for reasons of its own; another call tells which those are
        list(client.list_actions(options))
        raise
    return header


def _connected(place: str, cluster: ClusterOptions) -> flight.FlightClient:
    trusted = {"tls_root_certs": cluster.ca_certificate} if cluster.ca_certificate else {}
    return flight.connect(place, **(trusted if place.startswith(f"{TLS}:") else {}))
