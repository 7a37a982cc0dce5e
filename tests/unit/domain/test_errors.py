"""The tree of errors."""

import re

from heimdall.domain import errors
from heimdall.domain.errors import HeimdallError, InvalidRequestError


def drawn_tree():
    """Read child -> parent from the picture in the module's docstring."""
    parents, path = {}, []
    for line in errors.__doc__.splitlines():
        found = re.match(r"([│├└─ ]*)(\w+Error)\b", line)
        if found is None:
            continue
        depth = len(found[1]) // 4
        path[depth:] = [found[2]]
        if depth:
            parents[found[2]] = path[depth - 1]
    return parents


def defined_tree():
    return {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, HeimdallError) and kind is not HeimdallError
    }


def test_tree_is_drawn_as_it_is():
    assert drawn_tree() == defined_tree()


def test_error_carries_a_sentence_details_and_the_job():
    error = InvalidRequestError(
        "name: too long", details=[{"path": "name", "message": "too long"}], job_id="1"
    )

    assert str(error) == "name: too long"
    assert error.details == [{"path": "name", "message": "too long"}]
    assert error.job_id == "1"


def test_error_needs_no_details():
    error = HeimdallError("it failed")

    assert (error.details, error.job_id, error.code) == (None, None, "internal")
