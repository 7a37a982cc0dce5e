"""One makes a form, however often it says so."""

import boto3
import pytest

from heimdall.domain.result import ResultForm
from heimdall.store.forms import DynamoFormClaims
from tests.factories import make_job
from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import JOBS

JOB = make_job()


@pytest.fixture
def claim():
    with aws_in_memory():
        claims = DynamoFormClaims(boto3.client("dynamodb"), JOBS)

        def claim(maker, now_ms, form=ResultForm.ARROW):
            return claims.claim(JOB, form, maker=maker, now_ms=now_ms, until_ms=now_ms + 100)

        claim.release = lambda maker: claims.release(JOB, ResultForm.ARROW, maker=maker)
        yield claim


def test_form_is_made_by_one(claim):
    assert claim("first", 1_000)
    assert not claim("second", 1_099)
    assert claim("second", 1_099, ResultForm.CSV)


def test_claim_whose_answer_was_lost_is_the_makers_own(claim):
    assert claim("first", 1_000)
    assert claim("first", 1_000)


def test_form_is_free_after_its_maker(claim):
    claim("first", 1_000)
    claim.release("first")

    assert claim("second", 1_001)


def test_maker_who_took_too_long_leaves_the_form_to_the_next(claim):
    claim("first", 1_000)
    assert claim("second", 1_100)
    claim.release("first")

    assert not claim("third", 1_150)


def test_release_of_what_is_gone_does_no_harm(claim):
    claim.release("first")

    assert claim("second", 1_000)
