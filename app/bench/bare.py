"""The floor under intake: a bare Flask view that inserts the same rows as one opened ticket, and does nothing else."""

from datetime import datetime
from typing import Any

from flask import Flask, jsonify
from sqlalchemy import Connection, func, insert, select

from app.settings import load_settings
from app.storage.database import make_engine
from tickets.schema import (
    AuditEntry,
    Base,
    Citizen,
    CitizenPhone,
    Clock,
    ClockInterval,
    Contact,
    OutboundMessage,
    PlannedStep,
    QueueHop,
    Ticket,
    TicketSearch,
    TimelineEntry,
)
from tickets.states import Channel

JsonRows = list[dict[str, Any]]


class Sample:
    """The rows of the newest ticket that came through the API, to be inserted again and again."""

    def __init__(self, connection: Connection) -> None:
        ticket = Ticket.__table__
        newest = select(func.max(ticket.c.id)).where(ticket.c.channel == Channel.API)
        (self.ticket,) = self._rows(connection, Ticket, ticket.c.id == newest.scalar_subquery())
        key = self.ticket["id"]
        self.citizen = self._rows(connection, Citizen, Citizen.__table__.c.id == self.ticket["citizen_id"])
        self.phones = self._rows(
            connection, CitizenPhone, CitizenPhone.__table__.c.citizen_id == self.ticket["citizen_id"]
        )
        children = (Contact, QueueHop, TimelineEntry, OutboundMessage, AuditEntry, TicketSearch)
        self.children = {model: self._rows(connection, model, model.__table__.c.ticket_id == key) for model in children}
        self.clocks = self._rows(connection, Clock, Clock.__table__.c.ticket_id == key)
        clock_ids = [clock["id"] for clock in self.clocks]
        self.intervals = self._rows(connection, ClockInterval, ClockInterval.__table__.c.clock_id.in_(clock_ids))
        self.steps = self._rows(connection, PlannedStep, PlannedStep.__table__.c.ticket_id == key)

    @staticmethod
    def _rows(connection: Connection, model: type[Base], condition: Any) -> JsonRows:
        return [dict(row) for row in connection.execute(select(model.__table__).where(condition)).mappings()]

    @property
    def count(self) -> int:
        many = [self.citizen, self.phones, self.clocks, self.intervals, self.steps, *self.children.values()]
        return 1 + sum(len(rows) for rows in many)

    def insert_again(self, connection: Connection, number: str) -> None:
        citizen = self._insert(connection, Citizen, self.citizen)
        self._insert(connection, CitizenPhone, self.phones, citizen_id=citizen[0] if citizen else None)
        told = {"reference": number, "citizen_id": citizen[0] if citizen else None}
        (ticket,) = self._insert(connection, Ticket, [self.ticket], **told)
        for model, rows in self.children.items():
            unique = {Contact: "source_key", OutboundMessage: "dedup_key"}.get(model)
            fixed = {"ticket_id": ticket} | ({unique: number} if unique else {})
            self._insert(connection, model, rows, **fixed)
        clocks = dict(
            zip(
                [clock["id"] for clock in self.clocks],
                self._insert(connection, Clock, self.clocks, ticket_id=ticket),
                strict=True,
            )
        )
        moved = [{**row, "clock_id": clocks[row["clock_id"]]} for row in self.intervals]
        self._insert(connection, ClockInterval, moved)
        steps = [{**row, "clock_id": clocks[row["clock_id"]]} for row in self.steps]
        self._insert(connection, PlannedStep, steps, ticket_id=ticket)

    @staticmethod
    def _insert(connection: Connection, model: type[Base], rows: JsonRows, **fixed: Any) -> list[int]:
        if not rows:
            return []
        table = model.__table__
        fresh = [{name: value for name, value in {**row, **fixed}.items() if name != "id"} for row in rows]
        if "id" not in table.c:
            connection.execute(insert(table), fresh)
            return []
        return list(connection.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), fresh))


def create() -> Flask:
    settings = load_settings()
    engine = make_engine(settings.database_url)
    app = Flask("bare")
    with engine.connect() as connection:
        sample = Sample(connection)
    # The parent's connections must not be shared with the forked workers.
    engine.dispose()

    @app.post("/bare")
    def bare() -> Any:
        with engine.begin() as connection:
            number = f"b{connection.scalar(select(func.nextval('ticket_number_2050'))):09d}"
            sample.insert_again(connection, number)
        return jsonify(reference=number, rows=sample.count, at=datetime.now().astimezone().isoformat()), 201

    @app.get("/health/live")
    def live() -> Any:
        return jsonify(status="ok")

    return app
