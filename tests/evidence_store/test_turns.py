from collections.abc import Callable

from evidence_store import Store
from evidence_store.turns import ASK_AGAIN


def test_it_works(store: Store) -> None:
    assert store.take_turn("pay.test", "a") == 0.0
    assert 0 < store.take_turn("pay.test", "b") <= ASK_AGAIN
    store.release_turn("pay.test", "a", delay=0)
    assert store.take_turn("pay.test", "b") == 0.0


def test_the_pause_is_kept_by_everybody(store: Store, open_store: Callable[..., Store]) -> None:
    store.take_turn("pay.test", "a")
    store.release_turn("pay.test", "a", delay=30)
    for asking in (store, open_store()):
        assert 29 < asking.take_turn("pay.test", "a") <= 30


def test_two_cities_wait_for_each_other_on_one_host(store: Store, open_store: Callable[..., Store]) -> None:
    other = open_store()
    assert store.take_turn("pay.test", "lima") == 0.0
    assert other.take_turn("pay.test", "porto") > 0
    assert other.take_turn("another.test", "porto") == 0.0


def test_nobody_releases_what_another_holds(store: Store) -> None:
    store.take_turn("pay.test", "a")
    store.release_turn("pay.test", "b", delay=0)
    assert store.take_turn("pay.test", "b") > 0


def test_a_turn_that_ran_out_is_free(store: Store) -> None:
    store.take_turn("pay.test", "a", hold=0)
    assert store.take_turn("pay.test", "b") == 0.0
    store.release_turn("pay.test", "a", delay=99)
    host = store.host("pay.test")
    assert host is not None
    assert host.held_by == "b"


def test_a_turn_is_prolonged_by_who_holds_it(store: Store) -> None:
    store.take_turn("pay.test", "a", hold=0)
    store.keep_turn("pay.test", "b", hold=60)
    assert store.take_turn("pay.test", "c", hold=0) == 0.0
    store.keep_turn("pay.test", "c", hold=60)
    assert store.take_turn("pay.test", "a") > 0


def test_turns_are_counted_by_the_day(store: Store) -> None:
    for _ in range(3):
        store.take_turn("pay.test", "a")
        store.release_turn("pay.test", "a", delay=0)
    with store.writing() as session:
        host = store.host("pay.test")
        assert host is not None
        assert (host.today, len(host.day)) == (3, 10)
        host.day = "2026-01-01"
        session.merge(host)
    store.take_turn("pay.test", "a")
    today = store.host("pay.test")
    assert today is not None
    assert today.today == 1
