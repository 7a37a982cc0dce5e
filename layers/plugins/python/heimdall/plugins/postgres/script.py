"""Runs the statements of a job in their order, and gives the rows of the last one that has any."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.parameters import ParameterValue
from heimdall.plugins.postgres.batches import Chunk, Column
from heimdall.plugins.postgres.failures import statement_error, unsettled
from heimdall.plugins.postgres.kept_rows import KeptRows
from heimdall.plugins.postgres.parameters import numbered
from heimdall.plugins.postgres.splitting import READING, Statement
from heimdall.plugins.postgres.statement import Prepared, copied, fetched, prepare


@dataclass(frozen=True, slots=True)
class Rows:
    """The result of a script.

    Attributes:
        chunks: read once, from any one thread.
        commit: to be called when they are read and found to be a result; else nothing is kept.
    """

    columns: Sequence[Column]
    chunks: Iterator[Chunk]
    commit: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What to run.

    Attributes:
        params: values of the parameters in any of the statements.
        is_read_only: whether the transaction may only read; statements that begin with another
            word than reading ones are refused.
        is_autocommit: whether each statement is a transaction of its own.
        wants_rows: whether rows are the job's result, or nobody's.
    """

    statements: Sequence[Statement]
    params: Mapping[str, ParameterValue]
    is_read_only: bool = False
    is_autocommit: bool = False
    wants_rows: bool = True

    def check(self) -> None:
        """Refuse what a command that only reads does not let through.

        A transaction that only reads stays one: nothing in it can end it or make it write.

        Raises:
            PluginError: there is such a statement.
        """
        for statement in self.statements if self.is_read_only else ():
            if statement.first not in READING:
                raise PluginError(
                    f"the command only reads: {statement.first.upper()} is not one of "
                    f"{', '.join(sorted(word.upper() for word in READING if word.isalpha()))}",
                    failure=Failure.USER_ERROR,
                )


@contextmanager
def running(
    script: Script, connection: psycopg.Connection[Any], go_on: Callable[[], None]
) -> Iterator[Rows | None]:
    """Run all statements; of the last one, if it has rows, as they are read.

    Args:
        script: what to run.
        connection: that nobody else uses meanwhile.
        go_on: called before each statement; raises if the run has to end.

    Raises:
        PluginError: a statement failed, here or while rows are read; nothing was committed then,
            unless the script did it.
    """
    script.check()
    with ExitStack() as cleanup:
        yield _run(_Runner(script, connection, go_on), cleanup)


class _Runner:
    """Runs single statements, and says of their errors which one it was."""

    def __init__(
        self, script: Script, connection: psycopg.Connection[Any], go_on: Callable[[], None]
    ) -> None:
        self.script = script
        self._connection = connection
        self._go_on = go_on

    def begin(self) -> None:
        if not self.script.is_autocommit:
            self._command("BEGIN READ ONLY" if self.script.is_read_only else "BEGIN")

    def commit(self) -> None:
        """Keep what was done.

        Raises:
            PluginError: nothing is kept; or, without a class, nobody knows.
        """
        if self.script.is_autocommit:
            return
        try:
            self._command("COMMIT")
        except PluginError as error:
            if self.script.is_read_only or error.failure is Failure.USER_ERROR:
                raise
            raise unsettled(error) from None

    def _command(self, sql: str) -> None:
        self._go_on()
        try:
            self._connection.execute(sql.encode())
        except psycopg.Error as error:
            raise statement_error(error) from None

    def prepared(self, statement: Statement, number: int) -> Prepared:
        """Have the server parse a statement."""
        self._go_on()
        sql, values = numbered(statement.sql, self.script.params)
        try:
            return prepare(self._connection, sql, values)
        except psycopg.Error as error:
            raise self._failed(error, sql, number) from None

    def rows(self, prepared: Prepared, statement: Statement, number: int) -> Iterator[Chunk]:
        """Run a prepared statement, the fastest way that it can go."""
        is_query = statement.is_query and prepared.columns and not prepared.values
        read = copied if is_query else fetched
        try:
            with closing(read(self._connection, prepared)) as chunks:
                for chunk in chunks:
                    self._go_on()
                    yield chunk
        except psycopg.Error as error:
            raise self._failed(error, prepared.sql, number) from None

    def _failed(self, error: psycopg.Error, sql: str, number: int) -> PluginError:
        """Translate an error; where each statement is kept by itself, more than that is not known.

        Of the first one an answer says that it is not kept, if there was one.
        """
        is_one = len(self.script.statements) == 1
        told = statement_error(error, sql=sql, number=0 if is_one else number)
        is_open = self.script.is_autocommit and (number > 1 or not error.sqlstate)
        return unsettled(told) if is_open and told.failure is not Failure.USER_ERROR else told


def _run(runner: _Runner, cleanup: ExitStack) -> Rows | None:
    found: Rows | None = None
    last = len(runner.script.statements)
    runner.begin()
    for number, statement in enumerate(runner.script.statements, start=1):
        prepared = runner.prepared(statement, number)
        chunks = runner.rows(prepared, statement, number)
        if not runner.script.wants_rows:
            _exhaust(chunks)
        elif number == last and prepared.columns:
            return Rows(prepared.columns, chunks, runner.commit)
        else:
            kept = cleanup.enter_context(closing(KeptRows()))
            kept.keep(chunks)
            if prepared.columns or prepared.gave_rows is not None:
                found = Rows(prepared.columns, kept.chunks(), runner.commit)
    if found is None:
        runner.commit()
    return found


def _exhaust(chunks: Iterator[Chunk]) -> None:
    for _ in chunks:
        pass
