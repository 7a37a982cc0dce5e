"""Statements made around a hidden table: it is always found."""

from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall.sql_policy.checking import check
from tests.factories import make_rule
from tests.unit.sql_policy.statements import sql_text
from tests.unit.sql_policy.world import EVE, make_policy, no_ranger

DIALECTS = {
    "postgres": '"',
    "trino": '"',
    "clickhouse": "`",
    "snowflake": '"',
    "duckdb": '"',
    "spark": "`",
    "redshift": '"',
    "athena": '"',
}
FOLDS_UP = {"snowflake"}
HAS_CASE = {"clickhouse"}
POLICY = make_policy(
    make_rule(actions=["*"]),
    make_rule(effect="deny", actions=["*"], schemas=["secret"], tables=["canary"]),
)
WRAPPERS = (
    "SELECT * FROM ({}) w{}",
    "SELECT id FROM orders WHERE id IN ({})",
    "SELECT id FROM orders WHERE NOT EXISTS ({})",
    "SELECT id FROM orders UNION ALL ({})",
    "({}) UNION ALL SELECT id FROM orders",
    "WITH c{1} AS ({0}) SELECT * FROM c{1}",
    "WITH canary AS (SELECT 1 AS id), c{1} AS ({0}) SELECT * FROM c{1} JOIN canary ON 1 = 1",
    "WITH RECURSIVE canary AS ({0} UNION ALL SELECT id + 1 FROM canary) SELECT * FROM canary",
    "SELECT CASE WHEN id = 1 THEN ({}) ELSE 0 END FROM orders",
    "SELECT coalesce(({}), 0) FROM orders",
    "SELECT o{1}.id FROM orders o{1} LEFT JOIN ({0}) j{1} ON o{1}.id = j{1}.id",
    "SELECT id FROM orders ORDER BY ({})",
    "SELECT id FROM orders GROUP BY id HAVING count(*) > ({})",
    "SELECT sum(id) OVER (ORDER BY ({})) FROM orders",
)
ENDS = ("{}", "INSERT INTO orders {}", "CREATE TABLE made AS {}", "CREATE VIEW made AS {}")
GAPS = st.sampled_from([" ", "\n", "\t", " /* x */ ", "/**/", " -- FROM orders\n", "\r\n"])


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, str]:
    dialect = draw(st.sampled_from(sorted(DIALECTS)))
    table = f"{_name(draw, dialect, 'secret')}{_dot(draw)}{_name(draw, dialect, 'canary')}"
    text = f"SELECT{draw(GAPS)}id{draw(GAPS)}FROM{draw(GAPS)}{table}"
    for depth in range(draw(st.integers(0, 4))):
        text = draw(st.sampled_from(WRAPPERS)).format(text, depth)
    text = draw(st.sampled_from(ENDS)).format(text)
    if draw(st.booleans()):
        text = f"SELECT ';' AS x{draw(GAPS)};{draw(GAPS)}{text}"
    return dialect, text


def _name(draw: st.DrawFn, dialect: str, name: str) -> str:
    quote = DIALECTS[dialect]
    if draw(st.booleans()):
        return f"{quote}{name.upper() if dialect in FOLDS_UP else name}{quote}"
    if dialect in HAS_CASE:
        return name
    raised = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    return "".join(
        letter.upper() if up else letter for letter, up in zip(name, raised, strict=True)
    )


def _dot(draw: st.DrawFn) -> str:
    return draw(st.sampled_from([".", ".", " . ", "./**/", "/* . */."]))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(statements())
def test_hidden_table_is_always_found(made: tuple[str, str]) -> None:
    dialect, text = made

    decision = check(sql_text(dialect, text), [POLICY], EVE, no_ranger)

    assert not decision.is_allowed, text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(statements())
def test_the_same_without_the_table_is_allowed(made: tuple[str, str]) -> None:
    dialect, text = made
    other = text.lower().replace("secret", "public")

    decision = check(sql_text(dialect, other), [POLICY], EVE, no_ranger)

    assert decision.is_allowed, (other, decision.text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(DIALECTS)), st.text(max_size=60))
def test_any_text_is_decided_on(dialect: str, text: str) -> None:
    decision = check(sql_text(dialect, f"SELECT * FROM {text}"), [POLICY], EVE, no_ranger)

    assert decision.text
    assert len(decision.text) <= 1_000
