"""One synthesis for all tests of a run; it takes seconds."""

from dataclasses import asdict

import pytest

from infra.config import PREFIX, Config
from tests.infra.assembly import Assembly, run_app

DEFAULTS = {f"{PREFIX}{option}": value for option, value in asdict(Config()).items()}
"""Given explicitly, so that a checkout's own cdk.context.json changes no test."""


@pytest.fixture(scope="session")
def assembly(tmp_path_factory):
    """The application with its defaults, packages built for this machine."""
    folder = tmp_path_factory.mktemp("cdk.out")
    done = run_app(folder, context=DEFAULTS)
    assert done.returncode == 0, done.stderr
    return Assembly(folder)
