"""Where things are in the checkout."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
ASSEMBLY = BUILD / "local-assembly"
BIN = Path(sys.executable).parent
EMULATOR_PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
CONFIG = ROOT / "configs" / "local.yaml"
DEFAULT_DIRECTORY = ROOT / ".local"
