"""Politeness has one owner across processes and machines: who asks a host for anything takes its turn.

Every request passes here twice, so the statements are made once and go to the database without the ORM.
"""

from sqlalchemy import Connection, bindparam, case, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from evidence_store.database import Database, moment, today
from evidence_store.models import Host, table_of
from evidence_store.process import is_dead, this_process

ASK_AGAIN = 0.05  # seconds; a turn in progress usually ends long before it must
UNKNOWN_DELAY = 3.0
HOST = table_of(Host)

_TAKE = (
    update(HOST)
    .where(
        Host.domain == bindparam("host"),
        or_(Host.held_by.is_(None), Host.held_until <= moment()),
        Host.next_at <= moment(),
    )
    .values(
        held_by=bindparam("holder"),
        process=bindparam("mine"),
        held_until=moment(bindparam("hold")),
        today=case((Host.day == today(), Host.today + 1), else_=1),
        day=today(),
    )
)
_RELEASE = (
    update(HOST)
    .where(
        Host.domain == bindparam("host"),
        Host.held_by == bindparam("holder"),
        Host.process == bindparam("mine"),
    )
    .values(held_by=None, process=None, next_at=moment(bindparam("pause")), delay=bindparam("pause"))
)
_KEEP = (
    update(HOST)
    .where(
        Host.domain == bindparam("host"),
        Host.held_by == bindparam("holder"),
        Host.process == bindparam("mine"),
    )
    .values(held_until=moment(bindparam("hold")))
)
_FIRST = insert(HOST).values(
    domain=bindparam("host"),
    held_by=bindparam("holder"),
    process=bindparam("mine"),
    held_until=moment(bindparam("hold")),
    next_at=moment(),
    delay=UNKNOWN_DELAY,
    day=today(),
    today=1,
)
_LOOK = select(HOST, moment().label("now")).where(Host.domain == bindparam("host"))


class Turns(Database):
    def take_turn(self, domain: str, holder: str, *, hold: float = 60) -> float:
        """0.0 when the turn is ours for `hold` seconds, else how long to wait before asking again."""
        asked = {"host": domain, "holder": holder, "mine": this_process(), "hold": float(hold)}
        with self.turning() as connection:
            if connection.execute(_TAKE, asked).rowcount == 1:
                return 0.0
            wait = _wait(connection, domain)
            if wait is not None:
                return wait
            try:
                with connection.begin_nested():
                    connection.execute(_FIRST, asked)
            except IntegrityError:
                return ASK_AGAIN  # another was first by a hair
            return 0.0

    def keep_turn(self, domain: str, holder: str, *, hold: float = 60) -> None:
        """Ours for `hold` seconds more. Nothing happens when another has it by now."""
        asked = {"host": domain, "holder": holder, "mine": this_process(), "hold": float(hold)}
        with self.turning() as connection:
            connection.execute(_KEEP, asked)

    def release_turn(self, domain: str, holder: str, *, delay: float) -> None:
        """The next turn begins after `delay` seconds. Nothing happens when another has it by now."""
        with self.turning() as connection:
            _release(connection, domain, holder, this_process(), delay)

    def host(self, domain: str) -> Host | None:
        with self.reading() as session:
            return session.get(Host, domain)


def _wait(connection: Connection, domain: str) -> float | None:
    """None when nobody ever asked that host for anything."""
    host = connection.execute(_LOOK, {"host": domain}).one_or_none()
    if host is None:
        return None
    if host.held_by is not None and host.held_until > host.now:
        if not is_dead(host.process):
            return float(min(ASK_AGAIN, (host.held_until - host.now).total_seconds()))
        # Its request may have gone out a moment ago: the host gets the pause it would have had.
        _release(connection, domain, host.held_by, host.process, host.delay)
        return max(float(host.delay), 0.001)
    return float(max((host.next_at - host.now).total_seconds(), 0.001))


def _release(connection: Connection, domain: str, holder: str, process: str, delay: float) -> None:
    connection.execute(_RELEASE, {"host": domain, "holder": holder, "mine": process, "pause": float(delay)})
