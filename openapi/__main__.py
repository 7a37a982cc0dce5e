"""`python -m openapi`: writes the document and its page; with `--check` only says what differs."""

import argparse
import difflib
import json
import sys

from openapi.document import ROOT, build_document
from openapi.reference import build_page

DOCUMENT = ROOT / "functions" / "query" / "openapi.json"
PAGE = ROOT / "docs" / "reference" / "api.md"


def main() -> int:
    """Write both files, or compare them; returns the exit code."""
    options = argparse.ArgumentParser(prog="python -m openapi", description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing, show what differs")
    is_check = options.parse_args().check
    document = build_document()
    texts = {DOCUMENT: json.dumps(document, indent=1) + "\n", PAGE: build_page(document)}
    stale = False
    for path, wanted in texts.items():
        present = path.read_text() if path.exists() else ""
        if present == wanted:
            continue
        stale = True
        if is_check:
            name = str(path.relative_to(ROOT))
            lines = difflib.unified_diff(
                present.splitlines(), wanted.splitlines(), name, "the code", lineterm="", n=1
            )
            sys.stderr.write("\n".join(lines) + "\n")
        else:
            path.write_text(wanted)
    if stale and is_check:
        sys.stderr.write("the API's document is not what the code says: run `make openapi`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
