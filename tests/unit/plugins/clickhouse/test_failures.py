"""Whether another run may follow a statement that failed."""

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from heimdall.domain.failures import Failure
from heimdall.plugins.clickhouse.failures import failed


def error_of(code: int) -> DatabaseError:
    error = DatabaseError(f"Code: {code}. DB::Exception: so")
    error.code = code
    return error


@pytest.mark.parametrize(
    ("code", "of_reading", "of_changing"),
    [
        (241, Failure.NO_CAPACITY, None),
        (210, Failure.ENGINE_FAULT, None),
        (319, None, None),
        (202, Failure.THROTTLED, Failure.THROTTLED),
        (62, Failure.USER_ERROR, Failure.USER_ERROR),
    ],
)
def test_what_may_have_changed_something_is_not_done_again(code, of_reading, of_changing):
    error = error_of(code)

    assert failed(error, changes=False).failure is of_reading
    assert failed(error, changes=True).failure is of_changing


def test_insert_whose_answer_was_lost_is_not_done_again():
    error = OperationalError("connection closed")

    assert failed(error, changes=False).failure is Failure.ENGINE_FAULT
    assert failed(error, changes=True).failure is None
    assert "not known" in str(failed(error, changes=True))
