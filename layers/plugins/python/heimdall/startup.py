"""Keeps the garbage collector out of the start of a function.

Loading a handler makes some hundred thousand objects, and next to none of them is garbage. To look
through them again and again is a seventh of the CPU time of a cold start, and every full
collection after it would go through them once more.

A handler imports this module before all others of the project and calls `loaded` when the rest is
there. It is the one module whose import has an effect.
"""

import gc

gc.disable()


def loaded() -> None:
    """Look for garbage from now on, but not among what is there already."""
    gc.freeze()
    gc.enable()
