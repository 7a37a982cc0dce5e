"""What each function is told: the environment that its settings class reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from infra.stateful import HeimdallStateful


@dataclass(frozen=True, kw_only=True)
class RunnerAddress:
    """Where a runner's jobs go, sync ones to its function, and the wakes of long ones."""

    function: str
    queue_url: str
    wakes_url: str
    plugins: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The environments of the four functions of one deployment.

    Attributes:
        deployment: its name among others in the account.
        long_jobs_arn: the state machine's.
        trusted_proxies: ARNs of users and roles, comma separated, that may name another caller.
        admins: patterns of subjects, comma separated, that are admins whatever the bindings say.
        default_role: the role of those whom no binding names, or "none".
        retention_days: how long a finished job is kept.
        audit_retention_days: how long an entry of the audit trail is kept.
        stop_orphans: whether work that no job waits for is stopped.
    """

    data: HeimdallStateful
    deployment: str
    long_jobs_arn: str
    trusted_proxies: str
    admins: str
    default_role: str
    retention_days: int
    audit_retention_days: int
    stop_orphans: bool

    def submit(self, runners: Mapping[str, RunnerAddress]) -> dict[str, str]:
        """Knows where everything is: it writes jobs and the catalog and hands jobs on."""
        return {
            **self._jobs,
            **self._catalog,
            **self._bucket,
            **self._retention,
            **self._addresses(runners),
            **self._callers,
        }

    def query(self, runners: Mapping[str, RunnerAddress], *, forms_function: str) -> dict[str, str]:
        """Knows where to read, and who probes clusters and makes other forms of results."""
        return {
            **self._jobs,
            **self._catalog,
            **self._bucket,
            **self._addresses(runners),
            **self._callers,
            "HEIMDALL_FORMS_FUNCTION": forms_function,
        }

    def execute(self, *, queue_url: str, wakes_url: str) -> dict[str, str]:
        """Knows where a job's pair is and where its output goes; is told which job to run."""
        return {
            **self._jobs,
            **self._catalog,
            **self._bucket,
            **self._retention,
            "HEIMDALL_DEPLOYMENT": self.deployment,
            "HEIMDALL_QUEUE_URL": queue_url,
            "HEIMDALL_WAKES_URL": wakes_url,
            "HEIMDALL_LONG_JOBS_ARN": self.long_jobs_arn,
            "HEIMDALL_AUDIT_RETENTION_DAYS": str(self.audit_retention_days),
            "HEIMDALL_STOP_ORPHANS": json.dumps(self.stop_orphans),
        }

    def orchestrate(
        self, runners: Mapping[str, RunnerAddress], *, dead_letters: Mapping[str, str]
    ) -> dict[str, str]:
        """Knows the jobs, where to send them again, and whose dead letters come from where."""
        return {
            **self._jobs,
            **self._retention,
            **self._addresses(runners),
            "HEIMDALL_DEAD_LETTERS": json.dumps(dict(dead_letters)),
        }

    @property
    def _jobs(self) -> dict[str, str]:
        return {"HEIMDALL_JOBS_TABLE": self.data.jobs.table_name}

    @property
    def _catalog(self) -> dict[str, str]:
        return {"HEIMDALL_CATALOG_TABLE": self.data.catalog.table_name}

    @property
    def _bucket(self) -> dict[str, str]:
        return {"HEIMDALL_BUCKET": self.data.bucket.bucket_name}

    @property
    def _callers(self) -> dict[str, str]:
        return {
            "HEIMDALL_TRUSTED_PROXIES": self.trusted_proxies,
            "HEIMDALL_ADMINS": self.admins,
            "HEIMDALL_DEFAULT_ROLE": self.default_role,
            "HEIMDALL_AUDIT_RETENTION_DAYS": str(self.audit_retention_days),
        }

    @property
    def _retention(self) -> dict[str, str]:
        return {"HEIMDALL_RETENTION_DAYS": str(self.retention_days)}

    def _addresses(self, runners: Mapping[str, RunnerAddress]) -> dict[str, str]:
        addresses = {name: asdict(runner) for name, runner in runners.items()}
        return {"HEIMDALL_RUNNERS": json.dumps(addresses)}
