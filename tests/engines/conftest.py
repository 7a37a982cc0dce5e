"""Servers of engines, one for all tests of a session."""

from tests.engines.postgres_server import postgres  # noqa: F401 - a fixture
