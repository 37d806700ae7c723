from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crawler.pace import LONGEST_REST, REST, Pace, seconds


def test_it_works() -> None:
    assert Pace().delay("city.example", crawl_delay=0, loopback=False) == 3


def test_the_strictest_rules() -> None:
    pace = Pace()
    assert pace.delay("a", crawl_delay=10, loopback=False) == 10
    pace.answered("a", 4.0)
    assert pace.delay("a", crawl_delay=10, loopback=False) == 20
    pace.answered("a", 600.0)
    assert pace.delay("a", crawl_delay=10, loopback=False) == 60
    assert pace.delay("b", crawl_delay=0, loopback=False) == 3


@pytest.mark.parametrize(
    ("asked", "loopback", "expected"), [(None, True, 0), (2, True, 2), (1, False, 3), (90, False, 90)]
)
def test_a_person_may_slow_it_down_but_hurry_it_only_at_home(
    asked: float, loopback: bool, expected: float
) -> None:
    assert Pace(asked).delay("a", crawl_delay=0, loopback=loopback) == expected


def test_a_host_that_asks_for_rest_gets_it() -> None:
    pace = Pace()
    assert pace.rest("a", 200, None, loopback=False) == 0
    assert pace.rest("a", 503, None, loopback=False) == REST
    assert pace.rest("a", 429, None, loopback=False) == 2 * REST
    assert pace.rest("a", 429, "120", loopback=False) == 120
    assert pace.rest("a", 429, "999999", loopback=False) == LONGEST_REST
    assert pace.rest("a", 200, None, loopback=False) == 0
    assert pace.rest("a", 503, None, loopback=False) == REST


def test_retry_after_in_each_form() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=50))
    assert seconds("7") == 7
    assert 40 < (seconds(later) or 0) <= 50
    assert seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [seconds(odd) for odd in ("", None, "soon")] == [None, None, None]
