import socket
import threading

import httpx
import pytest

from review_ui import PortInUse, serve, serving
from tests.review_ui.builder import CITY, ROUND, World


def test_it_works(world: World) -> None:
    with (
        serving(world.store) as (url, servers),
        httpx.Client(follow_redirects=True, trust_env=False) as client,
    ):
        assert url.startswith("http://127.0.0.1:")
        page = client.get(url)
        assert page.status_code == 200
        question = client.get(f"{url.partition('/?')[0]}/a/{ROUND}/{CITY}/234").text
        frame = question.partition("<iframe")[2].partition('src="')[2].partition('"')[0]
        assert frame.startswith("http://localhost:")
        archived = client.get(frame.replace("&amp;", "&"))
        assert archived.status_code == 200
        assert "We collect your name" in archived.text
        assert len(servers) == 2


def test_a_port_in_use_is_one_clear_error(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} of 127.0.0.1 is in use: choose another"):
            serve(world.store, port=port, on_ready=lambda url: None)


def test_it_ends_when_interrupted(world: World) -> None:
    def interrupt(url: str) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        serve(world.store, on_ready=interrupt)
    assert threading.active_count() <= before
