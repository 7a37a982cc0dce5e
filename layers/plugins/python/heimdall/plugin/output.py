"""Where a run leaves what it gives: two streams and a result of any size."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from heimdall.domain.result import ResultForm
from heimdall.plugin.redaction import Redactor


class OutputStream(Protocol):
    """A stream of the job that people read: stdout or stderr."""

    def write(self, data: bytes) -> None:
        """Append; may be called from any thread."""
        ...


class RunOutput(Protocol):
    """Takes what a run gives, or left at its engine."""

    @property
    def stdout(self) -> OutputStream:
        """The job's stdout."""
        ...

    @property
    def stderr(self) -> OutputStream:
        """The job's stderr."""
        ...

    @property
    def redactor(self) -> Redactor:
        """Knows the secrets that were revealed to the run: a result must have none of them."""
        ...

    def put_result(self, form: ResultForm, content: BinaryIO) -> None:
        """Keep the result in one more form, read from the file to its end.

        JSON has Heimdall's shape: `{"columns": [{"name": .., "type": ..}], "data": [[..]]}`.
        """
        ...

    def open_result(self, form: ResultForm) -> AbstractContextManager[BinaryIO]:
        """Open a file of any size for the result in one more form.

        It is kept, as a whole, when the block ends; of a block that raises nothing is kept.
        """
        ...
