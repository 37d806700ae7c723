"""Every cheat: what the mutation test and `benchmarks.tamper` run."""

from tests.custody.record_cheats import RECORDS
from tests.custody.said_cheats import SAID
from tests.custody.signed_cheats import SIGNED
from tests.custody.zip_cheats import ZIP

OPERATORS = [*ZIP, *RECORDS, *SAID, *SIGNED]
