"""A frontend and backends that speak Arrow Flight SQL as StarRocks does, over DuckDB."""

import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self
from uuid import uuid4

import duckdb
import pyarrow as pa
from pyarrow import flight

from tests.engines.protobuf import message, pack, packed, written

USER, PASSWORD = "reports", "correct horse battery"
_SLEEP = re.compile(r"sleep\((\d+)\)")


@dataclass
class Running:
    """A statement that goes on."""

    number: int
    text: str
    is_killed: threading.Event = field(default_factory=threading.Event)


class _Auth(flight.ServerMiddlewareFactory):  # type: ignore[misc]
    """Lets in by user and password, then by a token."""

    def __init__(self, tokens: set[str]) -> None:
        self._tokens = tokens

    def start_call(self, info: Any, headers: dict[str, list[str]]) -> "_Token":
        kind, _, value = next(iter(headers.get("authorization", [""]))).partition(" ")
        if kind == "Basic" and b64decode(value).decode() == f"{USER}:{PASSWORD}":
            token = uuid4().hex
            self._tokens.add(token)
            return _Token(token)
        if kind == "Bearer" and value in self._tokens:
            return _Token(value)
        raise flight.FlightUnauthenticatedError("Access denied for user")


class _Token(flight.ServerMiddleware):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self.token = token

    def sending_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


class _Handshake(flight.ServerAuthHandler):  # type: ignore[misc]
    def authenticate(self, outgoing: Any, incoming: Any) -> None: ...

    def is_valid(self, token: bytes) -> str:
        return ""


