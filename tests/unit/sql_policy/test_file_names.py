"""Paths with wildcards against rules about files."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.patterns import Pattern
from heimdall.plugin.sql_text import SqlText
from heimdall.sql_policy.checking import check
from heimdall.sql_policy.file_names import may_meet
from tests.factories import make_rule
from tests.unit.sql_policy.world import EVE, make_policy, no_ranger

SECRET = "s3://lake/secret/*"
FILES: Mapping[str, Any] = {"actions": ["*"], "catalogs": ["system"], "schemas": ["files"]}


def is_allowed(path: str, *rules: Mapping[str, Any]) -> bool:
    sql = SqlText(dialect="duckdb", text=f"SELECT * FROM '{path}'")
    return check(sql, [make_policy(*rules)], EVE, no_ranger).is_allowed


@pytest.mark.parametrize(
    "path",
    [
        "s3://lake/secret/x.parquet",
        "s3://lake/*/x.parquet",
        "s3://lake/**",
        "s3://lake/s?cret/x.parquet",
        "s3://lake/[rst]ecret/x.parquet",
        "s3://l*/x.parquet",
        "s3://lake/secret",
        "s3://lake/",
        "s3://lake/SECRET/x.parquet",
    ],
)
def test_path_that_may_reach_a_denied_file_is_denied(path: str) -> None:
    denied = make_rule(effect="deny", tables=[SECRET], **FILES)

    assert not is_allowed(path, make_rule(actions=["*"]), denied)


@pytest.mark.parametrize(
    "path", ["s3://lake/open/*.parquet", "s3://lake/o*/x.csv", "s3://x/[ab].csv"]
)
def test_path_that_reaches_none_is_not(path: str) -> None:
    denied = make_rule(effect="deny", tables=[SECRET], **FILES)

    assert is_allowed(path, make_rule(actions=["*"]), denied)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("s3://lake/open/*", "s3://lake/open/*.parquet", True),
        ("s3://lake/open/*", "s3://lake/open/**/[ab]?.parquet", True),
        ("s3://lake/open/*", "s3://lake/open*/x.parquet", False),
        ("s3://lake/202?/x.parquet", "s3://lake/202*/x.parquet", False),
        ("s3://lake/202?/x.parquet", "s3://lake/202?/x.parquet", True),
        ("s3://lake/2024/*", "s3://lake/202[45]/x.parquet", False),
    ],
)
def test_path_is_allowed_by_a_pattern_that_has_all_of_its_files(
    pattern: str, path: str, expected: bool
) -> None:
    assert is_allowed(path, make_rule(tables=[pattern], **FILES)) is expected


@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_both_match_a_text_meet(one: str, other: str, text: str) -> None:
    if Pattern.of_glob(one).matches(text) and Pattern.of_glob(other).matches(text):
        assert may_meet(one, other)
