"""Parameters of lists: patterns, choices among words, lists of words."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.patterns import Pattern

MAX_PATTERN_CHARACTERS = 256

Choice = TypeVar("Choice")


def read_pattern(name: str, text: str) -> Pattern:
    """Read a pattern of SQL's LIKE, to be matched with casefolded texts.

    Raises:
        InvalidRequestError: it is too long.
    """
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise wrong(name, f"has {len(text):,} characters; {MAX_PATTERN_CHARACTERS} are the most")
    return Pattern.of_like(text.casefold())


def read_words(text: str) -> Sequence[str]:
    """Read words with commas between them."""
    return [word for each in text.split(",") if (word := each.strip())]


def read_choice(name: str, text: str, choices: Mapping[str, Choice]) -> Choice:
    """Find a word among those that are known, in any case.

    Raises:
        InvalidRequestError: it is none of them.
    """
    known = {word.casefold(): choice for word, choice in choices.items()}
    found = known.get(text.casefold())
    if found is None:
        raise wrong(name, f"{text[:MAX_PATTERN_CHARACTERS]!r} is none of {', '.join(choices)}")
    return found


def wrong(name: str, message: str) -> InvalidRequestError:
    """Make the error that says what is wrong with a parameter."""
    return InvalidRequestError(f"{name} {message}", details=[{"path": name, "message": message}])