class _Backend(flight.FlightServerBase):  # type: ignore[misc]
    """Gives parts of results."""

    def __init__(self, cluster: "FlightSqlServer", place: str, **options: Any) -> None:
        super().__init__(place, **options)
        self._cluster = cluster

    def do_get(self, context: Any, ticket: flight.Ticket) -> flight.FlightDataStream:
        table = self._cluster.parts.pop(ticket.ticket)
        self._cluster.given += 1
        return flight.GeneratorStream(table.schema, self._batches(table))

    def _batches(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        if self._cluster.barrier is not None and table.num_rows > 1:
            self._cluster.barrier.wait(10)
        for number, batch in enumerate(table.to_batches(max_chunksize=self._cluster.batch_rows)):
            if number == 1 and self._cluster.fault is not None:
                raise self._cluster.fault
            yield batch


class _Frontend(_Backend):
    """Takes statements."""

    def get_flight_info(
        self, context: Any, descriptor: flight.FlightDescriptor
    ) -> flight.FlightInfo:
        kind, fields = packed(descriptor.command)
        if kind == "CommandStatementQuery":
            table = self._cluster.execute(bytes(fields[1]).decode(), [])
        else:
            table = self._cluster.execute(*self._cluster.prepared[bytes(fields[1])])
        endpoints = self._cluster.endpoints(table)
        return flight.FlightInfo(table.schema, descriptor, endpoints, table.num_rows, -1)

    def do_action(self, context: Any, action: flight.Action) -> Iterator[flight.Result]:
        body = action.body.to_pybytes()
        self._cluster.actions.append(action.type)
        if action.type == "CreatePreparedStatement" and self._cluster.prepares:
            handle = uuid4().bytes
            self._cluster.prepared[handle] = (bytes(packed(body)[1][1]).decode(), [])
            made = pack("ActionCreatePreparedStatementResult", written(1, handle))
            yield flight.Result(made)
        elif action.type == "ClosePreparedStatement":
            del self._cluster.prepared[bytes(packed(body)[1][1])]
        elif action.type == "CancelFlightInfo":
            flight.FlightInfo.deserialize(bytes(message(body)[1]))
            yield flight.Result(b"\x08\x01")
        else:
            raise NotImplementedError(f"no action {action.type}")

    def do_put(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        former = bytes(packed(descriptor.command)[1][1])
        (row,) = reader.read_all().to_pylist()
        handle = uuid4().bytes
        self._cluster.prepared[handle] = (self._cluster.prepared.pop(former)[0], list(row.values()))
        writer.write(written(1, handle))


class FlightSqlServer:
    """A cluster of a frontend and some backends, with a database of its own.

    Args:
        backends: how many.
        certificate: the texts of a certificate and its key, in PEM form, for TLS.

    Attributes:
        batch_rows: how many rows come at a time.
        prepares: whether statements can be prepared.
        fault: what a backend says instead of its second batch.
        barrier: where backends wait for each other before they give anything.
        proxies: whether the frontend gives all parts itself, and names no place for them.
        place: what is named as the place of all parts instead.
    """

    def __init__(self, backends: int = 3, certificate: tuple[bytes, bytes] | None = None) -> None:
        self.database = duckdb.connect()
        self.statements: list[str] = []
        self.running: dict[int, Running] = {}
        self.killed: list[int] = []
        self.actions: list[str] = []
        self.prepared: dict[bytes, tuple[str, list[Any]]] = {}
        self.parts: dict[bytes, pa.Table] = {}
        self.given = 0
        self.batch_rows = 1_000
        self.prepares = True
        self.proxies = False
        self.place: str | None = None
        self.fault: Exception | None = None
        self.barrier: threading.Barrier | None = None
        self._numbers = count(1)
        self._lock = threading.Lock()
        tokens: set[str] = set()
        options: dict[str, Any] = {
            "middleware": {"auth": _Auth(tokens)},
            "auth_handler": _Handshake(),
        }
        if certificate:
            options["tls_certificates"] = [certificate]
        self._scheme = "grpc+tls" if certificate else "grpc"
        place = f"{self._scheme}://127.0.0.1:0"
        self._frontend = _Frontend(self, place, **options)
        self._backends = [_Backend(self, place, **options) for _ in range(backends)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for statement in self.running.values():
            statement.is_killed.set()
        for server in (self._frontend, *self._backends):
            server.shutdown()
        self.database.close()

    def context(self, **changes: Any) -> dict[str, Any]:
        """The context of a cluster by which it is reached."""
        told = {"endpoint": self.location_of(self._frontend), "database": "main"}
        return {**told, **changes}

    def location_of(self, server: Any) -> str:
        return f"{self._scheme}://127.0.0.1:{server.port}"

    def execute(self, text: str, values: list[Any]) -> pa.Table:
        """Run a statement as StarRocks would."""
        statement = Running(next(self._numbers), text)
        with self._lock:
            self.statements.append(text)
            self.running[statement.number] = statement
        try:
            return self._executed(statement, re.sub(r"/\*.*?\*/", "", text).strip(), values)
        except duckdb.Error as error:
            raise flight.FlightServerError(
                f"Getting analyzing error. Detail message: {error}"
            ) from None
        finally:
            del self.running[statement.number]

    def endpoints(self, table: pa.Table) -> list[flight.FlightEndpoint]:
        """Cut a result into parts, and say where they are."""
        size = max(-(-table.num_rows // max(len(self._backends), 1)), 1)
        found = []
        starts = range(0, table.num_rows, size) if table.num_rows else [0]
        for number, start in enumerate(starts):
            ticket = uuid4().bytes
            self.parts[ticket] = table.slice(start, size)
            if self.proxies:
                places = []
            elif self.place is not None:
                places = [self.place]
            else:
                places = [self.location_of(self._backends[number % len(self._backends)])]
            found.append(flight.FlightEndpoint(ticket, places))
        return found

    def _executed(self, statement: Running, text: str, values: list[Any]) -> pa.Table:
        if text.startswith(("USE ", "SET ")):
            return pa.table({"status": ["0"]})
        if text == "SHOW FULL PROCESSLIST":
            others = [each for each in list(self.running.values()) if each is not statement]
            rows = [{"Id": str(each.number), "Info": each.text} for each in others]
            return pa.Table.from_pylist(
                rows, pa.schema([("Id", pa.string()), ("Info", pa.string())])
            )
        if kill := re.fullmatch(r"KILL QUERY (\d+)", text):
            self.killed.append(int(kill[1]))
            self.running[int(kill[1])].is_killed.set()
            return pa.table({"status": ["0"]})
        if (sleep := _SLEEP.search(text)) and statement.is_killed.wait(int(sleep[1])):
            raise flight.FlightCancelledError("Query cancelled by user")
        return self.database.cursor().execute(text, values).to_arrow_table()
