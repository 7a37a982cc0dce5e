"""Lets a secret out wherever it is asked to, so that one can see that it does not get there."""

import logging
from typing import Any, cast

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column, Result
from heimdall.plugin.output import OutputStream
from heimdall.plugin.spec import RunReport, RunRequest, RunState
from heimdall.plugins.noop.options import ClusterOptions, TokenLeak

logger = logging.getLogger(__name__)


def leak(run: RunRequest, where: TokenLeak) -> RunReport:
    """Reveal the cluster's token and let it out.

    Raises:
        PluginError: the cluster has none, or it cannot be revealed.
    """
    secret = cast(ClusterOptions, run.cluster_options).token
    if secret is None:
        raise PluginError("the cluster's context has no token that could be shown")
    token = secret.reveal()
    shown = f"token {token} shown"
    match where:
        case "crash":
            raise RuntimeError(shown)
        case "log":
            logger.warning("token %s shown", token)
        case "detail":
            return RunReport(state=RunState.FAILED, detail=shown)
        case "output":
            return RunReport(state=RunState.SUCCEEDED, outputs={f"x{token}": shown})
        case "result":
            rows: list[list[Any]] = [[shown], [{token: [token]}]]
            return RunReport(state=RunState.SUCCEEDED, result=Result([Column(token, "json")], rows))
        case "stdout" | "stderr":
            _write(run.stdout if where == "stdout" else run.stderr, shown)
    return RunReport(state=RunState.SUCCEEDED)


def _write(stream: OutputStream, text: str) -> None:
    """Write in two pieces, so that no piece has a whole secret in it."""
    half = len(text) // 2
    for piece in (text[:half], text[half:]):
        stream.write(piece.encode())
