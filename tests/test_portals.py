"""Small portals whose authors have not seen the rules: how right the proposals are there must not fall.

harrowdene, rabwa and san-jacinto were read while the rules were tuned; the other three are only ever scored.
"""

import pytest

from benchmarks.portals import FOLDER, Scored, assess, score

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    return [score(*assess(path.parent)) for path in sorted(FOLDER.glob("*/answers.yaml"))]


def test_it_works(scored):
    assert len(scored) == 6


def test_a_proposed_yes_is_right(scored):
    right, wrong = sum(one.right for one in scored), sum(len(one.wrong) for one in scored)
    assert right / (right + wrong) >= 0.95


def test_what_is_there_is_found(scored):
    right, missed = sum(one.right for one in scored), sum(len(one.missed) for one in scored)
    assert right / (right + missed) >= 0.85
