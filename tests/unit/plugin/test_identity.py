"""On whose behalf engines are called: names, tags and texts for whatever users are called."""

import re
import unicodedata
from typing import Any

import pytest
from botocore.model import Shape
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import example, given
from hypothesis import strategies as st

from heimdall.aws.clients import session_arguments
from heimdall.plugin.identity import Identity
from tests.fakes.runs import JOB_ID, make_identity
from tests.strategies import repeatable

TAG_PATTERN = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
ROLE = "arn:aws:iam::123456789012:role/heimdall/analytics"
ODD_USERS = [
    "a",
    "",
    "josé",
    "a b",
    "a_b",
    "o'brien <x>",
    "дмитрий",
    "\ud800",
    "tab\tbed",
    "x" * 129,
]

users = st.text(max_size=200)
assume_role = Session().get_service_model("sts").operation_model("AssumeRole")


def in_role(**changes: Any) -> Identity:
    return make_identity(role_arn=ROLE, **changes)


def fits(shape: Shape, value: Any) -> bool:
    """Whether a value is of the pattern that the service's model has for it."""
    if isinstance(value, dict):
        return all(fits(shape.members[name], each) for name, each in value.items())
    if isinstance(value, list):
        return all(fits(shape.member, each) for each in value)
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        return True
    if pattern.startswith(TAG_PATTERN):
        return all(unicodedata.category(each)[0] in "LZN" or each in "_.:/=+-@" for each in value)
    if r"\u10000" in pattern:  # of the role's ARN; Python writes it otherwise
        return value.isascii() and value.isprintable()
    return re.fullmatch(pattern, value, re.ASCII) is not None


@repeatable
@given(user=users, caller=users, deployment=st.text(max_size=50), run=st.integers(0, 10**6))
@example(user="\u0e33\u0300", caller="", deployment="", run=1)
@example(user="x" * 300, caller="arn:aws:iam::1:user/" + "p/" * 300, deployment="d", run=1)
def test_sts_takes_the_session_of_whoever_it_is(user, caller, deployment, run):
    identity = in_role(user=user, caller=caller, deployment=deployment, run=run)

    arguments = session_arguments(identity, '{"Version":"2012-10-17","Statement":[]}')

    report = ParamValidator().validate(arguments, assume_role.input_shape)
    assert not report.has_errors(), report.generate_report()
    assert fits(assume_role.input_shape, arguments)


@pytest.mark.parametrize("user", ["ada", "ada@example.com", "a.b-c+d=e,f", "x" * 64])
def test_source_identity_is_the_user_as_it_stands_where_sts_takes_it(user):
    assert make_identity(user=user).source_identity == user


@repeatable
@given(st.lists(users, min_size=2, max_size=6, unique=True))
@example(ODD_USERS)
@example(["y" * 65, "y" * 66, "z" + "y" * 64])
def test_users_that_sts_would_not_take_are_still_told_apart(names):
    identities = {make_identity(user=name).source_identity for name in names}

    assert len(identities) == len(names)


def test_shortened_user_begins_as_it_did():
    assert make_identity(user="josé " + "x" * 100).source_identity.startswith("jos__xxx")


def test_session_is_named_by_job_and_run():
    assert make_identity(run=12).session_name == f"heimdall-{JOB_ID}-12"
    assert make_identity(job_id="", run=0).session_name == "heimdall-gateway-0"


def test_session_is_tagged_with_the_work_the_user_and_who_signed():
    identity = make_identity(caller="arn:aws:iam::123456789012:role/portal")

    assert identity.session_tags == {
        "heimdall:job": JOB_ID,
        "heimdall:run": "1",
        "heimdall:deployment": "Heimdall-eu-west-1",
        "heimdall:user": "ada",
        "heimdall:caller": "arn:aws:iam::123456789012:role/portal",
    }


def test_tag_keeps_letters_of_every_script():
    tags = make_identity(user="Дмитрий josé (x)").session_tags

    assert tags["heimdall:user"] == "Дмитрий josé _x_"


def test_session_of_the_gateway_itself_names_no_job():
    tags = make_identity(user="heimdall", job_id="", run=0).session_tags

    assert "heimdall:job" not in tags
    assert "heimdall:caller" not in tags


@repeatable
@given(user=users, caller=users)
def test_identity_survives_its_text(user, caller):
    identity = in_role(user=user, caller=caller, external_id="theirs", region="eu-west-1")

    assert Identity.from_text(identity.to_text()) == identity


def test_text_of_a_later_version_is_read_as_far_as_it_is_known():
    text = make_identity().to_text()[:-1] + ',"mood":"sunny"}'

    assert Identity.from_text(text) == make_identity()


@pytest.mark.parametrize("text", ["", "null", "[]", '"x"', "{}", '{"user": "ada"}'])
def test_text_that_is_no_identity_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        Identity.from_text(text)


@repeatable
@given(deployment=st.text(max_size=50), run=st.integers(1, 10**9 - 1))
def test_name_of_work_tells_its_run_to_its_own_deployment_only(deployment, run):
    identity = make_identity(deployment=deployment, run=run)

    assert identity.run_of(identity.work_name) == (JOB_ID, run)
    assert make_identity(deployment=f"{deployment}x").run_of(identity.work_name) is None
    assert re.fullmatch(r"[a-z0-9-]{56,64}", identity.work_name)


@pytest.mark.parametrize("name", ["", "heimdall", "heimdall-1", "nightly", f"{JOB_ID}-1", "x-1"])
def test_name_of_others_is_no_run(name):
    assert make_identity().run_of(name) is None
