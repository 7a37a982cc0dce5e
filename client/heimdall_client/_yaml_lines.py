"""Reads YAML as data and remembers in which line each field stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
DEEPEST = 6
"""`policies`, one of them, `rules`, a rule, a field, an item of it; what is deeper has its line."""


class YamlError(Exception):
    """The text is no YAML, or says one thing twice."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document and where in it things are.

    Attributes:
        lines: from 1; by path, such as `("commands", 0, "name")`.
    """

    value: Any
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int:
        """Give the line of a field; of what contains it, if it is not there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """Leaves dates as text, since JSON has none."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and form that PyYAML wants
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_yaml(text: str) -> Document:
    """Read one document.

    Raises:
        YamlError: it is no YAML, more than one document, or has a key twice.
    """
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return Document(None, {})
            _check_keys(root)
            lines = dict(_lines_of(root, ()))
            return Document(loader.construct_document(root), lines)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise YamlError(error.problem or "no YAML", line=mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise YamlError("nested too deeply") from error


def _check_keys(root: yaml.Node) -> None:
    """Find keys given twice, of which YAML would silently take the last."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in keys:
                line = key.start_mark.line + 1
                raise YamlError(f"the key {key.value!r} is given twice", line=line)
            keys.add(key.value if isinstance(key, yaml.ScalarNode) else key)
            waiting.append(value)


def _lines_of(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if len(path) > DEEPEST:
        return
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines_of(item, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, key.value if isinstance(key, yaml.ScalarNode) else "?")
            yield from _lines_of(value, below)
            yield below, key.start_mark.line + 1
