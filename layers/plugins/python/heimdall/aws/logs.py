"""Reads what an ended run left in CloudWatch Logs, the newest part of it if it is long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.identity import Allow
from heimdall.plugin.output import OutputStream

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import OutputLogEventTypeDef

MAX_LOG_BYTES = 4 * 1024 * 1024
"""How much of one log stream is read; errors are at the end, so its end is."""

MAX_PAGES = 64
"""How often CloudWatch is asked for one log stream: pages may be empty."""


@dataclass(frozen=True, slots=True)
class LogStream:
    """Where one program wrote: a log group and a stream in it."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"the log group {self.group}, stream {self.name}"


def may_read(group: str) -> Allow:
    """Return the right to read the streams of a log group."""
    return Allow(["logs:GetLogEvents"], [f"arn:*:logs:*:*:log-group:{group}:log-stream:*"])


def copy_log(
    client: "CloudWatchLogsClient",
    log: LogStream,
    to: OutputStream,
    *,
    max_bytes: int = MAX_LOG_BYTES,
) -> bool:
    """Write the end of a log stream to a stream of the job, and say so if it is not the whole.

    A log that may not be read makes no run a failure: the job's stream says why it is not there.

    Args:
        client: CloudWatch's, in a role that has the right of `may_read`.
        log: what to read.
        to: takes it, a line per event.
        max_bytes: how much is read at most; more is never held in memory, a page aside.

    Returns:
        Whether there is such a log stream.

    Raises:
        TransientPluginError: throttled or unreachable; nothing was written.
    """
    try:
        with engine_errors(f"reading {log}"):
            tail = _read_tail(client, log, max_bytes)
    except TransientPluginError:
        raise
    except PluginError as error:
        to.write(f"[heimdall: there is no log here: {error}]\n".encode())
        return True
    if tail is None:
        return False
    if tail.is_cut:
        to.write(f"[heimdall: only the last {tail.size:,} bytes of {log}, are here]\n".encode())
    for line in reversed(tail.lines):
        to.write(line)
    return True


class _Tail:
    """The end of a log, gathered from the newest line on."""

    def __init__(self, max_bytes: int) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.is_cut = False
        self._max_bytes = max_bytes

    def add(self, line: bytes) -> None:
        """Take the line before those taken so far, unless it is too much."""
        if self.is_cut or self.size + len(line) > self._max_bytes:
            self.is_cut = True
            return
        self.lines.append(line)
        self.size += len(line)


def _read_tail(client: "CloudWatchLogsClient", log: LogStream, max_bytes: int) -> _Tail | None:
    tail = _Tail(max_bytes)
    try:
        for page in _pages_backwards(client, log):
            if page is None:
                tail.is_cut = True
                break
            for event in reversed(page):
                tail.add(event.get("message", "").encode(errors="replace") + b"\n")
            if tail.is_cut:
                break
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return None
    return tail


def _pages_backwards(
    client: "CloudWatchLogsClient", log: LogStream
) -> Iterator["list[OutputLogEventTypeDef] | None"]:
    """Give pages from the newest on, empty ones too; None last if there are too many."""
    answer = client.get_log_events(
        logGroupName=log.group, logStreamName=log.name, startFromHead=False
    )
    yield answer["events"]
    for _ in range(MAX_PAGES):
        token = answer["nextBackwardToken"]
        answer = client.get_log_events(
            logGroupName=log.group, logStreamName=log.name, nextToken=token, startFromHead=False
        )
        yield answer["events"]
        if answer["nextBackwardToken"] == token:
            return
    yield None
