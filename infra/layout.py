"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INFRA = ROOT / "infra"
BUILD = ROOT / ".build"
FUNCTIONS = ROOT / "functions"
LAYER = ROOT / "layers" / "plugins"
REQUIREMENTS = ROOT / "requirements"
LAYER_REQUIREMENTS = REQUIREMENTS / "layer.txt"
