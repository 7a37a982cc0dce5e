"""The registry finds plugins, and says whose package is wrong."""

import sys
import textwrap

import pytest

from heimdall.domain.errors import UnknownPluginError
from heimdall.plugin.options import AnyOptions, OptionModels
from heimdall.plugin.registry import InvalidPluginError, installed_plugins
from tests.fakes.runs import make_registry

OPTIONS = """
    from pydantic import BaseModel
    from heimdall.plugin.options import OptionModels

    class JobOptions(BaseModel):
        greeting: str

    OPTIONS = OptionModels(job=JobOptions)
"""
PLUGIN = """
    class Greeter:
        name = "greeter"

        def start(self, run): ...
        def poll(self, handle): ...
        def cancel(self, handle): ...
        def health(self, cluster): ...

    def build_plugin(services):
        return Greeter()
"""


@pytest.fixture
def write_package(tmp_path, monkeypatch):
    """Write a package of somebody else's and give its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(options=OPTIONS, plugin=PLUGIN, name="acme_greeter"):
        directory = tmp_path.joinpath(*name.split("."))
        directory.mkdir(parents=True)
        (directory / "__init__.py").write_text("")
        (directory / "options.py").write_text(textwrap.dedent(options))
        (directory / "plugin.py").write_text(textwrap.dedent(plugin))
        return name

    yield write
    for module in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[module]


def registry_of(**installed):
    return make_registry(installed=lambda: installed)


def never_asked():
    raise AssertionError("the metadata of all installed packages was read")


@pytest.mark.parametrize("name", ["ping", "shell", "noop"])
def test_registry_finds_the_gateways_own_without_asking_for_others(name):
    registry = make_registry(installed=never_asked)

    assert isinstance(registry.options(name), OptionModels)
    assert registry.plugin(name).name == name


def test_registry_finds_an_installed_plugin(write_package):
    registry = registry_of(greeter=write_package())

    assert registry.options("greeter").job.model_fields.keys() == {"greeting"}
    assert registry.options("greeter").cluster is AnyOptions
    assert registry.plugin("greeter").name == "greeter"


def test_registry_builds_a_plugin_once(write_package):
    registry = registry_of(greeter=write_package())

    assert registry.plugin("greeter") is registry.plugin("greeter")


def test_registry_gives_options_without_loading_the_plugin(write_package):
    package = write_package(plugin="raise ImportError('the driver is not installed')")
    registry = registry_of(greeter=package)

    assert registry.options("greeter")
    assert f"{package}.plugin" not in sys.modules


def test_registry_takes_a_name_with_dashes_from_a_package_with_underscores(write_package):
    write_package(
        plugin=PLUGIN.replace('"greeter"', '"warm-greeter"'), name="acme_all.warm_greeter"
    )
    registry = make_registry("acme_all", installed=never_asked)

    assert registry.plugin("warm-greeter").name == "warm-greeter"


def test_registry_prefers_the_gateways_own_to_an_installed_one_of_the_same_name(write_package):
    registry = registry_of(ping=write_package())

    assert type(registry.plugin("ping")).__module__ == "heimdall.plugins.ping.plugin"


@pytest.mark.parametrize(
    "name",
    ["oracle", "", "Ping", "ping.options", "..", "ping-", "-ping", "pi ng", "__init__", "пинг"],
)
def test_registry_knows_no_other_name(name):
    registry = registry_of(greeter="acme_greeter")

    with pytest.raises(UnknownPluginError, match=repr(name)):
        registry.options(name)
    with pytest.raises(UnknownPluginError, match=repr(name)):
        registry.plugin(name)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("", "has no OPTIONS"),
        ("OPTIONS = {'job': None}", "has no OPTIONS"),
        (OPTIONS.replace("job=JobOptions", "job=dict"), "is no pydantic model"),
        (OPTIONS.replace("job=JobOptions", "job=JobOptions(greeting='')"), "is no pydantic model"),
        (OPTIONS.replace("job=JobOptions", "job=JobOptions, cluster=str"), "is no pydantic model"),
    ],
)
def test_registry_names_the_module_whose_options_are_wrong(write_package, options, fault):
    registry = registry_of(greeter=write_package(options=options))

    with pytest.raises(InvalidPluginError, match=rf"acme_greeter\.options.*{fault}"):
        registry.options("greeter")


@pytest.mark.parametrize(
    ("plugin", "fault"),
    [
        ("", r"has no build_plugin\(services\)"),
        (PLUGIN.replace("def cancel(self, handle): ...", ""), "lacks cancel"),
        (PLUGIN.replace("def start", "def begin"), "lacks start"),
        (PLUGIN.replace("def poll(self, handle): ...", "poll = None"), "lacks poll"),
        (PLUGIN.replace('"greeter"', '"greter"'), "calls itself 'greter', not 'greeter'"),
    ],
)
def test_registry_names_the_module_whose_plugin_is_wrong(write_package, plugin, fault):
    registry = registry_of(greeter=write_package(plugin=plugin))

    with pytest.raises(InvalidPluginError, match=rf"acme_greeter\.plugin.*{fault}"):
        registry.plugin("greeter")


def test_installed_plugins_are_those_that_packages_announce(tmp_path, monkeypatch):
    metadata = tmp_path / "acme_heimdall-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-heimdall\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[heimdall.plugins]\nspool = acme_heimdall.spool\n[console_scripts]\nacme = acme:main\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert installed_plugins() == {"spool": "acme_heimdall.spool"}


def test_registry_names_the_module_that_is_missing(write_package):
    write_package()
    registry = registry_of(greeter="acme_nowhere", pinger="acme_greeter.options")

    with pytest.raises(InvalidPluginError, match=r"acme_nowhere\.options cannot be imported"):
        registry.options("greeter")
    with pytest.raises(InvalidPluginError, match=r"acme_greeter\.options\.plugin cannot be"):
        registry.plugin("pinger")


def test_registry_names_the_plugin_whose_driver_is_missing(write_package):
    registry = registry_of(greeter=write_package(plugin="import acme_driver"))

    with pytest.raises(InvalidPluginError, match=r"acme_greeter\.plugin .* 'acme_driver'"):
        registry.plugin("greeter")


def test_registry_names_the_plugin_that_has_no_name(write_package):
    registry = registry_of(greeter=write_package(plugin=PLUGIN.replace('name = "greeter"', "")))

    with pytest.raises(InvalidPluginError, match=r"acme_greeter\.plugin.*calls itself None"):
        registry.plugin("greeter")


def test_installed_plugins_refuse_two_of_one_name(tmp_path, monkeypatch):
    for package in ("acme", "apex"):
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[heimdall.plugins]\nspool = {package}.spool\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(InvalidPluginError, match="both announce a plugin 'spool'"):
        installed_plugins()
