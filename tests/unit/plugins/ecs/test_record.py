"""What tasks that work remember of those that have ended."""

from hypothesis import given
from hypothesis import strategies as st

from heimdall.plugins.ecs.record import MAX_RECORD_TAGS, Record

IDS = st.text("0123456789abcdef", min_size=32, max_size=36)
ATTEMPTS = st.tuples(st.integers(0, 99), st.integers(1, 10))
RECORDS = st.builds(
    Record, st.frozensets(st.integers(0, 99)), st.dictionaries(ATTEMPTS, IDS, max_size=50)
)


@given(record=RECORDS)
def test_record_is_read_as_it_was_written(record):
    assert Record.from_tags(record.to_tags()) == record


@given(
    succeeded=st.frozensets(st.integers(0, 99)),
    ids=st.dictionaries(ATTEMPTS, IDS, min_size=150, max_size=300),
)
def test_record_that_is_too_long_loses_names_but_no_success(succeeded, ids):
    tags = Record(succeeded, ids).to_tags()

    read = Record.from_tags(tags)
    assert len(tags) <= MAX_RECORD_TAGS
    assert all(len(text) <= 256 for text in tags.values())
    assert read.succeeded == succeeded
    assert read.ids.items() <= ids.items()


@given(
    tags=st.dictionaries(
        st.sampled_from(["heimdall:ended-0", "heimdall:ended-1", "team"]),
        st.text("0123456789-+/.ab٣", max_size=40),
    )
)
def test_tags_that_somebody_else_wrote_are_survived(tags):
    Record.from_tags(tags)


def test_two_records_know_what_each_knows():
    one, other = Record(frozenset({1}), {(1, 1): "a"}), Record(frozenset({2}), {(2, 1): "b"})

    both = one.with_other(other)

    assert both == Record(frozenset({1, 2}), {(1, 1): "a", (2, 1): "b"})


def test_ranges_are_short():
    assert Record(frozenset({0, 1, 2, 3, 7})).to_tags() == {"heimdall:ended-0": "0-3+7"}
    assert Record().to_tags() == {}
