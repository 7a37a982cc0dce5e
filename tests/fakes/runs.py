"""What a plugin is given when it runs: a stop signal, two streams and the request itself."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from io import BytesIO
from threading import Event, Lock, Thread
from typing import Any, BinaryIO, TypeVar

import boto3
from botocore.config import Config

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import PluginError
from heimdall.domain.result import ResultForm
from heimdall.plugin.identity import ANSWER_SECONDS, Identity, PluginServices, Policy
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.registry import PluginRegistry
from heimdall.plugin.secret import ReadSecret, SecretReader, SecretReference
from heimdall.plugin.spec import RunRequest, StopReason

T = TypeVar("T")

JOB_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


class FakeStopSignal:
    """A stop signal that a test sets by hand, from any thread."""

    def __init__(self, reason: StopReason | None = None) -> None:
        self._event = Event()
        self._reason: StopReason | None = None
        if reason is not None:
            self.set(reason)

    @property
    def reason(self) -> StopReason | None:
        return self._reason

    def set(self, reason: StopReason = StopReason.CANCELED) -> None:
        self._reason = reason
        self._event.set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)


class FakeStream:
    """A stream that keeps all that is written to it."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._lock = Lock()
        self._written = Event()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._chunks.append(bytes(data))
        self._written.set()

    @property
    def data(self) -> bytes:
        with self._lock:
            return b"".join(self._chunks)

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def writes(self) -> int:
        with self._lock:
            return len(self._chunks)

    def wait_for_data(self, seconds: float = 10.0) -> bytes:
        """Wait until something was written; give what there is then."""
        assert self._written.wait(seconds), "nothing was written"
        return self.data


class FakeOutput:
    """Keeps what a run gives: its streams, and its result in each form."""

    def __init__(self) -> None:
        self.stdout, self.stderr = FakeStream(), FakeStream()
        self.redactor = Redactor()
        self.results: dict[ResultForm, bytes] = {}

    def put_result(self, form: ResultForm, content: BinaryIO) -> None:
        self.results[form] = content.read()

    @contextmanager
    def open_result(self, form: ResultForm) -> Iterator[BinaryIO]:
        file = BytesIO()
        yield file
        self.results[form] = file.getvalue()


def secret_store(secrets: Mapping[str, str]) -> ReadSecret:
    """Read secrets from a dictionary: `{"ssm:/heimdall/token": "..."}`."""

    def read(reference: SecretReference) -> str:
        try:
            return secrets[f"{reference.source}:{reference.name}"]
        except KeyError:
            raise PluginError(f"there is no secret {reference}") from None

    return read


class PlainAws:
    """Clients in no role: moto's, where it is on. Keeps who asked for which client."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Identity, Policy]] = []

    def client(
        self,
        service: str,
        identity: Identity,
        policy: Policy,
        *,
        repeats: bool = True,
        answer_seconds: int = ANSWER_SECONDS,
    ) -> Any:
        self.asked.append((service, identity, policy))
        retries = {"mode": "standard", "total_max_attempts": 2 if repeats else 1}
        config = Config(retries=retries, read_timeout=answer_seconds)
        return boto3.client(service, region_name=identity.region, config=config)  # type: ignore[call-overload]


PLUGIN_SERVICES = PluginServices(aws=PlainAws())


def make_registry(*args: Any, **kwargs: Any) -> PluginRegistry:
    """Make a registry that builds plugins, as an executor's does."""
    return PluginRegistry(*args, services=lambda: PLUGIN_SERVICES, **kwargs)


def make_identity(**changes: Any) -> Identity:
    """On whose behalf `make_run_request`'s run calls an engine."""
    fields = {"deployment": "Heimdall-eu-west-1", "user": "ada", "job_id": JOB_ID, "run": 1}
    return Identity(**{**fields, **changes})


def make_run_request(
    plugin: str = "noop",
    *,
    registry: PluginRegistry | None = None,
    context: Mapping[str, Any] | None = None,
    command_context: Mapping[str, Any] | None = None,
    cluster_context: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    **changes: Any,
) -> RunRequest:
    """Build a request as the executor does: the contexts checked by the plugin's own models.

    `secrets` has the values of references without their keys.
    """
    output = FakeOutput()
    reader = SecretReader(secret_store(secrets or {}), output.redactor)
    models = (registry or PluginRegistry()).options(plugin)
    command = Command(
        id="command-1", name="command", version="1", plugin=plugin, context=command_context or {}
    )
    cluster = Cluster(id="cluster-1", name="cluster", version="1", context=cluster_context or {})
    fields: dict[str, Any] = {
        "job_id": JOB_ID,
        "run": 1,
        "token": f"{JOB_ID}-1",
        "user": "ada",
        "command": command,
        "cluster": cluster,
        "options": models.job.model_validate(context or {}, context={"secrets": reader}),
        "command_options": models.command.model_validate(
            command.context, context={"secrets": reader}
        ),
        "cluster_options": models.cluster.model_validate(
            cluster.context, context={"secrets": reader}
        ),
        "seconds_left": 60.0,
        "stop": FakeStopSignal(),
        "stdout": output.stdout,
        "stderr": output.stderr,
        "output": output,
        "identity": make_identity(),
    }
    return RunRequest(**{**fields, **changes})


def in_background(call: Callable[[RunRequest], T], run: RunRequest) -> Future[T]:
    """Call in a thread that nobody waits for: a plugin that hangs fails one test, not the run."""
    future: Future[T] = Future()

    def fulfil() -> None:
        try:
            future.set_result(call(run))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    Thread(target=fulfil, daemon=True).start()
    return future
