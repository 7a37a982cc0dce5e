"""Keeps revealed secrets out of whatever a run gives: each is replaced by `[secret]`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from heimdall.plugin.output import OutputStream

MARK = "[secret]"

MIN_LINE_CHARACTERS = 8
"""From this length on, a line of a secret of several lines is looked for by itself."""

_MAX_HELD_BYTES = 64 * 1024


class Redactor:
    """Knows the secrets of one run; of texts, JSON values and streams it takes them out.

    A secret is found as it is, in each of the forms that JSON, Python, URLs and SQL give it, and,
    if it has several lines, line by line. Other forms of it (base64, reversed) are not recognized.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[bytes, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether no secret was revealed so far."""
        return not self._forms

    @property
    def forms(self) -> tuple[bytes, ...]:
        """All that is looked for."""
        return self._forms

    def add(self, secret: str) -> None:
        """Look for a secret from now on; may be called from any thread."""
        with self._lock:
            self._secrets |= {secret}
            found = {form.encode(errors="replace") for form in _forms(secret)}
            self._forms = tuple(sorted(found.union(self._forms)))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self.is_idle:
            return text
        data = text.encode(errors="surrogatepass")
        redacted = self.data(data)
        return text if redacted == data else redacted.decode(errors="surrogatepass")

    def data(self, data: bytes) -> bytes:
        """Return bytes without secrets."""
        return _replaced(data, spans_of(data, self._forms))

    def value(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a JSON value without secrets, in names of fields and in numbers too."""
        if self.is_idle:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self.value(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return MARK if is_number and str(value) in self._secrets else value


class RedactedStream:
    """Takes secrets out of what a plugin writes, also of those that come in several pieces.

    What may be the beginning of a secret is held back until more comes, or the end. Implements
    `heimdall.plugin.output.OutputStream`.
    """

    def __init__(self, stream: "OutputStream", redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor
        self._lock = Lock()
        self._held = b""

    def write(self, data: bytes) -> None:
        """Append, without secrets."""
        with self._lock:
            if self._redactor.is_idle:
                self._stream.write(data)
                return
            whole = self._held + data
            spans = spans_of(whole, self._redactor.forms)
            cut = _cut(whole, spans, self._redactor.forms)
            passed = [span for span in spans if span[1] <= cut]
            self._held = whole[cut:]
            if cut:
                self._stream.write(_replaced(whole[:cut], passed))

    def close(self) -> None:
        """Write what was held back: it was no secret after all, or a whole one at the end."""
        with self._lock:
            if self._held:
                self._stream.write(self._redactor.data(self._held))
                self._held = b""


def spans_of(data: bytes, forms: Iterable[bytes]) -> list[tuple[int, int]]:
    """Find where secrets stand, in order; those that overlap are one."""
    found = sorted(span for form in forms for span in _spans_of_one(data, form))
    spans: list[tuple[int, int]] = []
    for start, end in found:
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _spans_of_one(data: bytes, form: bytes) -> Iterator[tuple[int, int]]:
    start = data.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = data.find(form, start + 1)


def _cut(data: bytes, spans: list[tuple[int, int]], forms: Iterable[bytes]) -> int:
    """Return how much may be passed on: what comes after may be the beginning of a secret."""
    cut = len(data) - max((_begun(data, form) for form in forms), default=0)
    for start, end in spans:
        if start < cut < end:
            cut = start
    return cut if len(data) - cut <= _MAX_HELD_BYTES else len(data)


def _begun(data: bytes, form: bytes) -> int:
    """Return how many bytes of a secret stand at the end, without all of it being there."""
    for size in range(min(len(form) - 1, len(data)), 0, -1):
        if data.endswith(form[:size]):
            return size
    return 0


def _replaced(data: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    pieces, position = [], 0
    for start, end in spans:
        pieces += [data[position:start], MARK.encode()]
        position = end
    return b"".join([*pieces, data[position:]])


def _forms(secret: str) -> Iterator[str]:
    """Give the forms in which a secret is looked for."""
    lines = [line.strip() for line in secret.splitlines()]
    long_lines = [line for line in lines if len(line) >= MIN_LINE_CHARACTERS]
    for text in (secret, secret.strip(), *long_lines):
        if text:
            yield from (text, quote(text, safe=""), quote(text), quote_plus(text))
            yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
            yield repr(text)[1:-1]
            yield from _quoted_by_engines(text)


def _quoted_by_engines(text: str) -> Iterator[str]:
    """Give what engines of SQL write of a text between quotes: as a literal, a name, in a row."""
    escaped = text.replace("\\", "\\\\")
    yield text.replace("'", "''")
    yield escaped.replace("'", "\\'")
    for plain in (text, escaped):
        doubled = plain.replace('"', '""')
        yield from (doubled, json.dumps(doubled, ensure_ascii=False)[1:-1])
