import asyncio
from pathlib import Path

import pytest

from crawler import turns as turns_module
from crawler.turns import KEPT, Turns
from evidence_store import Store


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_works(tmp_path: Path) -> None:
    """One request at a time, across crawls, and the delay between them."""
    with Store.open(tmp_path, migrate=True) as store:
        one, other = Turns(store, "one"), Turns(store, "other")
        said: list[str] = []

        async def ask(turns: Turns) -> None:
            await turns.take("city.example")
            said.append(f"{turns.holder} asks")
            await asyncio.sleep(0)
            said.append(f"{turns.holder} is done")
            await turns.release("city.example", 0.05)

        async def both() -> None:
            await asyncio.gather(ask(one), ask(other), ask(one))

        asyncio.run(both())
    assert [line.split()[0] for line in said[::2]] == [line.split()[0] for line in said[1::2]]
    assert len(said) == 6


def test_without_delay_a_turn_is_kept_and_then_laid_down(tmp_path: Path) -> None:
    with Store.open(tmp_path, migrate=True) as store:
        clock = Clock()
        turns = Turns(store, "one", clock)

        async def ask(count: int) -> None:
            for _ in range(count):
                await turns.take("127.0.0.1:8001")
                await turns.release("127.0.0.1:8001", 0)

        asyncio.run(ask(50))
        host = store.host("127.0.0.1:8001")
        assert host is not None
        assert (host.held_by, host.today) == ("one", 2)
        assert store.take_turn("127.0.0.1:8001", "other") > 0
        clock.now += KEPT
        asyncio.run(ask(1))
        host = store.host("127.0.0.1:8001")
        assert host is not None
        assert host.today == 3
        asyncio.run(turns.close())
        assert store.take_turn("127.0.0.1:8001", "other") == 0


def test_a_host_that_rests_is_known(tmp_path: Path) -> None:
    with Store.open(tmp_path, migrate=True) as store:
        clock = Clock()
        turns = Turns(store, "one", clock)

        async def ask() -> None:
            await turns.take("city.example")
            await turns.release("city.example", 3)

        asyncio.run(ask())
        assert turns.waiting() == {"city.example": 3}
        clock.now += 3
        assert turns.waiting() == {}


def test_a_long_turn_is_kept_until_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than HOLD, as a browser's visit may be; another crawl, of another process, waits."""
    monkeypatch.setattr(turns_module, "HOLD", 0.09)
    with Store.open(tmp_path, migrate=True) as store, Store.open(tmp_path) as elsewhere:
        one = Turns(store, "one")

        async def visit() -> list[float]:
            async with one.keeping("city.example"):
                asked = []
                for _ in range(6):
                    await asyncio.sleep(0.05)
                    asked.append(await asyncio.to_thread(elsewhere.take_turn, "city.example", "other"))
                await one.release("city.example", 3)
            return asked

        assert min(asyncio.run(visit())) > 0
        assert 2 < elsewhere.take_turn("city.example", "other") <= 3
