"""Finds a plugin by name: those that come with the gateway first, then installed ones.

A plugin is a package with two modules: `options.py`, whose `OPTIONS` holds the models of its
contexts and which imports no driver, and `plugin.py`, whose `build_plugin(services)` returns the
plugin. Where its engine sends events, a third one, `events.py`, has `EVENTS` and imports no driver.
Other people's packages announce theirs by an entry point of the group `heimdall.plugins` whose
name is the plugin's and whose value is the package: `oracle = "acme_heimdall.oracle"`.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from keyword import iskeyword
from types import ModuleType
from typing import TYPE_CHECKING

from pydantic import BaseModel

from heimdall.domain.errors import UnknownPluginError
from heimdall.plugin.options import OptionModels

if TYPE_CHECKING:
    from heimdall.plugin.events import EngineEvents
    from heimdall.plugin.identity import PluginServices
    from heimdall.plugin.spec import Plugin

ENTRY_POINT_GROUP = "heimdall.plugins"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CALLS = ("start", "poll", "cancel", "health")


class InvalidPluginError(Exception):
    """A plugin's package breaks the protocol: a fault of its author, not of a caller."""


def installed_plugins() -> dict[str, str]:
    """Map the names of other people's plugins to their packages.

    Raises:
        InvalidPluginError: two packages announce a plugin of one name.
    """
    found: dict[str, str] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        first = found.setdefault(point.name, point.value)
        if first != point.value:
            raise InvalidPluginError(
                f"{first} and {point.value} both announce a plugin {point.name!r}"
            )
    return found


def package_name(plugin: str) -> str:
    """Return what a plugin's package is called: `glue_job`, or `lambda_` for a word of Python's."""
    return f"{plugin}_" if iskeyword(plugin) else plugin.replace("-", "_")


class PluginRegistry:
    """Looks plugins up by name and checks each the first time that it is used.

    Args:
        builtin_package: the package that holds the gateway's own plugins.
        installed: gives the packages of the others by name; asked only when it is needed,
            since reading the metadata of all installed packages is slow.
        services: makes what plugins are built with; only executors build plugins.
    """

    def __init__(
        self,
        builtin_package: str = "heimdall.plugins",
        installed: Callable[[], dict[str, str]] = installed_plugins,
        services: "Callable[[], PluginServices] | None" = None,
    ) -> None:
        self._services = services
        self._builtin_package = builtin_package
        self._installed = cache(installed)
        self._options: dict[str, OptionModels] = {}
        self._plugins: dict[str, Plugin] = {}

    def options(self, name: str) -> OptionModels:
        """Return the models of a plugin's contexts, without loading the plugin itself.

        Raises:
            UnknownPluginError: there is no such plugin.
            InvalidPluginError: its package breaks the protocol.
        """
        if name not in self._options:
            self._options[name] = self._load_options(name)
        return self._options[name]

    def plugin(self, name: str) -> "Plugin":
        """Return the plugin.

        Raises:
            UnknownPluginError: there is no such plugin.
            InvalidPluginError: its package breaks the protocol.
        """
        if name not in self._plugins:
            self._plugins[name] = self._load_plugin(name)
        return self._plugins[name]

    def events(self, name: str) -> "Sequence[EngineEvents]":
        """Return the events that a plugin's engine sends, without loading the plugin itself.

        Raises:
            UnknownPluginError: there is no such plugin.
            InvalidPluginError: its package breaks the protocol.
        """
        from heimdall.plugin.events import EngineEvents

        if find_spec(f"{self._package(name)}.events") is None:
            return ()
        module = self._module(name, "events")
        events: Sequence[EngineEvents] = getattr(module, "EVENTS", ())
        if not events or not all(isinstance(each, EngineEvents) for each in events):
            raise InvalidPluginError(f"{module.__name__} has no EVENTS of type EngineEvents")
        return events

    def _load_options(self, name: str) -> OptionModels:
        module = self._module(name, "options")
        options = getattr(module, "OPTIONS", None)
        if not isinstance(options, OptionModels):
            raise InvalidPluginError(f"{module.__name__} has no OPTIONS of type OptionModels")
        for model in (options.job, options.command, options.cluster):
            if not _is_model(model):
                raise InvalidPluginError(f"{module.__name__}: {model!r} is no pydantic model")
        return options

    def _load_plugin(self, name: str) -> "Plugin":
        module = self._module(name, "plugin")
        build: Callable[[PluginServices], Plugin] | None = getattr(module, "build_plugin", None)
        if build is None:
            raise InvalidPluginError(f"{module.__name__} has no build_plugin(services)")
        if self._services is None:
            raise InvalidPluginError(f"plugins are not built here, so {name!r} is not either")
        plugin = build(self._services())
        missing = [call for call in _CALLS if not callable(getattr(plugin, call, None))]
        if missing:
            raise InvalidPluginError(f"{module.__name__}: the plugin lacks {', '.join(missing)}")
        called = getattr(plugin, "name", None)
        if called != name:
            raise InvalidPluginError(
                f"{module.__name__}: the plugin calls itself {called!r}, not {name!r}"
            )
        return plugin

    def _module(self, name: str, part: str) -> ModuleType:
        path = f"{self._package(name)}.{part}"
        try:
            return importlib.import_module(path)
        except ImportError as error:
            raise InvalidPluginError(f"{path} cannot be imported: {error}") from error

    def _package(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise UnknownPluginError(f"{name!r} is no name of a plugin")
        builtin = f"{self._builtin_package}.{package_name(name)}"
        if find_spec(builtin) is not None:
            return builtin
        try:
            return self._installed()[name]
        except KeyError:
            raise UnknownPluginError(f"this deployment has no plugin {name!r}") from None


def _is_model(candidate: object) -> bool:
    return inspect.isclass(candidate) and issubclass(candidate, BaseModel)
