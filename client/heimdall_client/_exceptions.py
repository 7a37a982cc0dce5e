"""Every error that this package raises.

HeimdallError
├── ConfigurationError             an address, a region or an argument is missing or wrong
│   ├── CatalogFileError           a file of commands and clusters is wrong
│   └── CredentialsError           no AWS credentials, or they cannot be refreshed
├── PortError                      the local gateway's port cannot be had
├── TransportError                 no answer: broken off, or one of these
│   ├── UnreachableError           no connection: nothing was sent
│   └── RequestTimeoutError        no answer in time
├── UnexpectedAnswerError          an answer, but not one of Heimdall's
├── ApplyError                     a catalog file was not applied, or not all of it
├── WaitTimeoutError               the job had not ended when the patience had
└── ApiError                       the API refused; has status, code, details, request_id
    ├── InvalidRequestError        422, 400
    │   ├── NoPairMatchesError
    │   ├── UnknownPluginError
    │   ├── IdempotencyMismatchError
    │   └── InvalidPageTokenError
    ├── UnauthenticatedError       401
    ├── ForbiddenError             403
    │   └── CallerNotAllowedError
    ├── NotFoundError              404
    │   ├── JobNotFoundError
    │   ├── CommandNotFoundError
    │   ├── ClusterNotFoundError
    │   ├── BindingNotFoundError
    │   ├── PolicyNotFoundError
    │   ├── RevisionNotFoundError
    │   ├── HealthNotCheckedError
    │   ├── ResultNotFoundError
    │   └── RouteNotFoundError
    ├── NotAcceptableError         406
    ├── RangeNotSatisfiableError   416
    ├── InvalidTransitionError     409
    ├── RequestInProgressError     409
    ├── ConcurrentChangeError      409
    │   └── RevisionConflictError
    ├── PayloadTooLargeError       413
    ├── ThrottledError             429, 503
    ├── UnavailableError           502, 503, 504
    │   └── ResultBeingMadeError   503
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


class UnreachableError(TransportError):
    """There is no connection to the API; nothing was sent."""


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
        retry_after_seconds: after so long it may succeed.
    """

    status: int
    message: str
    code: str = ""
    request_id: str | None = None
    job_id: str | None = None
    details: Any = None
    retry_after_seconds: int | None = None


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

    @property
    def retry_after_seconds(self) -> int | None:
        """After so long the same request may succeed; None where the API does not say."""
        return self.refusal.retry_after_seconds


class InvalidRequestError(ApiError):
    """A field of the request is missing, unknown or wrong; details name it."""


class NoPairMatchesError(InvalidRequestError):
    """No pair of an active command and an active cluster fits the criteria."""


class UnknownPluginError(InvalidRequestError):
    """The command names a plugin that the deployment does not have."""


class IdempotencyMismatchError(InvalidRequestError):
    """The idempotency key was used before, with another body."""


class InvalidPageTokenError(InvalidRequestError):
    """The cursor is not one that the API gave out."""


class UnauthenticatedError(ApiError):
    """The API does not know who asks."""


class ForbiddenError(ApiError):
    """IAM or Heimdall does not allow it to this caller."""


class CallerNotAllowedError(ForbiddenError):
    """The commands that fit are not for this caller."""


class NotFoundError(ApiError):
    """There is no such thing."""


class JobNotFoundError(NotFoundError):
    """There is no job of this id."""


class CommandNotFoundError(NotFoundError):
    """There is no command of this id."""


class ClusterNotFoundError(NotFoundError):
    """There is no cluster of this id."""


class BindingNotFoundError(NotFoundError):
    """There is no binding of this id."""


class PolicyNotFoundError(NotFoundError):
    """There is no policy of this id."""


class RevisionNotFoundError(NotFoundError):
    """The entry never had this revision."""


class HealthNotCheckedError(NotFoundError):
    """The cluster does not ask for health checks."""


class ResultNotFoundError(NotFoundError):
    """The job has no result, or none yet."""


class RouteNotFoundError(NotFoundError):
    """The API has no such path: is its address right?"""


class NotAcceptableError(ApiError):
    """The result cannot be had in this form; details list the forms that it can."""


class RangeNotSatisfiableError(ApiError):
    """The stream ends before the range begins."""


class InvalidTransitionError(ApiError):
    """The job's status does not allow it."""


class ConcurrentChangeError(ApiError):
    """Somebody else changed it at the same time; try again."""


class RequestInProgressError(ApiError):
    """The first request with this idempotency key is still being answered."""


class RevisionConflictError(ConcurrentChangeError):
    """The entry is not at the revision that the writer saw; details have the current one."""


class PayloadTooLargeError(ApiError):
    """The request is larger than the API takes."""


class ThrottledError(ApiError):
    """The API asks to slow down."""


class UnavailableError(ApiError):
    """Something behind the API is out of reach for the moment."""


class ResultBeingMadeError(UnavailableError):
    """The result is large, and is being made in the form that was asked for."""


class PluginFailedError(ApiError):
    """The plugin failed."""


class InternalError(ApiError):
    """The API failed; its logs know why, under the request id."""
