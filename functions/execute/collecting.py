"""What an ended run left at its engine, on its way into the job."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

from functions.execute.streams import RunStreams
from heimdall.domain.errors import PluginError, StoreThrottledError, TransientPluginError
from heimdall.domain.job import Job
from heimdall.domain.job_files import FilesUnusableError, JobFiles
from heimdall.domain.result import INLINE_BYTES, ResultForm
from heimdall.observability import logger
from heimdall.plugin.detached import EnginePlugin
from heimdall.plugin.output import OutputStream
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.spec import RunHandle, RunReport, RunState


class CollectedOutput:
    """Keeps what a plugin collects; implements `heimdall.plugin.output.RunOutput`.

    Attributes:
        text: the result's JSON, if it came as a file and is small enough for the job's item.
        sizes: the size of each form of the result that came as a file.
    """

    def __init__(
        self,
        job: Job,
        files: JobFiles,
        *,
        stdout: OutputStream,
        stderr: OutputStream,
        redactor: Redactor,
    ) -> None:
        self._job = job
        self._files = files
        self._stdout = stdout
        self._stderr = stderr
        self._redactor = redactor
        self.text: str | None = None
        self.sizes: dict[ResultForm, int] = {}

    @property
    def stdout(self) -> OutputStream:
        """The job's stdout."""
        return self._stdout

    @property
    def stderr(self) -> OutputStream:
        """The job's stderr."""
        return self._stderr

    @property
    def redactor(self) -> Redactor:
        """Knows the secrets that were revealed to the run."""
        return self._redactor

    @contextmanager
    def open_result(self, form: ResultForm) -> Iterator[BinaryIO]:
        """Open a file of any size for the result in one more form, kept if the block ends well."""
        with self._files.write_result(self._job.id, self._job.run, form) as file:
            counted = _Counted(file)
            yield cast(BinaryIO, counted)
        self.sizes[form] = counted.size

    def put_result(self, form: ResultForm, content: BinaryIO) -> None:
        """Keep the result in one more form, read from the file's beginning to its end."""
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        self.sizes[form] = size
        if form is ResultForm.JSON and size <= INLINE_BYTES:
            self.text = content.read().decode()
        else:
            self._files.put_result_file(self._job.id, self._job.run, form, content)


class _Counted(io.RawIOBase):
    """Passes on what is written, and counts it."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.size = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Append."""
        written = self._file.write(data)
        self.size += written
        return written


class RunParts:
    """Where everything is kept that one run gives.

    Attributes:
        redactor: knows the secrets that were revealed to the plugin.
        streams: stdout and stderr.
        output: the result.
    """

    def __init__(self, job: Job, files: JobFiles, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self.streams = RunStreams(files, job, self.redactor)
        stdout, stderr = self.streams.redacted
        self.output = CollectedOutput(
            job, files, stdout=stdout, stderr=stderr, redactor=self.redactor
        )


def collected(
    plugin: EnginePlugin, handle: RunHandle, report: RunReport, output: CollectedOutput
) -> RunReport:
    """Have a plugin read what an ended run left; return the report with the result.

    Raises:
        TransientPluginError: it cannot be read now.
    """
    try:
        return replace(report, result=plugin.collect(handle, report, output))
    except TransientPluginError:
        raise
    except StoreThrottledError as error:
        raise TransientPluginError(str(error)) from error
    except PluginError as error:
        return _without(report, str(error), error)
    except FilesUnusableError as error:
        return _without(report, str(error), PluginError(""))
    except Exception as error:  # noqa: BLE001 - other people's code ends here
        logger.exception("plugin failed")
        return _without(report, f"{type(error).__name__}: {error}", PluginError(""))


def _without(report: RunReport, reason: str, error: PluginError) -> RunReport:
    if report.state is RunState.SUCCEEDED:
        detail = f"the work succeeded, but what it left cannot be read: {reason}"
        return replace(report, state=RunState.FAILED, detail=detail, failure=error.failure)
    told = f"{report.detail}; " if report.detail else ""
    return replace(report, detail=f"{told}what it left cannot be read: {reason}")
