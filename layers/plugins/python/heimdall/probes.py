"""How health probes reach the runners, which alone have the plugins."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from heimdall.domain.cluster import Cluster
from heimdall.domain.health import CheckStatus, HealthCheck, Probe
from heimdall.settings import RunnerSettings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

BATCH_PROBES = 50
BATCH_BYTES = 4_000_000
"""What one invocation carries: Lambda takes 6 MB, and each probe is a thread there."""

_INVOCATIONS = 10


def probe_to_message(probe: Probe) -> dict[str, Any]:
    """Write a probe for an invocation."""
    return {"cluster": probe.cluster.to_dict(), "plugin": probe.plugin}


def probe_from_message(message: Mapping[str, Any]) -> Probe:
    """Read what `probe_to_message` wrote, after it was JSON."""
    return Probe(Cluster.from_dict(message["cluster"]), message["plugin"])


@dataclass(frozen=True, slots=True)
class RunnerProbes:
    """Has probes made by the runners of a deployment.

    Args:
        runners: the deployment's runners by name.
        functions: makes the Lambda client when the first probe is made; it must not retry.
    """

    runners: Mapping[str, RunnerSettings]
    functions: Callable[[], "LambdaClient"]

    def make(self, probes: Sequence[Probe]) -> list[HealthCheck]:
        """Have probes made, all at once; one that cannot be made is an error with the reason."""
        by_function: dict[str, list[Probe]] = defaultdict(list)
        checks = []
        for probe in probes:
            function = self._function(probe.plugin)
            if function is None:
                reason = f"no runner of this deployment has the plugin {probe.plugin!r}"
                checks.append(HealthCheck.of(probe, CheckStatus.ERROR, error=reason))
            else:
                by_function[function].append(probe)
        batches = [
            (function, batch)
            for function, wanted in by_function.items()
            for batch in _batches(wanted)
        ]
        if batches:
            from concurrent.futures import ThreadPoolExecutor  # most containers probe nothing

            self.functions()  # made here: boto3's session is not for several threads
            with ThreadPoolExecutor(_INVOCATIONS) as threads:
                for answered in threads.map(lambda batch: self._invoke(*batch), batches):
                    checks += answered
        return checks

    def _function(self, plugin: str) -> str | None:
        for runner in self.runners.values():
            if plugin in runner.plugins:
                return runner.function
        return None

    def _invoke(self, function: str, probes: Sequence[Probe]) -> list[HealthCheck]:
        payload = {"probes": [probe_to_message(probe) for probe in probes]}
        try:
            answer = self.functions().invoke(
                FunctionName=function, Payload=json.dumps(payload, separators=(",", ":")).encode()
            )
            body = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError) as error:
            return _unreached(probes, str(error))
        if answer.get("FunctionError"):
            return _unreached(probes, f"{body.get('errorType')}: {body.get('errorMessage')}")
        return [HealthCheck.from_dict(check) for check in body["checks"]]


def _batches(probes: Sequence[Probe]) -> Iterator[list[Probe]]:
    batch: list[Probe] = []
    size = 0
    for probe in probes:
        more = len(json.dumps(probe_to_message(probe)))
        if batch and (len(batch) == BATCH_PROBES or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(probe)
        size += more
    if batch:
        yield batch


def _unreached(probes: Sequence[Probe], reason: str) -> list[HealthCheck]:
    told = f"the runner could not be asked: {reason}"
    return [HealthCheck.of(probe, CheckStatus.ERROR, error=told) for probe in probes]
