"""Every error that this package raises.

HeimdallError
├── ConfigurationError             an address, a region or an argument is missing or wrong
│   ├── CatalogFileError           a file of commands and clusters is wrong
│   └── CredentialsError           no AWS credentials, or they cannot be refreshed
├── PortError                      the local gateway's port cannot be had
├── TransportError                 no answer: refused, broken off, not resolved
│   └── RequestTimeoutError        no answer in time
├── UnexpectedAnswerError          an answer, but not one of Heimdall's
├── ApplyError                     a catalog file was not applied, or not all of it
├── WaitTimeoutError               the job had not ended when the patience had
└── ApiError                       the API refused; has status, code, details, request_id
    ├── InvalidRequestError        422, 400
    │   ├── NoPairMatchesError
    │   ├── UnknownPluginError
    │   └── InvalidPageTokenError
    ├── UnauthenticatedError       401
    ├── ForbiddenError             403
    ├── NotFoundError              404
    │   ├── JobNotFoundError
    │   ├── CommandNotFoundError
    │   ├── ClusterNotFoundError
    │   ├── ResultNotFoundError
    │   └── RouteNotFoundError
    ├── InvalidTransitionError     409
    ├── ConcurrentChangeError      409
    ├── PayloadTooLargeError       413
    ├── ThrottledError             429, 503
    ├── UnavailableError           502, 503, 504
    ├── PluginFailedError          502
    └── InternalError              500
"""

from dataclasses import dataclass
from typing import Any


class HeimdallError(Exception):
    """Something went wrong between the caller and Heimdall."""


class ConfigurationError(HeimdallError):
    """The client was set up wrongly; nothing was sent."""


class CatalogFileError(ConfigurationError):
    """A file of commands and clusters is wrong; one line for each fault, with its place."""


class CredentialsError(ConfigurationError):
    """There are no AWS credentials, or they cannot be refreshed."""


class PortError(HeimdallError):
    """The local gateway cannot listen where it should."""


class TransportError(HeimdallError):
    """The API did not answer; whether it acted on the request is unknown."""


class RequestTimeoutError(TransportError):
    """The API did not answer in time."""


class UnexpectedAnswerError(HeimdallError):
    """What answered is not Heimdall, or is a Heimdall that this client does not understand."""


class ApplyError(HeimdallError):
    """A catalog file was not applied, or not all of it: which says the text, why the cause."""


class WaitTimeoutError(HeimdallError):
    """The job went on for longer than the caller wanted to wait; it still does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What an error answer says.

    Attributes:
        status: the HTTP status.
        code: Heimdall's word for it; "" where the answer has none.
        details: where it was wrong: usually `[{"path": "context.query", "message": "..."}]`.
    """

    status: int
    message: str
    code: str = ""
    request_id: str | None = None
    job_id: str | None = None
    details: Any = None


class ApiError(HeimdallError):
    """The API refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.refusal.status

    @property
    def code(self) -> str:
        """Heimdall's word for it; "" where something before Heimdall refused."""
        return self.refusal.code

    @property
    def request_id(self) -> str | None:
        """Under this id the request is found in the API's logs."""
        return self.refusal.request_id

    @property
    def job_id(self) -> str | None:
        """The job that it is about."""
        return self.refusal.job_id

    @property
    def details(self) -> Any:  # noqa: ANN401 - whatever JSON the API sends
        """Where it was wrong: usually a list of `{"path": ..., "message": ...}`."""
        return self.refusal.details


class InvalidRequestError(ApiError):
    """A field of the request is missing, unknown or wrong; details name it."""


class NoPairMatchesError(InvalidRequestError):
    """No pair of an active command and an active cluster fits the criteria."""


class UnknownPluginError(InvalidRequestError):
    """The command names a plugin that the deployment does not have."""


class InvalidPageTokenError(InvalidRequestError):
    """The cursor is not one that the API gave out."""


class UnauthenticatedError(ApiError):
    """The API does not know who asks."""


class ForbiddenError(ApiError):
    """IAM or Heimdall does not allow it to this caller."""


class NotFoundError(ApiError):
    """There is no such thing."""


class JobNotFoundError(NotFoundError):
    """There is no job of this id."""


class CommandNotFoundError(NotFoundError):
    """There is no command of this id."""


class ClusterNotFoundError(NotFoundError):
    """There is no cluster of this id."""


class ResultNotFoundError(NotFoundError):
    """The job has no result, or none yet."""


class RouteNotFoundError(NotFoundError):
    """The API has no such path: is its address right?"""


class InvalidTransitionError(ApiError):
    """The job's status does not allow it."""


class ConcurrentChangeError(ApiError):
    """Somebody else changed it at the same time; try again."""


class PayloadTooLargeError(ApiError):
    """The request is larger than the API takes."""


class ThrottledError(ApiError):
    """The API asks to slow down."""


class UnavailableError(ApiError):
    """Something behind the API is out of reach for the moment."""


class PluginFailedError(ApiError):
    """The plugin failed."""


class InternalError(ApiError):
    """The API failed; its logs know why, under the request id."""


BY_CODE: dict[str, type[ApiError]] = {
    "invalid_request": InvalidRequestError,
    "no_pair_matches": NoPairMatchesError,
    "unknown_plugin": UnknownPluginError,
    "invalid_page_token": InvalidPageTokenError,
    "unauthenticated": UnauthenticatedError,
    "forbidden": ForbiddenError,
    "not_found": NotFoundError,
    "job_not_found": JobNotFoundError,
    "command_not_found": CommandNotFoundError,
    "cluster_not_found": ClusterNotFoundError,
    "result_not_found": ResultNotFoundError,
    "route_not_found": RouteNotFoundError,
    "invalid_transition": InvalidTransitionError,
    "concurrent_change": ConcurrentChangeError,
    "payload_too_large": PayloadTooLargeError,
    "store_throttled": ThrottledError,
    "runner_unavailable": UnavailableError,
    "plugin_unavailable": UnavailableError,
    "plugin_failed": PluginFailedError,
    "upstream_unreachable": UnavailableError,
    "upstream_timeout": UnavailableError,
    "internal": InternalError,
}

BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: InvalidTransitionError,
    413: PayloadTooLargeError,
    422: InvalidRequestError,
    429: ThrottledError,
    500: InternalError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def error_of(refusal: Refusal) -> ApiError:
    """Pick the class by the code; by the status where a newer API's code is not known here."""
    by_status = BY_STATUS.get(refusal.status, ApiError)
    return BY_CODE.get(refusal.code, by_status)(refusal)
