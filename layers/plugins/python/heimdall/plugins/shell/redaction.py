"""Takes secrets out of what a job's program may read."""

import re
from collections.abc import Mapping
from typing import Any

REMOVED = "[removed]"

# Looked for anywhere in a name without its case and punctuation: apiKey, API-KEY and db_api_key_2
# are all found. Too much is removed rather than too little: a `tokenizer` goes as well.
_SECRET_PARTS = re.compile(
    "password|passwd|passphrase|passcode|secret|token|credential|authorization"
    "|connectionstring|(api|private|access|account|encryption|signing|shared|master)key"
)
# Too short to be looked for inside other words (compass, path): the last word of a name only.
_SECRET_LAST_WORDS = frozenset({"pass", "pwd", "pw", "dsn", "pat", "jwt"})
_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Copy a JSON value with each secret replaced by `[removed]`.

    Secret is the whole value of a field whose name says so, at any depth, and the password in a
    URL like `postgres://user:password@host/`, wherever it stands.
    """
    if isinstance(value, Mapping):
        return {
            name: REMOVED if says_secret(name) else without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\1:{REMOVED}@", value)
    return value


def says_secret(name: str) -> bool:
    """Tell whether the name of a field announces a secret."""
    words = [word.lower() for word in re.findall(r"[A-Z]*[a-z0-9]+|[A-Z]+", name)]
    return bool(words) and (
        words[-1] in _SECRET_LAST_WORDS or bool(_SECRET_PARTS.search("".join(words)))
    )
