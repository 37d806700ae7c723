"""How a verb that cannot go on says so: one line on standard error, and the exit code."""

import errno
import io
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click

from checks.errors import ChecksError
from crawler.errors import CrawlerError
from evidence_store.errors import EvidenceStoreError
from losi.errors import LosiError
from review_ui.errors import ReviewError

INTERRUPTED = "interrupted; the same command goes on from here"
EXPECTED = (LosiError, EvidenceStoreError, ChecksError, CrawlerError, ReviewError)


def our_errors(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Expected failures become one line on standard error and exit 2."""

    @wraps(verb)
    def wrapped(*args: Any, **options: Any) -> Any:
        try:
            return verb(*args, **options)
        except EXPECTED as error:
            fail(str(error), 2)
        except BrokenPipeError:
            raise  # whoever read our output has had enough; click ends it quietly
        except OSError as error:
            fail(f"{_where(error)}{error.strerror or error}; {_remedy(error)}", 2)
        except KeyboardInterrupt:
            fail(INTERRUPTED, 1)

    return wrapped


def _where(error: OSError) -> str:
    return f"{error.filename}: " if error.filename else ""


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room and start the same command again"
    return "see that it is there and may be written"


def fail(line: str, code: int) -> NoReturn:
    click.echo("losi: " + " ".join(line.split()), err=True)
    sys.exit(code)


class Verbs(click.Group):
    """Every verb's expected failures are told the same way: one line on standard error."""

    def main(self, *args: Any, **extra: Any) -> Any:
        _write_what_the_terminal_cannot()
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = 2
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "losi"
            fail(f"{error.format_message()} ({path} --help tells more)", 2)
        except click.Abort:
            fail(INTERRUPTED, 1)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        return our_errors(super().invoke)(ctx)


def _write_what_the_terminal_cannot() -> None:
    """A city's name on a terminal without its letters: written as escapes rather than not at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
