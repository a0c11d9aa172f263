"""Which mzi this is."""

from importlib.metadata import version


def title() -> str:
    """The name and the version, as they are told."""
    return f"mzi {version('mzi')}"
