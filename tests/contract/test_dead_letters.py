"""What was put aside, kept in DynamoDB."""

from dataclasses import replace

import boto3
import pytest

from heimdall.domain.dead_letters import MAX_BODY_BYTES
from heimdall.store import keys
from heimdall.store.dead_letters import DynamoDeadLetters
from tests.factories import JOB_ID, NOW_MS, make_dead_letter
from tests.fakes.tables import JOBS

LETTER = make_dead_letter(body='{"job_id": "é", "run": 1}')


@pytest.fixture
def letters(aws):
    return DynamoDeadLetters(boto3.client("dynamodb"), JOBS)


def keep(letters, *wanted):
    for letter in wanted:
        letters.keep(letter, keep_for_days=30)


def test_letter_is_read_as_it_was_kept(letters):
    stray = replace(LETTER, id="stray", job_id="", run=0, is_cut=True)
    keep(letters, LETTER, stray)

    assert letters.get(JOB_ID) == LETTER
    assert letters.get("stray") == stray
    assert letters.get("other") is None


def test_later_letter_of_the_same_id_takes_its_place(letters):
    later = replace(LETTER, dead_at_ms=NOW_MS + 1)
    keep(letters, LETTER, later)

    assert letters.get(JOB_ID) == later
    assert letters.list_letters(limit=9, after=None).entries == [later]


def test_largest_letter_is_kept(letters):
    large = replace(LETTER, body="é" * (MAX_BODY_BYTES // 2), reason="x" * 5_000)
    keep(letters, large)

    assert letters.get(JOB_ID) == large


def test_dropped_letter_is_gone_and_may_be_dropped_again(letters):
    keep(letters, LETTER)

    letters.drop(JOB_ID)
    letters.drop(JOB_ID)

    assert letters.get(JOB_ID) is None


def test_letter_goes_by_itself_when_its_job_does(letters):
    keep(letters, LETTER)

    item = boto3.client("dynamodb").get_item(TableName=JOBS, Key=keys.dead_letter_key(JOB_ID))

    assert int(item["Item"]["expires_at"]["N"]) == NOW_MS // 1_000 + 30 * 86_400


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_hold_every_letter_once_newest_first(letters, limit):
    ids = [f"{JOB_ID[:-1]}{digit}" for digit in "abcde"]
    keep(letters, *(replace(LETTER, id=each) for each in ids))

    found, after, pages = [], None, 0
    while True:
        page = letters.list_letters(limit=limit, after=after)
        found += [letter.id for letter in page.entries]
        pages += 1
        assert len(page.entries) <= limit
        if (after := page.next_after) is None:
            break
        assert pages < 9

    assert found == ids[::-1]
