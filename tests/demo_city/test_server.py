import http.client
import socket

import pytest

from demo_city import PortTaken, serve
from demo_city.server import absolute_address


def ask(authority, path="/"):
    connection = http.client.HTTPConnection(authority, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def served():
    with serve() as cities:
        yield {city.id: city for city in cities}


def test_it_works(served):
    model = served["marsa-noor"]
    assert model.portal_url == f"http://{model.hosts[0]}/"
    assert ask(model.hosts[0]) == 200


def test_each_host_has_a_port_of_its_own(served):
    hosts = [host for city in served.values() for host in city.hosts]
    assert len(hosts) == len(set(hosts))
    assert {ask(host) for host in hosts} == {200}


def test_answers_name_absolute_addresses(served):
    model = served["marsa-noor"]
    assert model.answers["234"]["page"][0] == model.portal_url + "privacy"


def test_an_address_on_another_host():
    origins = {"main": "http://a", "eservices": "http://b"}
    assert absolute_address("eservices:/pay", origins) == "http://b/pay"


def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)), serve(port=port):
            pass


def test_the_thread_ends():
    with serve(only=["marsa-noor"]) as cities:
        authority = cities[0].hosts[0]
        assert ask(authority) == 200
    with pytest.raises(OSError, match="refused"):
        ask(authority)
