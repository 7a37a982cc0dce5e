"""What keeps tests from talking to anybody else."""

import socket

import pytest


def test_tests_reach_no_address_but_loopback():
    # pytest-socket warns before it raises, and our warnings are errors.
    with pytest.raises(UserWarning, match=r"tried to use .* with host"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
