"""The composition root: command line, workspace, demo and fleet; the only code that knows every package."""

__version__ = "0.2.0"

__all__ = ["__version__"]
