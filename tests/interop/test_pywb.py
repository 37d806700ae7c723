"""pywb, an independent reader: its index of our segments, and the raw bytes it serves, are ours."""

import json
import random
import re

import pytest

from tests.interop.conftest import HERE

pytestmark = pytest.mark.interop


def lines(index):
    """pywb leaves out what has no address: the stubs of what was redacted."""
    return [line.split(" ", 2) for line in index.splitlines() if not line.startswith("- ")]


def places(index):
    """Without what pywb fills in for a media type that was not sent, and the status, which it drops of revisits."""
    found = [(key, stamp, json.loads(rest)) for key, stamp, rest in lines(index)]
    return [(key, stamp, {**said, "mime": None, "status": None}) for key, stamp, said in found]


def raw(tools, bundle, folder, most=None):
    """(what our index says, what pywb serves); its server fails on addresses that are not ASCII (our crawler's are)."""
    tools.run("wb-manager", "init", "city", cwd=folder)
    tools.run("wb-manager", "add", "city", *bundle.segments, cwd=folder)
    index = (folder / "collections/city/indexes/index.cdxj").read_text(encoding="utf-8")
    assert places(index) == places(bundle.index)
    indexed = [(stamp, json.loads(rest)) for _, stamp, rest in lines(bundle.index)]
    wanted = [(stamp, said) for stamp, said in indexed if said["url"].isascii()]
    if most is not None:
        wanted = random.Random(3).sample(wanted, min(most, len(wanted)))
    asked = "".join(f"{stamp} {said['url']}\n" for stamp, said in wanted)
    answers = re.findall(
        "^RAW (.*)$", tools.run("python", HERE / "pywb_raw.py", stdin=asked, cwd=folder), re.M
    )
    return list(zip([said for _, said in wanted], map(json.loads, answers), strict=True))


def check(pairs):
    """Of several records of one address and second pywb gives one."""
    known = {(said["url"], said["digest"]) for said, _ in pairs}
    wrong = [
        (said["url"], said.get("status"), status)
        for said, (status, digest) in pairs
        if (said["url"], digest) not in known or status.partition(" ")[0] != said.get("status", "200")
    ]
    assert not wrong


def test_it_works(tools, odd, tmp_path):
    pairs = raw(tools, odd, tmp_path)
    assert len(pairs) > 30
    check(pairs)


@pytest.mark.soak
def test_every_page_of_the_demo(tools, demo, tmp_path):
    for bundle in demo:
        folder = tmp_path / bundle.file.stem
        folder.mkdir()
        pairs = raw(tools, bundle, folder)
        assert len(pairs) == len(lines(bundle.index))
        check(pairs)
