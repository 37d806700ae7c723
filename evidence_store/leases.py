"""The right to write a crawl: one conditional update keeps it, and no row means that it is lost."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, update

from evidence_store.database import moment
from evidence_store.exchange import Lease
from evidence_store.models import Crawl, table_of

_MINE = update(table_of(Crawl)).where(
    Crawl.id == bindparam("crawl"), Crawl.token == bindparam("mine"), Crawl.state == "claimed"
)
_EXTEND = _MINE.values(seconds=bindparam("worked"), lease_until=moment(bindparam("more")))


def extend(connection: Connection, lease: Lease, seconds: float) -> bool:
    """Renews where the token is still mine."""
    return (
        connection.execute(_EXTEND, {**_named(lease), "worked": worked(lease), "more": seconds}).rowcount == 1
    )


def write_back(connection: Connection, lease: Lease, values: Mapping[str, Any]) -> bool:
    """Changes the crawl where the token is still mine; working time is added up on the way."""
    change = _MINE.values(**{"seconds": worked(lease), **values})
    return connection.execute(change, _named(lease)).rowcount == 1


def worked(lease: Lease) -> float:
    return lease.seconds + (time.monotonic() - lease.began)


def _named(lease: Lease) -> dict[str, Any]:
    return {"crawl": lease.crawl_id, "mine": lease.token}
