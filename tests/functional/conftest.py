"""Handler in, moto behind."""

from collections.abc import Iterator

import pytest

from tests.functional.world import CATALOG, World, world_in_memory


@pytest.fixture
def empty_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_in_memory(monkeypatch) as world:
        yield world


@pytest.fixture
def world(empty_world: World) -> World:
    """With the catalog of configs/local.yaml in essence."""
    empty_world.put_catalog(CATALOG)
    return empty_world
