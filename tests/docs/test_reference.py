"""The reference tells all there is, and nothing else."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from heimdall.domain.explain import Step
from heimdall.http.errors import status_of
from heimdall.settings import (
    PREFIX,
    ExecuteSettings,
    OrchestrateSettings,
    QuerySettings,
    SubmitSettings,
)
from tests.docs.tree import text_of
from tests.unit.http.test_errors import all_errors

SETTINGS = {
    "submit": SubmitSettings,
    "query": QuerySettings,
    "execute": ExecuteSettings,
    "orchestrate": OrchestrateSettings,
}


def rows_of(path, heading):
    """Read the table that begins with this heading, as one list of cells for each row."""
    lines = text_of(Path(path)).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows[0], rows[2:]


def test_every_error_is_documented_with_its_status():
    _, rows = rows_of("docs/reference/errors.md", "code")

    documented = {code: int(status) for code, status, *_ in rows}

    assert documented == {kind.code: status_of(kind("")) for kind in all_errors()}
    assert len(rows) == len(documented)


def test_every_step_of_choosing_is_documented():
    _, rows = rows_of("docs/reference/errors.md", "step")

    assert [step for step, _ in rows] == [
        "command_criteria",
        "allowed_callers",
        "cluster_tags",
        "cluster_criteria",
    ]


def test_every_step_of_a_candidate_is_documented():
    _, rows = rows_of("docs/reference/dry-runs.md", "candidate's step")

    assert [step for step, _ in rows] == [step.value for step in Step]


@pytest.mark.parametrize("function", SETTINGS)
def test_every_setting_is_documented_with_the_functions_that_read_it(function):
    heading, rows = rows_of("docs/reference/settings.md", "variable")
    column = heading.index(function)

    documented = {row[0] for row in rows if row[column] == "yes"}

    assert documented == {PREFIX + field.name.upper() for field in fields(SETTINGS[function])}


def test_no_setting_is_documented_that_no_function_reads():
    _, rows = rows_of("docs/reference/settings.md", "variable")

    assert [row[0] for row in rows if "yes" not in row[1:5]] == []


def test_version_is_the_newest_of_the_changelog():
    project = tomllib.loads(text_of(Path("pyproject.toml")))["project"]
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text_of(Path("CHANGELOG.md")), re.MULTILINE)

    assert project["version"] == versions[0]
    assert versions == sorted(versions, key=lambda v: [*map(int, v.split("."))], reverse=True)
