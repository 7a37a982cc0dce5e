"""A job's SQL against the policies that guard its cluster, before its plugin is called."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from heimdall.domain.access import Caller
from heimdall.domain.audit import AuditEntry, AuditUnavailableError
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import (
    ForbiddenError,
    PluginError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.domain.failures import Failure
from heimdall.domain.job import Job
from heimdall.domain.policy import ALLOWED, Policy, guarding
from heimdall.observability import count, logger
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.sql_text import SqlText
from heimdall.runtime import ExecuteRuntime

if TYPE_CHECKING:
    from heimdall.sql_policy.decision import Decision

_NAMED = "named:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Checks one job.

    Attributes:
        context: the job's.
        secrets: reads the passwords of Ranger's servers.
    """

    job: Job
    command: Command
    cluster: Cluster
    context: dict[str, Any]
    secrets: SecretReader
    runtime: ExecuteRuntime

    def admits(self, *, is_retry: bool, save: Callable[[Job], bool]) -> bool:
        """Decide whether the job may be executed, and store that before anything is.

        Args:
            is_retry: whether the work may be at the engine already; then it counts if the SQL was
                allowed. If it was refused, or nothing was decided, nothing is there.
            save: stores the job; tells whether its run is still wanted.

        Returns:
            Whether the run is still wanted.

        Raises:
            PluginError: it was refused.
            TransientPluginError: the policies could not be read now.
        """
        if is_retry and self.job.policy is not None and self.job.policy.startswith(ALLOWED):
            return True
        decision = self.decision()
        if decision is None:
            return True
        is_wanted = save(replace(self.job, policy=decision.text))
        if is_wanted and not decision.is_allowed:
            self.note_refusal(decision)
            raise PluginError(f"the SQL was {decision.text}", failure=Failure.USER_ERROR)
        return is_wanted

    def decision(self) -> "Decision | None":
        """Decide whether the job may be executed; None if nobody guards against anything.

        Without policies, and if the command does not only read, nothing is parsed.

        Raises:
            TransientPluginError: the policies could not be read now.
        """
        policies = self._policies()
        models = self.runtime.plugins.options(self.command.plugin)
        sql = self._sql() if models.sql is not None else None
        if not policies and (sql is None or not sql.is_read_only):
            return None
        from heimdall.sql_policy.decision import refused

        if models.sql is None:
            names = ", ".join(repr(policy.id) for policy in policies)
            return refused(
                f"the cluster is guarded by policies ({names}), and a job of the plugin "
                f"{self.command.plugin!r} has no SQL that could be checked"
            )
        if sql is None:
            return refused(
                "the cluster is guarded by policies, and SQL alone does not say what the job does: "
                "it has a program, or properties of its own"
            )
        return self._checked(sql, policies)

    def note_refusal(self, decision: "Decision") -> None:
        """Write a refusal into the audit trail; that it cannot be written changes nothing."""
        count("SqlRefused", job_id=self.job.id, plugin=self.command.plugin)
        job = self.job
        caller = Caller(principal=job.caller, user=job.user, is_named=job.owner.startswith(_NAMED))
        entry = AuditEntry.refused(
            caller,
            ForbiddenError(decision.text),
            at_ms=self.runtime.clock.now_ms(),
            action="job.execute",
            target=f"job/{job.id}",
        )
        try:
            self.runtime.audit().record(entry)
        except AuditUnavailableError as error:
            logger.warning("refusal not in the audit trail", exc_info=error, **entry.to_dict())

    def _policies(self) -> list[Policy]:
        try:
            return guarding(self.runtime.policies(), self.cluster.all_tags)
        except StoreThrottledError as error:
            raise TransientPluginError(f"the policies cannot be read now: {error}") from error

    def _sql(self) -> SqlText | None:
        models = self.runtime.plugins.options(self.command.plugin)
        if models.sql is None:
            return None
        secrets = {"secrets": self.secrets}
        return models.sql(
            models.job.model_validate(self.context, context=secrets),
            models.command.model_validate(dict(self.command.context), context=secrets),
            models.cluster.model_validate(dict(self.cluster.context), context=secrets),
        )

    def _checked(self, sql: SqlText, policies: list[Policy]) -> "Decision":
        from heimdall.sql_policy.checking import check
        from heimdall.sql_policy.rules import Principal

        job = self.job
        principal = Principal(subject=job.owner or job.caller, user=job.user, teams=job.teams)
        services = self.runtime.ranger()
        return check(
            sql,
            policies,
            principal,
            lambda policy, fold: services.rules(policy, fold, self.secrets),
        )
