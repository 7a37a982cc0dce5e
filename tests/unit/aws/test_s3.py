"""Places in S3."""

import pytest

from heimdall.aws.s3 import S3Place


@pytest.mark.parametrize(
    ("uri", "place", "written"),
    [
        ("s3://lake", S3Place("lake", ""), "s3://lake"),
        ("s3://lake/", S3Place("lake", ""), "s3://lake"),
        ("s3a://lake/a/b/", S3Place("lake", "a/b"), "s3://lake/a/b"),
    ],
)
def test_place_is_read_and_written(uri, place, written):
    assert S3Place.parse(uri) == place
    assert place.uri == written


@pytest.mark.parametrize("uri", ["", "lake/a", "https://lake/a", "s3:///a", "s3://L/a"])
def test_what_is_no_place_is_refused(uri):
    with pytest.raises(ValueError, match="no place in S3"):
        S3Place.parse(uri)


def test_places_below_and_names_in_policies():
    place = S3Place("lake", "").below("a", "b")

    assert place == S3Place("lake", "a/b")
    assert place.below("c").arn("aws-cn") == "arn:aws-cn:s3:::lake/a/b/c"
    assert place.bucket_arn("aws") == "arn:aws:s3:::lake"
    assert S3Place("lake", "").arn("aws") == "arn:aws:s3:::lake"
