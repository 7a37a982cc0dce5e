"""Nothing but one SELECT from one table is understood, and only what was understood is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.plugin.lexicon import PARTIQL, Piece, pieces
from heimdall.plugins.dynamo.selection import MAX_STATEMENT_CHARACTERS, read_selection

WRITES = [
    """INSERT INTO "Music" VALUE {'Artist': 'a'}""",
    """UPDATE "Music" SET a = 1 WHERE Artist = 'a'""",
    """DELETE FROM "Music" WHERE Artist = 'a'""",
    """delete from Music where Artist = 'a' returning all old *""",
    """/* SELECT */ DELETE FROM "Music" WHERE Artist = 'a'""",
    """-- SELECT * FROM "Music"\nDELETE FROM "Music" WHERE Artist = 'a'""",
    """/* /* */ DELETE FROM "Music" WHERE Artist = 'a' /* */""",
    """'SELECT' DELETE FROM "Music" WHERE Artist = 'a'""",
    """"SELECT" DELETE FROM "Music" WHERE Artist = 'a\'""",
    """(SELECT * FROM "Music"); DELETE FROM "Music" WHERE Artist = 'a'""",
    """SELECT * FROM "Music"; DELETE FROM "Music" WHERE Artist = 'a'""",
    """SELECT * FROM "Music";;DELETE FROM "Music" WHERE Artist = 'a';""",
    """SELECT * FROM "Music" DELETE FROM "Music" WHERE Artist = 'a'""",
    """SELECT * FROM "Music" WHERE a = 1 DELETE FROM "Music" WHERE Artist = 'a'""",
    """EXISTS(SELECT * FROM "Music" WHERE Artist = 'a')""",
    """SELECT * FROM "Music" WHERE EXISTS(DELETE FROM "Music" WHERE Artist = 'a')""",
    """SELECT * FROM (DELETE FROM "Music" WHERE Artist = 'a')""",
    """BEGIN TRANSACTION""",
    """EXEC something""",
    """CREATE TABLE x""",
    """DROP TABLE Music""",
    """WITH a AS (SELECT * FROM b) DELETE FROM "Music" WHERE Artist = 'a'""",
    """UPSERT INTO "Music" VALUE {'Artist': 'a'}""",
    """REPLACE INTO "Music" VALUE {'Artist': 'a'}""",
    """REMOVE Music.a""",
    """SET a = 1""",
    "\ufeffDELETE FROM Music WHERE Artist = 'a'",
    "\u017fELECT * FROM Music",
]
OTHER_TABLES = [
    'SELECT * FROM "Music", "Secrets"',
    'SELECT * FROM "Music" JOIN "Secrets" ON 1 = 1',
    'SELECT * FROM "Music" m',
    'SELECT * FROM "Music" AS m',
    'SELECT * FROM "Music" UNION SELECT * FROM "Secrets"',
    'SELECT * FROM "Music" WHERE a IN (SELECT a FROM "Secrets")',
    'SELECT (SELECT a FROM "Secrets") FROM "Music"',
    'SELECT * FROM (SELECT * FROM "Secrets")',
    'SELECT * FROM "Music"."index"."more"',
    "SELECT * FROM 'Music'",
    "SELECT * FROM :table",
    "SELECT * FROM Mu",
    'SELECT * FROM "Music*"',
    'SELECT * FROM "Mu""sic"',
    'SELECT * FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/Music"',
    "SELECT *",
    "SELECT * FROM",
    'SELECT * FROM "Music".',
    "SELECT * FROM << {'a': 1} >>",
    """SELECT a FROM "Music" WHERE a = '\\' AND b = ' OR 1=1'""",
    "SELECT * FROM Music WHERE a = `'` OR b = '`'",
    "SELECT * FROM Music WHERE a = ?",
    "SELECT * FROM Music WHERE a = 'open",
    "SELECT * FROM Music /* open",
    "SELECT * FROM Müsic",
    "SELECT * FROM Music WHERE a = 1\x00",
    "",
    " -- nothing\n/* nothing */ ; ",
]


