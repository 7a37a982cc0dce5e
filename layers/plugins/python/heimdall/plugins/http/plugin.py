"""Makes a job's call inside `start` and hands the answer over."""

import json
import ssl
from functools import lru_cache
from typing import ClassVar, cast

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.handles import unknown_handle
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.results import hand_over
from heimdall.plugin.secret import Secret
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
    StopReason,
)
from heimdall.plugin.watch import EndedError, Ending, Watch, ended_report
from heimdall.plugins.http.address import Resolve, checked_addresses, system_addresses
from heimdall.plugins.http.call import Caller, Rules
from heimdall.plugins.http.exchange import REPEATABLE, Request
from heimdall.plugins.http.options import (
    ClusterOptions,
    CommandOptions,
    JobOptions,
    check_call,
    target,
)
from heimdall.plugins.http.table import table_of
from heimdall.plugins.http.target import target_of

_HEALTH_BYTES = 64 * 1024


class HttpPlugin:
    """Works inside `start`: the call is over when that returns.

    Args:
        resolve: gives the addresses of a host.
    """

    name: ClassVar[str] = "http"

    def __init__(self, resolve: Resolve = system_addresses) -> None:
        self._resolve = resolve

    def start(self, run: RunRequest) -> RunReport:
        """Make the call, or leave off when it has to stop."""
        command = cast(CommandOptions, run.command_options)
        watch = Watch(run.stop, min(run.seconds_left, command.timeout_seconds))
        if watch.is_stopped():
            return ended_report(Ending.STOPPED, run)
        try:
            return self._work(run, command, watch)
        except EndedError as error:
            is_ours = command.timeout_seconds < run.seconds_left
            if error.ending is Ending.STOPPED or not is_ours:
                return ended_report(error.ending, run)
            is_repeatable = cast(JobOptions, run.options).method in REPEATABLE
            raise PluginError(
                f"no whole answer within the {command.timeout_seconds:g} s of timeout_seconds",
                failure=Failure.ENGINE_FAULT if is_repeatable else None,
            ) from None

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: http gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: http gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Get the health path if there is one; else find the base URL's host."""
        cluster = cast(ClusterOptions, request.cluster_options)
        if cluster.base_url is None:
            return HealthReport(is_healthy=True, detail="without a base_url nothing is asked")
        watch = Watch(_Never(), request.seconds_left)
        base = target_of(cluster.base_url, cluster.allowed_hosts)
        try:
            if cluster.health_path is None:
                checked_addresses(
                    base.host,
                    base.port,
                    allow_private=cluster.allow_private,
                    watch=watch,
                    resolve=self._resolve,
                )
                return HealthReport(is_healthy=True)
            rules = _rules(cluster, CommandOptions(max_response_bytes=_HEALTH_BYTES))
            asked = Request(method="GET", target=base.below(cluster.health_path), headers=_OURS)
            Caller(rules, self._resolve, watch).call(asked)
        except EndedError:
            return HealthReport(is_healthy=False, detail="no answer in time")
        return HealthReport(is_healthy=True)

    def _work(self, run: RunRequest, command: CommandOptions, watch: Watch) -> RunReport:
        job, cluster = cast(JobOptions, run.options), cast(ClusterOptions, run.cluster_options)
        request = _request(job, command, cluster, run.token)
        answer = Caller(_rules(cluster, command), self._resolve, watch).call(request)
        outputs = {"status": str(answer.status)}
        if not (job.return_result and answer.body):
            return RunReport(state=RunState.SUCCEEDED, outputs=outputs)
        kind = answer.headers.get("content-type", "")
        columns, rows = table_of(answer.body, kind, command.result_path)
        limits = ResultLimits(max_rows=command.max_rows, max_bytes=command.max_bytes)
        result = hand_over(columns, rows, run.output, limits=limits)
        return RunReport(state=RunState.SUCCEEDED, outputs=outputs, result=result)


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return HttpPlugin()


_OURS = {"User-Agent": "heimdall", "Accept": "application/json, */*;q=0.5"}


class _Never:
    """A stop signal of what nobody stops."""

    reason: StopReason | None = None

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - part of the protocol
        """Return at once: health checks do not wait."""
        return False


def _request(
    job: JobOptions, command: CommandOptions, cluster: ClusterOptions, token: str
) -> Request:
    try:
        check_call(job, command, cluster)
        called = target(job, cluster)
    except ValueError as error:
        raise PluginError(str(error), failure=Failure.USER_ERROR) from error
    headers, body = dict(_OURS), None
    if job.method not in ("GET", "HEAD"):
        headers["Idempotency-Key"] = token
    if job.json_body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(job.json_body, separators=(",", ":")).encode()
    elif job.body is not None:
        body = job.body.encode()
    given = {name.lower() for name in job.headers} | cluster.header_names
    headers = {name: value for name, value in headers.items() if name.lower() not in given}
    return Request(method=job.method, target=called, headers={**headers, **job.headers}, body=body)


def _rules(cluster: ClusterOptions, command: CommandOptions) -> Rules:
    secrets = {name: _header(secret) for name, secret in cluster.secret_headers.items()}
    return Rules(
        allowed_hosts=cluster.allowed_hosts,
        allow_private=cluster.allow_private,
        methods=command.methods,
        own_headers={**cluster.headers, **secrets},
        home=target_of(cluster.base_url, cluster.allowed_hosts).origin
        if cluster.base_url
        else None,
        follow_redirects=command.follow_redirects,
        max_bytes=command.max_response_bytes,
        trust=lambda: _trust(cluster.ca_certificates),
    )


def _header(secret: Secret) -> str:
    """Return the value of a header; whatever made the secret may have ended its line."""
    value = secret.reveal().strip()
    if not value.isascii() or not value.isprintable():
        raise PluginError(f"the secret {secret} has characters that no header can have")
    return value


@lru_cache(maxsize=8)
def _trust(ca_certificates: str | None) -> ssl.SSLContext:
    """Return what checks certificates: with the public authorities, or with these only."""
    try:
        context = ssl.create_default_context(cadata=ca_certificates)
    except ssl.SSLError as error:
        raise PluginError(f"the ca_certificates cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
