import os
import subprocess
import sys

import pytest

from evidence_store import process


def test_it_works() -> None:
    assert process.this_process().rsplit(":", 2)[1] == str(os.getpid())
    assert not process.is_dead(process.this_process())


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no looking at a corpse here without burying it")
def test_a_corpse_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        machine = process.this_process().rsplit(":", 2)[0]
        assert process.is_dead(f"{machine}:{child.pid}:123")
    assert process.is_dead(f"{machine}:{child.pid}:123")


def test_a_number_used_again_is_another_process() -> None:
    assert process.is_dead(process.this_process() + "0")


@pytest.mark.parametrize("identity", ["elsewhere:1:1", "", None])
def test_of_other_machines_nothing_is_known(identity: str | None) -> None:
    assert not process.is_dead(identity)


@pytest.mark.skipif(not os.path.exists("/bin/ps"), reason="no ps on this machine")
def test_the_way_of_other_systems_agrees() -> None:
    assert process._start_elsewhere(os.getpid())
    assert process._start_elsewhere(2**22 + 1) == ""
