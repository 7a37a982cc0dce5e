"""Submissions that are only tried: what would be chosen, and why."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.submit import service
from functions.submit.contexts import check_contexts
from functions.submit.limits import limits_of
from functions.submit.schemas import JobRequest, plain_tags
from heimdall.domain.access import Access
from heimdall.domain.errors import (
    CallerNotAllowedError,
    HeimdallError,
    InvalidRequestError,
    NoPairMatchesError,
)
from heimdall.domain.explain import MAX_CANDIDATES, Candidate, explain
from heimdall.domain.pairs import Pair
from heimdall.domain.routing import choose_pair
from heimdall.http.refusals import note_refusal
from heimdall.observability import count
from heimdall.runtime import SubmitRuntime

Json = dict[str, Any]

MAX_LIST_BYTES = 2 * 1024 * 1024
"""Two such lists are an answer that a function may give."""


def explain_job(request: JobRequest, *, access: Access, runtime: SubmitRuntime) -> Json:
    """Tell what a submission would be answered now; nothing runs, nothing is kept of it.

    A refusal for lack of rights or of a pair is in the audit trail like that of a submission.

    Raises:
        InvalidRequestError: a field of the request is wrong, its context aside.
    """
    plain_tags(request.tags)
    service.context_text(request)
    snapshot, wish = runtime.catalog_cache.snapshot(), service.wish_of(request, access)
    pair, refusal, step = None, None, ""
    try:
        pair = choose_pair(snapshot, wish, strategy=runtime.strategy)
        step = "context"
        check_contexts(request.context, pair, runtime.plugins)
        step = "limits"
        limits_of(request, pair.command, now_ms=runtime.clock.now_ms())
    except (NoPairMatchesError, CallerNotAllowedError) as error:
        note_refusal(
            error, caller=access.caller, action="job.dry_run", target="", gate=runtime.gate
        )
        refusal = _refusal_view(error, _step_of(error))
    except InvalidRequestError as error:
        refusal = _refusal_view(error, step)
    count("JobExplained")
    explanation = explain(snapshot, wish, pair)
    return {
        "dry_run": True,
        "outcome": "refused" if refusal else "accepted",
        **(refusal or {}),
        **_pair_view(pair),
        "strategy": runtime.strategy.name,
        "revision": snapshot.revision,
        "pairs": explanation.pairs,
        "candidates": {
            **_list_view("commands", explanation.commands),
            **_list_view("clusters", explanation.clusters),
        },
    }


def _step_of(error: HeimdallError) -> str:
    return str(error.details["step"]) if isinstance(error.details, Mapping) else ""


def _refusal_view(error: HeimdallError, step: str) -> Json:
    return {"step": step, "error": str(error), "code": error.code, "details": error.details}


def _pair_view(pair: Pair | None) -> Json:
    if pair is None:
        return {}
    return {"command_id": pair.command.id, "cluster_id": pair.cluster.id}


def _list_view(name: str, candidates: Sequence[Candidate]) -> Json:
    """Show as many as an answer may hold, and tell how many are left out."""
    shown, size = [], 0
    for candidate in candidates[:MAX_CANDIDATES]:
        view = _candidate_view(candidate)
        size += len(json.dumps(view, ensure_ascii=False).encode())
        if size > MAX_LIST_BYTES:
            break
        shown.append(view)
    return {name: shown, f"omitted_{name}": len(candidates) - len(shown)}


def _candidate_view(candidate: Candidate) -> Json:
    lost = {"step": candidate.step.value, "reason": candidate.reason} if candidate.step else {}
    return {
        "id": candidate.entry.id,
        "name": candidate.entry.name,
        "status": candidate.entry.status.value,
        "verdict": candidate.verdict.value,
        **lost,
        "missing": list(candidate.missing),
    }
