"""Which function is meant, and what may be done with it."""

from dataclasses import dataclass

from heimdall.plugin.identity import Allow, Policy
from heimdall.plugins.lambda_.options import CommandOptions


@dataclass(frozen=True, slots=True)
class Function:
    """A function.

    Attributes:
        name: its name or its ARN.
        qualifier: a version or an alias; empty if none is named.
    """

    name: str
    qualifier: str

    @classmethod
    def of(cls, command: CommandOptions) -> "Function":
        """Return the function of a command."""
        return cls(command.function_name, command.qualifier or "")

    @property
    def may_invoke(self) -> Policy:
        """What calling it takes."""
        resource = f"{self._arn}:{self.qualifier}" if self.qualifier else self._arn
        return (Allow(["lambda:InvokeFunction"], [resource]),)

    @property
    def may_follow(self) -> Policy:
        """What its durable executions take."""
        actions = ["lambda:GetDurableExecution", "lambda:StopDurableExecution"]
        listed = Allow(["lambda:ListDurableExecutionsByFunction"], [self._arn, f"{self._arn}:*"])
        return (*self.may_invoke, Allow(actions, [f"{self._arn}:*"]), listed)

    @property
    def _arn(self) -> str:
        is_arn = self.name.startswith("arn:")
        return self.name if is_arn else f"arn:*:lambda:*:*:function:{self.name}"
