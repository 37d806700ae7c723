"""Every cheat: what the mutation test and `benchmarks.tamper` run."""

from tests.custody.key_cheats import KEYRING
from tests.custody.member_cheats import MEMBERS
from tests.custody.record_cheats import RECORDS
from tests.custody.said_cheats import SAID
from tests.custody.segment_cheats import SEGMENTS
from tests.custody.signed_cheats import SIGNED
from tests.custody.zip_cheats import ZIP

OPERATORS = [*ZIP, *MEMBERS, *RECORDS, *SEGMENTS, *SAID, *SIGNED, *KEYRING]
