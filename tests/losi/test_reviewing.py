"""What is served until Ctrl-C ends well by it."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("verb", ["review", "demo-city"])
def test_it_works(tmp_path, verb):
    command = [sys.executable, "-m", "losi", "--workspace", str(tmp_path), verb]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        for line in serving.stderr:
            if "Ctrl-C ends it" in line:
                break
        serving.send_signal(signal.SIGINT)
        _, said = serving.communicate(timeout=30)
    assert serving.returncode == 0
    assert "interrupted" not in said
    assert "Traceback" not in said
