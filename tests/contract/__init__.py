"""The same tests for every implementation of a port, and for every plugin."""

import pytest

pytest.register_assert_rewrite("tests.contract.plugin_contract")
