"""Classes of failures by Athena's error catalog."""

import pytest

from heimdall.domain.failures import Failure
from heimdall.plugins.athena.failures import failure_of


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"ErrorCategory": 2, "ErrorType": 1006, "Retryable": False}, Failure.USER_ERROR),
        ({"ErrorCategory": 2, "ErrorType": 0}, Failure.USER_ERROR),
        ({"ErrorCategory": 2, "ErrorType": 1403, "Retryable": True}, Failure.THROTTLED),
        ({"ErrorCategory": 3, "ErrorType": 1401}, Failure.THROTTLED),
        ({"ErrorCategory": 2, "ErrorType": 1402}, Failure.USER_ERROR),
        ({"ErrorCategory": 1, "ErrorType": 8}, Failure.NO_CAPACITY),
        ({"ErrorCategory": 1, "ErrorType": 201}, Failure.ENGINE_FAULT),
        ({"ErrorCategory": 3, "ErrorType": 233, "Retryable": True}, Failure.ENGINE_FAULT),
        ({"ErrorCategory": 3, "ErrorType": 233, "Retryable": False}, None),
        ({}, None),
    ],
)
def test_failure_has_the_class_that_athena_gives_it(error, failure):
    assert failure_of(error) is failure