@pytest.mark.parametrize("query", [*WRITES, *OTHER_TABLES])
def test_selection_is_refused(query):
    with pytest.raises(ValueError, match=r"\w"):
        read_selection(query)


@pytest.mark.parametrize(
    ("query", "table", "index"),
    [
        ("SELECT * FROM Music", "Music", None),
        ('select * from "Music"', "Music", None),
        ('SELECT * FROM "my.table-1"', "my.table-1", None),
        ('SELECT * FROM "Music"."by-artist" WHERE Artist = \'x\'', "Music", "by-artist"),
        ("SELECT * FROM Music . by_artist ORDER BY a DESC;", "Music", "by_artist"),
        ("/* a */SELECT/**/*/**/FROM/**/Music/**/WHERE a=1 --", "Music", None),
        ("SELECT * FROM Music WHERE \"delete\" = 'DELETE FROM x'", "Music", None),
    ],
)
def test_selection_says_what_is_read(query, table, index):
    selection = read_selection(query)

    assert (selection.table, selection.index) == (table, index)


def test_what_is_sent_has_no_comments_and_question_marks_for_parameters():
    selection = read_selection(
        "/* who */ SELECT a -- b\n FROM Music WHERE b = :b AND c IN [:a, :b] AND d = ':d''s' ; "
    )

    assert selection.text == "SELECT a   FROM Music WHERE b = ? AND c IN [?, ?] AND d = ':d''s'"
    assert selection.parameters == ("b", "a", "b")


def test_carriage_return_ends_no_comment_here_and_may_elsewhere():
    """What a comment hides from one reader, and not from another, is not sent at all."""
    query = "--\rDELETE FROM Music WHERE a = '1' /*\nSELECT * FROM Music --*/"

    assert read_selection(query).text == "SELECT * FROM Music"


@pytest.mark.parametrize(
    ("items", "attributes"),
    [
        ("*", ()),
        ('b, a, "c d", "e""f"', ("b", "a", "c d", 'e"f')),
        ("b, c.d, e[0], f", ("b", "f")),
        ("a", ("a",)),
    ],
)
def test_selection_lists_the_attributes_that_are_names(items, attributes):
    assert read_selection(f"SELECT {items} FROM Music").attributes == attributes


def test_statement_may_be_as_long_as_dynamodb_takes():
    query = "SELECT * FROM Music WHERE a = '{}'"
    room = MAX_STATEMENT_CHARACTERS - len(query.format(""))

    assert read_selection(query.format("x" * room) + " -- " + "y" * 9_000)
    with pytest.raises(ValueError, match="8,193 characters"):
        read_selection(query.format("x" * (room + 1)))


PARTS = st.sampled_from(
    ["SELECT", "*", "FROM", "Music", '"Secrets"', "WHERE", "a", "=", "'x'", "DELETE", "INSERT",
     "INTO", "--", "/*", "*/", "\n", "\r", " ", ";", "'", '"', "`", "\\", ":a", "(", ")", ",", "."]
)  # fmt: skip


@given(st.lists(PARTS, max_size=20).map("".join))
def test_whatever_is_sent_is_one_select_from_the_table_that_is_named(text):
    try:
        selection = read_selection("SELECT * FROM Music WHERE " + text)
    except ValueError:
        return

    sent = [piece for piece in pieces(selection.text, PARTIQL) if piece[0] is not Piece.BLANK]
    words = [piece.upper() for kind, piece in sent if kind is Piece.OTHER]
    assert words[:4] == ["SELECT", "*", "FROM", "MUSIC"]
    assert not {"DELETE", "INSERT", "INTO"} & set(words)
    assert (words.count("SELECT"), words.count("FROM")) == (1, 1)
    assert all(kind not in (Piece.COMMENT, Piece.END) for kind, _ in sent)
