"""The composition root: the command line, the workspace, the demo and the fleet; the only code that knows every package."""

__version__ = "0.1.0"

__all__ = ["__version__"]
