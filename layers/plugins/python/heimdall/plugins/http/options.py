"""The contexts that http takes."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.secret import Secret
from heimdall.plugins.http.target import Target, target_of

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""As objects in memory, JSON takes ten times as much as it does as text."""

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_MAX_BODY_CHARACTERS = 256 * 1024

Host = Annotated[
    str,
    StringConstraints(
        pattern=rf"^((\*\.)?{_LABEL}(\.{_LABEL})*|\[[0-9a-f:.]+\])(:[0-9]{{1,5}})?$",
        to_lower=True,
        max_length=260,
    ),
]
"""`api.example.com`, `*.example.com` for all below it, each with a port if it is not the usual."""

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[ -~\t]*$", max_length=8_000)]
Path = Annotated[str, StringConstraints(pattern=r"^/", max_length=8_000)]
Parameter = str | bool | int | float

REFUSED_HEADERS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "te"),
        *("trailer", "upgrade", "expect", "accept-encoding", "proxy-connection"),
        *("proxy-authorization", "proxy-authenticate", "http2-settings"),
    }
)
"""What belongs to the connection and not to the request."""


def _without_refused(names: object) -> None:
    refused = sorted(str(name) for name in names if str(name).lower() in REFUSED_HEADERS)  # type: ignore[attr-defined]
    if refused:
        raise ValueError(f"the header {refused[0]} is set by the gateway itself")


class ClusterOptions(PluginOptions):
    """Which API is called.

    Attributes:
        allowed_hosts: all that may be called, redirects included.
        base_url: what a job's path is appended to.
        headers: of every request.
        secret_headers: the same, with references to secrets as values.
        allow_private: whether a host may have an address in a private network, or this machine's.
        ca_certificates: in PEM; only these, and no public ones, are trusted then.
        health_path: what is asked for to see whether the API works.
    """

    allowed_hosts: list[Host] = Field(min_length=1, max_length=100)
    base_url: str | None = Field(default=None, max_length=2_000)
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    secret_headers: dict[HeaderName, Secret] = Field(default_factory=dict)
    allow_private: bool = False
    ca_certificates: str | None = Field(default=None, pattern=r"-----BEGIN CERTIFICATE-----")
    health_path: Path | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> "ClusterOptions":
        names = [name.lower() for name in (*self.headers, *self.secret_headers)]
        _without_refused(names)
        if len(names) > len(set(names)):
            raise ValueError("a header is set twice")
        if self.base_url is not None:
            target_of(self.base_url, self.allowed_hosts)
        elif self.health_path is not None:
            raise ValueError("health_path needs a base_url")
        return self

    @property
    def header_names(self) -> frozenset[str]:
        """The headers that jobs cannot set, in lower case."""
        return frozenset(name.lower() for name in (*self.headers, *self.secret_headers))


class CommandOptions(ResultOptions):
    """What every call of the command may do.

    Attributes:
        methods: that a job may use.
        max_response_bytes: of an answer, decompressed; a larger one fails the job.
        timeout_seconds: for the whole call, redirects and waits included.
        follow_redirects: whether to go where an answer points to, if that is allowed.
        result_path: where in the JSON the rows are: `data.items`.
    """

    methods: list[Method] = Field(default=["GET"], min_length=1)
    max_response_bytes: int = Field(default=8 * 1024 * 1024, ge=1, le=MAX_RESPONSE_BYTES)
    timeout_seconds: float = Field(default=30.0, gt=0, le=900)
    follow_redirects: bool = False
    result_path: str | None = Field(default=None, min_length=1, max_length=500)


class JobOptions(PluginOptions):
    """What one job calls.

    Attributes:
        path: below the cluster's base_url.
        url: instead of a path: the whole, at one of the allowed hosts.
        params: of the query; a list gives a parameter several times.
        json_body: sent as JSON.
        body: sent as it is.
        return_result: whether the answer is kept.
    """

    method: Method = "GET"
    path: Path | None = None
    url: str | None = Field(default=None, max_length=8_000)
    params: dict[str, Parameter | list[Parameter]] = Field(default_factory=dict)
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    json_body: Any = Field(default=None, alias="json")
    body: str | None = Field(default=None, max_length=_MAX_BODY_CHARACTERS)
    return_result: bool = True

    @field_validator("headers")
    @classmethod
    def _are_of_requests(cls, headers: dict[str, str]) -> dict[str, str]:
        _without_refused(headers)
        return headers

    @model_validator(mode="after")
    def _is_sound(self) -> "JobOptions":
        if self.path is not None and self.url is not None:
            raise ValueError("path and url cannot both be given")
        if self.json_body is not None and self.body is not None:
            raise ValueError("json and body cannot both be given")
        has_body = self.json_body is not None or self.body is not None
        if has_body and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} takes no body")
        return self


def target(job: JobOptions, cluster: ClusterOptions) -> Target:
    """Return what a job calls.

    Raises:
        ValueError: its host is not allowed, or the URL is none.
    """
    if job.url is not None:
        return target_of(job.url, cluster.allowed_hosts).with_parameters(job.params)
    if cluster.base_url is None:
        raise ValueError("the cluster has no base_url: give a url")
    base = target_of(cluster.base_url, cluster.allowed_hosts)
    return base.below(job.path or "").with_parameters(job.params)


def check_call(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    """Refuse a call that is not allowed.

    Raises:
        ValueError: of a method that the command does not have, at a host that the cluster does not
            allow, or with a header that the cluster sets.
    """
    if job.method not in command.methods:
        raise ValueError(f"method {job.method} is not allowed: {', '.join(command.methods)}")
    taken = sorted(name for name in job.headers if name.lower() in cluster.header_names)
    if taken:
        raise ValueError(f"the header {taken[0]} is set by the cluster")
    target(job, cluster)


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=check_call
)
