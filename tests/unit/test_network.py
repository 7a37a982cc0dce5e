"""What keeps tests from talking to anybody else."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_tests_reach_no_address_but_loopback():
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
