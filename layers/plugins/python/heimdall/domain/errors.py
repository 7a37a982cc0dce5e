"""Every error that the gateway knows: a code and a sentence, no HTTP.

HeimdallError
├── InvalidRequestError         a field is wrong; details name it
│   ├── NoPairMatchesError      no active command and cluster fit the criteria
│   ├── UnknownPluginError      a command names a plugin that this deployment lacks
│   └── IdempotencyMismatchError  the key was used before, with another body
├── InvalidPageTokenError       a cursor that this gateway never gave out
├── UnauthenticatedError        nobody vouches for the caller
├── ForbiddenError              the caller may not do this
│   └── CallerNotAllowedError   the command is not for this caller
├── NotFoundError
│   ├── JobNotFoundError
│   ├── ResultNotFoundError     the job has none, or none yet
│   ├── CommandNotFoundError
│   ├── ClusterNotFoundError
│   ├── BindingNotFoundError
│   ├── PolicyNotFoundError
│   ├── RevisionNotFoundError   the entry never had it
│   ├── HealthNotCheckedError   the cluster does not ask for probes
│   └── RouteNotFoundError      no such path, or not with this method
├── NotAcceptableError          the result cannot be had in this form
├── RangeNotSatisfiableError    the stream ends before the range begins
├── InvalidTransitionError      the job's status does not allow it
├── RequestInProgressError      the first request with this key is still being answered
├── ConcurrentChangeError       somebody else changed it in between
│   └── RevisionConflictError   the entry is not at the revision that the writer saw
├── PayloadTooLargeError        more than a function may receive
├── ResultBeingMadeError        the result is large, and not yet in the wanted form
├── RunnerUnavailableError      no executor could be started now
├── StoreThrottledError         DynamoDB or S3 asked to slow down
└── PluginError                 the work failed, for good
    └── TransientPluginError    the engine may do it later
        └── AccessLostError     it refuses to tell of work that it has started
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from heimdall.domain.failures import Failure

Details = Sequence[Mapping[str, Any]] | Mapping[str, Any]


class HeimdallError(Exception):
    """Something that a caller can be told about.

    Attributes:
        code: one stable word for programs.
        details: where it was wrong, for example `[{"path": "context.query", "message": "..."}]`.
        job_id: the job that it is about, if there is one.
    """

    code: ClassVar[str] = "internal"

    def __init__(
        self, message: str, *, details: Details | None = None, job_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.details = details
        self.job_id = job_id


class InvalidRequestError(HeimdallError):
    """A field of the request is missing, unknown or wrong."""

    code = "invalid_request"


class NoPairMatchesError(InvalidRequestError):
    """No pair of an active command and an active cluster satisfies the criteria."""

    code = "no_pair_matches"


class UnknownPluginError(InvalidRequestError):
    """A command names a plugin that this deployment does not have."""

    code = "unknown_plugin"


class IdempotencyMismatchError(InvalidRequestError):
    """The Idempotency-Key came before with another body."""

    code = "idempotency_mismatch"


class InvalidPageTokenError(HeimdallError):
    """A cursor that did not come from this gateway, or was changed on the way."""

    code = "invalid_page_token"


class UnauthenticatedError(HeimdallError):
    """The request carries no IAM identity."""

    code = "unauthenticated"


class ForbiddenError(HeimdallError):
    """The caller may not do this."""

    code = "forbidden"


class CallerNotAllowedError(ForbiddenError):
    """Every command that fits lists the callers it is for, and this one is not among them."""

    code = "caller_not_allowed"


class NotFoundError(HeimdallError):
    """There is no such thing."""

    code = "not_found"


class JobNotFoundError(NotFoundError):
    """There is no job of this id."""

    code = "job_not_found"


class ResultNotFoundError(NotFoundError):
    """The job has no result, or none yet."""

    code = "result_not_found"


class CommandNotFoundError(NotFoundError):
    """There is no command of this id."""

    code = "command_not_found"


class ClusterNotFoundError(NotFoundError):
    """There is no cluster of this id."""

    code = "cluster_not_found"


class BindingNotFoundError(NotFoundError):
    """There is no binding of this id."""

    code = "binding_not_found"


class PolicyNotFoundError(NotFoundError):
    """There is no policy of this id."""

    code = "policy_not_found"


class RevisionNotFoundError(NotFoundError):
    """The entry never had this revision."""

    code = "revision_not_found"


class HealthNotCheckedError(NotFoundError):
    """The cluster has no `health_check`, and so is not probed."""

    code = "health_not_checked"


class RouteNotFoundError(NotFoundError):
    """The API has no such path, or not with this method."""

    code = "route_not_found"


class NotAcceptableError(HeimdallError):
    """The result cannot be had in any of the forms that the request accepts."""

    code = "not_acceptable"


class RangeNotSatisfiableError(HeimdallError):
    """The stream ends before the range begins.

    Attributes:
        size: how many bytes the stream has by now.
    """

    code = "range_not_satisfiable"

    def __init__(self, message: str, *, size: int = 0, job_id: str | None = None) -> None:
        super().__init__(message, job_id=job_id)
        self.size = size


class InvalidTransitionError(HeimdallError):
    """The job's status does not allow what was asked."""

    code = "invalid_transition"


class RequestInProgressError(HeimdallError):
    """The first request with this Idempotency-Key is still being answered."""

    code = "request_in_progress"


class ConcurrentChangeError(HeimdallError):
    """Another writer changed the same thing at the same time."""

    code = "concurrent_change"


class RevisionConflictError(ConcurrentChangeError):
    """The entry is not at the revision that the writer saw; details have the current one."""

    code = "revision_conflict"


class PayloadTooLargeError(HeimdallError):
    """The request is larger than a function may receive."""

    code = "payload_too_large"


class ResultBeingMadeError(HeimdallError):
    """The result is large, and is being made in the form that was asked for."""

    code = "result_being_made"


class RunnerUnavailableError(HeimdallError):
    """No executor could be started for a sync job; the job was not run."""

    code = "runner_unavailable"


class StoreThrottledError(HeimdallError):
    """DynamoDB or S3 asked to slow down."""

    code = "store_throttled"


class PluginError(HeimdallError):
    """The work failed: the run is over.

    Attributes:
        failure: of which class; None if nobody can tell, which is not worth another run.
    """

    code = "plugin_failed"

    def __init__(
        self, message: str, *, failure: Failure | None = None, job_id: str | None = None
    ) -> None:
        super().__init__(message, job_id=job_id)
        self.failure = failure


class TransientPluginError(PluginError):
    """The engine was throttled or out of reach; the same call may succeed later."""

    code = "plugin_unavailable"

    def __init__(
        self, message: str, *, failure: Failure = Failure.THROTTLED, job_id: str | None = None
    ) -> None:
        super().__init__(message, failure=failure, job_id=job_id)


class AccessLostError(TransientPluginError):
    """The engine refuses to tell of work that it has started, or of what that left."""

    code = "plugin_access_lost"
