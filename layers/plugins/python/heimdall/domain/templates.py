"""Small templates: which ones are taken, and what they say. They choose values and print them.

MiniJinja renders them. Its fuel bounds loops but not memory (`"x" * 1000000000` costs one step), so
a template is taken only if it consists of what is listed here; none of it makes text grow faster
than the template and the values do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minijinja import Environment

MAX_SOURCE_CHARACTERS = 2_000
FILTERS = ("default", "first", "last", "length", "lower", "trim", "upper", "urlencode")

_FUEL = 10_000
_BLOCKS = ("if", "elif", "else", "endif")
_TESTS = ("defined", "undefined", "none")
_CONSTANTS = ("true", "false", "none", "True", "False", "None")
_WORDS = frozenset([*_BLOCKS, *_CONSTANTS, "and", "or", "not", "in", "is"])
_OPERANDS = frozenset(("variable", "member", "test", "number", "text"))
_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENING = re.compile(r"\{[{%#]")
_TOKEN = re.compile(
    r"""\s*(?:(?P<close>[-+]?[}%]\})
        |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
        |(?P<number>[0-9]+(?:\.[0-9]+)?)
        |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
        |(?P<sign>[=!<>]=|[][()<>.|~,:+-]))""",
    re.VERBOSE | re.DOTALL,
)


class TemplateError(ValueError):
    """A template is not taken; the sentence says what is wrong."""


Variables = Mapping[str, frozenset[str] | None]
"""What a template may read: the names of variables, each with those of its members, or any."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of an expression; `begins_word` if nothing but space or `(` stands before it."""

    kind: str
    text: str
    begins_word: bool = False


def check_template(source: str, variables: Variables) -> None:
    """Make sure that a template may be rendered here.

    Args:
        source: the template: `{{ job.id|upper }}`, `{% if outputs.url is defined %}...{% endif %}`.
        variables: what it may read.

    Raises:
        TemplateError: it may not.
    """
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise TemplateError(
            f"has {len(source):,} characters; a template may have {MAX_SOURCE_CHARACTERS:,}"
        )
    for expression in _expressions(source):
        _check_expression(expression, variables)
    from minijinja import TemplateError as SyntaxFault

    try:
        _environment().undeclared_variables_in_str(source)
    except SyntaxFault as fault:
        raise TemplateError(f"is no template: {fault.detail or fault.message}") from fault


def render(source: str, values: Mapping[str, Any]) -> str | None:
    """Render a template; None if a value that it prints is not there, or is no text or number.

    Args:
        source: what `check_template` took.
        values: JSON values by the names of variables; their sizes are what bounds the work.
    """
    from minijinja import TemplateError as RenderFault

    try:
        return _environment().render_str(source, **values)
    except (RenderFault, ValueError):
        return None


@cache
def _environment() -> "Environment":
    from minijinja import Environment

    return Environment(
        debug=False,
        fuel=_FUEL,
        undefined_behavior="strict",
        auto_escape_callback=lambda _: False,
        finalizer=_printable,
        pycompat=False,
    )


def _printable(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return value
    raise ValueError("only texts and numbers are printed")


def _expressions(source: str) -> Iterator[list[_Token]]:
    """Find what stands between the braces, each time with the brace that opened it in front."""
    position = 0
    while opening := _OPENING.search(source, position):
        if opening.group() == "{#":
            raise TemplateError("comments are not taken")
        tokens, position = _tokens(source, opening.end(), _CLOSING[opening.group()])
        yield [_Token("open", opening.group()), *tokens]


def _tokens(source: str, position: int, closing: str) -> tuple[list[_Token], int]:
    if source[position : position + 1] in ("-", "+"):
        position += 1
    tokens: list[_Token] = []
    while found := _TOKEN.match(source, position):
        position = found.end()
        kind = str(found.lastgroup)
        if kind == "close" and found.group(kind).endswith(closing):
            return tokens, position
        if kind == "close":
            raise TemplateError(f"{found.group(kind)} closes what {closing} should")
        begins_word = found.start(kind) > found.start() or source[found.start() - 1] in "{%(-+"
        tokens.append(_Token(kind, found.group(kind), begins_word))
    rest = source[position:].strip()
    if not rest:
        raise TemplateError("ends within braces")
    raise TemplateError(f"{rest[0]!r} is not taken within braces")


def _check_expression(tokens: list[_Token], variables: Variables) -> None:
    opening, *inner = tokens
    _refuse_go(inner)
    if opening.text == "{%":
        _check_known("statement", inner[0].text if inner else "", _BLOCKS)
    seen = [opening, opening]
    for token in inner:
        if token.text == "not" and seen[-1].text == "is":
            continue
        if token.text == "(" and _is_operand(seen[-1]):
            raise TemplateError("nothing can be called here")
        seen.append(_checked_name(token, seen, variables) if token.kind == "name" else token)


def _checked_name(name: _Token, seen: list[_Token], variables: Variables) -> _Token:
    """Tell from what stands before a name what it is, and whether there is such a thing."""
    first, last = seen[-2:]
    text = name.text
    if last.text == ".":
        members = variables.get(first.text) if first.kind == "variable" else None
        if members is not None:
            _check_known(f"member of {first.text}", text, sorted(members))
        return _Token("member", text)
    if last.text == "|":
        _check_known("filter", text, FILTERS)
        return _Token("filter", text)
    if last.text == "is":
        _check_known("test", text, _TESTS)
        return _Token("test", text)
    if text in _WORDS:
        return _Token("word", text)
    _check_known("variable", text, list(variables))
    return _Token("variable", text)


def _check_known(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise TemplateError(f"there is no {kind} {name!r} here, only {', '.join(known)}")


def _is_operand(token: _Token) -> bool:
    return token.kind in _OPERANDS or token.text in (")", "]")


def _refuse_go(tokens: list[_Token]) -> None:
    """Say how the path of a Go template, `.Outputs.url`, is written here."""
    for position, token in enumerate(tokens):
        if token.text == "." and token.begins_word:
            rest = takewhile(
                lambda part: part.kind == "name" or part.text == ".", tokens[position:]
            )
            path = "".join(part.text for part in rest)
            raise TemplateError(
                f"{path} is written {path.strip('.').lower()} here: the templates are not Go's"
            )
