"""What is served until Ctrl-C ends well by it."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from evidence_store import BadBundle, Signer
from evidence_store.wacz import write_wacz
from losi.reviewing import _about, bundled
from tests.review_ui.builder import build


@pytest.mark.parametrize("verb", ["review", "demo-city"])
def test_it_works(tmp_path, verb):
    command = [sys.executable, "-m", "losi", "--workspace", str(tmp_path), verb]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        for line in serving.stderr:
            if "Ctrl-C ends it" in line:
                break
        serving.send_signal(signal.SIGINT)
        try:
            _, said = serving.communicate(timeout=60)
        finally:
            serving.kill()
    assert serving.returncode == 0
    assert "interrupted" not in said
    assert "Traceback" not in said


def test_a_bundle_is_opened_and_an_altered_one_is_not(tmp_path):
    bundle = packed(tmp_path)
    with bundled(bundle) as store:
        assert [one.id for one in store.assessments("pilot")] == ["pilot/river-city"]
        about = _about(store, bundle)
        assert (about.name, about.assessment_id) == ("river.wacz", "pilot/river-city")
        assert about.signer.startswith("ed25519:")
        assert about.made
        assert about.sealed
    data = bytearray(bundle.read_bytes())
    data[len(data) // 3] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(BadBundle) as refused, bundled(bundle):
        pass
    assert "\n" not in str(refused.value)
    run = subprocess.run(
        [sys.executable, "-m", "losi", "--workspace", str(tmp_path), "review", "--bundle", str(bundle)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1
    assert "is not taken" in run.stderr


def packed(folder):
    world = build(folder / "made")
    signer = Signer.open(folder / "keys")
    out = folder / "river.wacz"
    with world.store:
        write_wacz(world.store, world.assessment_id, out, signer=signer, made=datetime.now(UTC))
    return out
