"""One statement at StarRocks: asked with its values bound, and ended if need be."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

import pyarrow as pa
from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.lexicon import STARROCKS, Piece, pieces
from heimdall.plugin.parameters import ParameterValue, python_value, rewritten
from heimdall.plugins.starrocks import wire
from heimdall.plugins.starrocks.frontend import Frontend
from heimdall.plugins.starrocks.options import one_statement

END_SECONDS = 2.5
"""How long it may take to ask StarRocks to end a statement."""

_READING = frozenset({"select", "with", "show", "desc", "describe", "explain", "values"})

LogIn = Callable[[float], Frontend]
"""Logs in once more; takes how many seconds that may take."""


def bound(query: str, params: Mapping[str, ParameterValue]) -> tuple[str, list[Any]]:
    """Return the statement with a `?` for each `:name`, and the values in their order.

    A list stands for its values, with commas between: `in (:days)`.
    """
    values: list[Any] = []

    def replace(name: str) -> str:
        value = python_value(params[name])
        several = value if isinstance(value, list) else [value]
        values.extend(several)
        return ", ".join("?" * len(several)) or "NULL"

    return rewritten(one_statement(query), STARROCKS, replace), values


class Statement:
    """A statement with the run's mark, by which it is found among others.

    Args:
        session: in which it runs.
        text: with a `?` for each value.
        values: in their order.
        mark: a name that no other run has.
    """

    def __init__(self, session: Frontend, text: str, values: list[Any], mark: str) -> None:
        self._session = session
        self._text = f"/* {mark} */ {text}"
        self._values = values
        self._mark = mark
        self._prepared: bytes | None = None
        self._info: flight.FlightInfo | None = None

    @property
    def changes(self) -> bool:
        """Whether it may do more than to read."""
        words = (
            text.lower() for kind, text in pieces(self._text, STARROCKS) if kind is Piece.OTHER
        )
        return next((word for word in words if word != "("), "") not in _READING

    @property
    def has_begun(self) -> bool:
        """Whether StarRocks gives its result, as far as is known."""
        return self._info is not None

    def execute(self, seconds: float) -> flight.FlightInfo:
        """Run it and return where the parts of its result are.

        Raises:
            PluginError: it has values, and the server binds none.
            pyarrow.flight.FlightError: it failed.
        """
        command = self._bind(seconds) if self._values else wire.statement_query(self._text)
        asked = flight.FlightDescriptor.for_command(command)
        self._info = self._session.client.get_flight_info(asked, self._session.options(seconds))
        return self._info

    def end(self, log_in: LogIn) -> None:
        """Ask StarRocks to end it, by Flight's own action and by KILL; never raises for that.

        KILL needs a session of its own: that of the statement is busy with it.
        """
        until = time.monotonic() + END_SECONDS
        with suppress(flight.FlightError, pa.ArrowException, OSError):
            if self._info is not None:
                self._session.act(wire.CANCEL, wire.cancel(self._info.serialize()), 0)
        with (
            suppress(flight.FlightError, pa.ArrowException, OSError),
            closing(log_in(max(until - time.monotonic(), 0.1))) as other,
        ):
            for number in self._connections(other):
                other.ask(f"KILL QUERY {number}", max(until - time.monotonic(), 0.1))

    def close(self) -> None:
        """Let go of what was prepared."""
        if self._prepared is not None:
            with suppress(flight.FlightError, pa.ArrowException, OSError):
                self._session.act(wire.CLOSE_PREPARED, wire.close_prepared(self._prepared), 0)

    def _connections(self, session: Frontend) -> Iterator[int]:
        """Yield the numbers of the connections in which it runs."""
        listed = session.ask("SHOW FULL PROCESSLIST", 1.0)
        for row in listed.to_pylist():
            told = {str(name).lower(): value for name, value in row.items()}
            if f"/* {self._mark} */" in str(told.get("info") or ""):
                yield int(told["id"])

    def _bind(self, seconds: float) -> bytes:
        try:
            made = self._session.act(
                wire.CREATE_PREPARED, wire.create_prepared(self._text), seconds
            )
            self._prepared = wire.prepared_handle(b"".join(made[:1]))
            self._prepared = self._put_values(self._prepared, seconds)
        except (pa.ArrowNotImplementedError, ValueError) as error:
            raise PluginError(
                "this StarRocks binds no values by Arrow Flight SQL, so it takes no params: "
                f"{error}",
                failure=Failure.USER_ERROR,
            ) from None
        return wire.prepared_query(self._prepared)

    def _put_values(self, handle: bytes, seconds: float) -> bytes:
        arrays = [pa.array([value]) for value in self._values]
        names = [f"parameter_{number}" for number in range(1, len(arrays) + 1)]
        batch = pa.RecordBatch.from_arrays(arrays, names=names)
        asked = flight.FlightDescriptor.for_command(wire.prepared_query(handle))
        writer, answers = self._session.client.do_put(
            asked, batch.schema, self._session.options(seconds)
        )
        with writer:
            writer.write_batch(batch)
            writer.done_writing()
            told = answers.read()
        return wire.bound_handle(told.to_pybytes() if told is not None else b"") or handle
