"""What looks like a terminal to a program, and keeps what is written to it."""

import io


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
