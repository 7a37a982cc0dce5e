"""What can go wrong with the local environment, as sentences for the person at the terminal."""


class LocalError(Exception):
    """The environment cannot do what was asked; the message says why and names the remedy."""
