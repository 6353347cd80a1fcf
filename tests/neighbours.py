"""More flats in the house where Anna's main flat is, each with a cold water meter."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models.meters import Meter, Register
from models.premises import House, Premises
from models.readings import Reading
from models.types import MeterKind, Source
from tests.cast import month
from tests.standing import fetch

MONTHS = range(13, 0, -1)  # ago


def move_in(app: Flask, monthly: Sequence[int], months: Sequence[int] = MONTHS, places: Sequence[str] = ("",), **more: Any) -> list[int]:
    """A flat for each of these consumptions, read in these months; the ids of its registers."""
    house, found = fetch(app, sa.select(House.id).where(House.external_id == "H1"))[0].id, []
    with app.extensions["ekabinets"].database.write() as session:
        first = session.scalar(sa.select(sa.func.count()).select_from(Premises))
        for number, used in enumerate(monthly, first + 100):
            home = Premises(external_id=f"N{number}", house_id=house, flat=f"{number}", address=f"Brīvības iela 12–{number}, Ogre")
            session.add(home)
            session.flush()
            for place in places:
                meter = Meter(external_id=f"NM{number}{place}", premises_id=home.id, kind=MeterKind.COLD_WATER, serial=f"9{number}", place=place)
                session.add(meter)
                session.flush()
                dial = Register(meter_id=meter.id)
                session.add(dial)
                session.flush()
                found.append(dial.id)
                session.add_all(reading(dial.id, ago, 100_000 + used * (20 - ago), **more) for ago in months)
    return found


def reading(dial: int, ago: int, value: int, source: Source = Source.IMPORT) -> Reading:
    """One of so many months ago."""
    return Reading(register_id=dial, value=value, read_on=month(ago).replace(day=28), period=month(ago), source=source)
