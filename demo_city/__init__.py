"""Fictitious cities on loopback: for practice, for accuracy tests, and as free templates."""

from demo_city.city import City, load_cities
from demo_city.errors import BadCity, DemoCityError, PortTaken
from demo_city.server import Served, serve

__all__ = ["BadCity", "City", "DemoCityError", "PortTaken", "Served", "load_cities", "serve"]
