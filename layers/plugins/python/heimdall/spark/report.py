"""What the wrapper leaves below its output: how its statement ended, and the result's files."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, Protocol, cast

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import RunReport, RunState

REPORT, RESULT = "report.json", "result.json"
WRAPPER = Path(__file__).with_name("wrapper.py")
"""The script; what runs in Lambda never imports it."""

MAX_RESULT_BYTES = 400 * 1024 * 1024
"""What a result may have in either form: the executor has 512 MB to copy it by way of."""

DEFAULT_MAX_ROWS, DEFAULT_MAX_BYTES = 1_000_000, 100 * 1024 * 1024
MAX_REPORT_BYTES = 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 8 * 1024 * 1024


Part = Annotated[str, StringConstraints(pattern=r"^parquet/part-[\w.=-]+$")]


class SqlReport(BaseModel):
    """The wrapper's last word.

    Attributes:
        parquet: names of the parts below the output.
        notes: for people: what could not be had.
        failure: of a statement that failed.
        message: for people: why it failed, as Spark says it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    ok: bool
    rows: int = 0
    bytes: int = 0
    parquet: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure = Failure.ENGINE_FAULT
    message: str = "it does not say why"

    @property
    def is_users_error(self) -> bool:
        """Whether the statement failed by itself."""
        return not self.ok and self.failure is Failure.USER_ERROR

    def as_run(self) -> RunReport:
        """Say it as a plugin does."""
        if self.ok:
            return RunReport(state=RunState.SUCCEEDED)
        return RunReport(state=RunState.FAILED, detail=self.message, failure=self.failure)


class SqlOutput(Protocol):
    """Where a wrapper left its files."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO | None]:
        """Open a file below the output, named as in the report; None if there is none.

        Raises:
            TransientPluginError: not now; try again.
            PluginError: it must not be read.
        """
        ...


def arguments(
    *, query: str, output: str, max_rows: int, max_bytes: int, return_result: bool
) -> list[str]:
    """Return what the wrapper is started with.

    Args:
        query: the URI of the statement's text.
        output: the URI below which it leaves its files; nothing may be there.
        max_rows: a result of more is a failure.
        max_bytes: of either form, likewise.
        return_result: whether the result is wanted; the statement is run in any case.
    """
    asked = ["--return-result"] if return_result else []
    return [
        *("--query", query, "--output", output.rstrip("/")),
        *("--max-rows", str(max_rows), "--max-bytes", str(max_bytes), *asked),
    ]


def read_report(output: SqlOutput) -> SqlReport | None:
    """Read how the statement ended; None if the wrapper did not get so far.

    Raises:
        PluginError: what is there is no report.
    """
    with output.open(REPORT) as file:
        if file is None:
            return None
        text = file.read(MAX_REPORT_BYTES)
    try:
        return SqlReport.model_validate_json(text)
    except ValidationError as error:
        raise PluginError(f"{REPORT} of the run cannot be read: {_first_line(error)}") from error


def collect_result(source: SqlOutput, report: SqlReport, output: RunOutput) -> None:
    """Hand over the result of a statement in the forms that there are, if it has any.

    Raises:
        PluginError: it is not there, or not as large as the report says.
    """
    for note in report.notes:
        output.stderr.write(f"{note}\n".encode())
    if not report.ok or not report.bytes:
        return
    _hand_over(source, RESULT, ResultForm.JSON, output, size=report.bytes)
    if len(report.parquet) == 1:
        _hand_over(source, report.parquet[0], ResultForm.PARQUET, output)


def _hand_over(
    source: SqlOutput, name: str, form: ResultForm, output: RunOutput, size: int | None = None
) -> None:
    with source.open(name) as file, SpooledTemporaryFile(_IN_MEMORY_BYTES) as copy:
        if file is None:
            raise PluginError(f"{name} of the result is gone")
        found = _copied(file, copy)
        if found > MAX_RESULT_BYTES or (size is not None and found != size):
            expected = f"{size:,}" if size is not None else f"at most {MAX_RESULT_BYTES:,}"
            raise PluginError(f"{name} of the result has {found:,} bytes, not {expected}")
        copy.seek(0)
        output.put_result(form, cast(BinaryIO, copy))


def _copied(file: BinaryIO, copy: "SpooledTemporaryFile[bytes]") -> int:
    """Copy what is not too large; return how much it is, as far as it was read."""
    while copy.tell() <= MAX_RESULT_BYTES and (chunk := file.read(_CHUNK_BYTES)):
        copy.write(chunk)
    return copy.tell()


def _first_line(error: ValidationError) -> str:
    return json.dumps(error.errors(include_url=False, include_input=False)[0]["msg"])
