"""Thousands of requests made up from the API's document: every answer is one that it tells of."""

import json
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.environment import Environment
from tests.e2e.api import Api, job_body

DOCUMENT = Path(__file__).parents[2] / "openapi.json"
REQUESTS = 2_000
"""At least so many in all."""

EXAMPLES = 30
"""For each operation and mode; one without parameters has fewer to make."""

FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""What HTTP lets a header hold (RFC 9110, section 5.5); any server refuses the rest unread."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Environment]:
    """An environment of its own: what is made up fills the catalog with nonsense."""
    started = Environment(tmp_path)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def known(crowded: Environment) -> dict[str, list[str]]:
    """Things that exist, so that not every generated request ends with 404."""
    with Api(crowded.url) as api:
        finished = api.submit(job_body("noop-sync", {"payload": "some result"}))
        unfinished = api.submit(job_body("noop", {"delay_seconds": 1, "output_bytes": 6_400}))
    return {
        "job_id": [finished["id"], unfinished["id"]],
        "entry_id": ["noop-sync-0.0.1", "localhost-0.0.1", "made-up"],
    }


def test_every_answer_to_generated_requests_is_documented(
    crowded: Environment, known: dict[str, list[str]]
) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))
    statuses: Counter[int] = Counter()
    faults: list[BaseException] = []

    for found in schema.get_all_operations():
        for mode in GenerationMode:
            try:
                _try_out(found.ok(), mode, crowded.url, known, statuses)
            # A failed check is a group that is no Exception.
            except (Exception, FailureGroup) as error:  # noqa: BLE001 - all operations are tried
                faults.append(error)

    assert not faults, "\n\n".join(str(fault) for fault in faults)
    assert statuses.total() >= REQUESTS, statuses
    assert statuses[200] > REQUESTS / 10, f"hardly any request was accepted: {statuses}"
    sys.stderr.write(f"generated requests by status: {dict(statuses)}\n")


def _try_out(
    operation: Any,
    mode: GenerationMode,
    url: str,
    known: dict[str, list[str]],
    statuses: Counter[int],
) -> None:
    variables = [each.name for each in operation.path_parameters]
    existing = st.fixed_dictionaries(
        {name: st.sampled_from(known[name]) for name in variables if name in known}
    )

    @QUIET
    @given(case=operation.as_strategy(generation_mode=mode), names=st.none() | existing)
    def send(case: Case, names: dict[str, str] | None) -> None:
        if names:
            case.path_parameters.update(names)
        assume(all(FIELD_VALUE.fullmatch(str(value)) for value in (case.headers or {}).values()))
        response = case.call(base_url=url, timeout=60, allow_redirects=False)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # schemathesis' own, about what it cannot negate
        send()
