"""Places and meters as one user sees them: through her tenures, on one day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from models.cards import card, cards
from models.customers import Customer, CustomerUser
from models.database import Database
from models.mandates import Mandate, MandatePremises
from models.meters import Meter, Register
from models.places import FOR_EVER, natural, places_of
from models.premises import Premises
from models.readings import Reading
from models.tenures import Tenure
from models.types import MeterKind, Source, TenureRole, utc_now
from tests.cast import TODAY, Cast, month

ANNA, VIKTORS, PETERIS, LIGA = 1, 2, 3, 4


@pytest.fixture
def database(staged_url: str):
    database = Database(staged_url)
    yield database
    database.dispose()


def add_tenure(database: Database, pid: str, starts: date, ends: date | None, code: str, role=TenureRole.TENANT) -> int:
    """Another customer of Anna's with a tenure there; the customer's id."""
    with database.write() as session:
        premises = session.scalars(select(Premises).where(col(Premises.public_id) == pid)).one()
        customer = Customer(external_id=code, code=code, name=code)
        session.add(customer)
        session.flush()
        session.add(CustomerUser(user_id=ANNA, customer_id=customer.id))
        session.add(Tenure(external_id=f"TT{code}", customer_id=customer.id, premises_id=premises.id, role=role, starts_on=starts, ends_on=ends))
        return customer.id or 0


def places(database: Database, user: int, today: date = TODAY):
    with database.read() as connection:
        return {place.public_id: place for place in places_of(connection, user, today)}


def found(database: Database, user: int, mid: str, today: date = TODAY):
    with database.read() as connection:
        return card(connection, user, today, mid)


def test_a_person_has_the_places_of_her_tenures_and_no_others(database: Database, cast: Cast) -> None:
    assert set(places(database, ANNA)) == {cast.flat, cast.second}
    assert set(places(database, VIKTORS)) == {cast.neighbour} and not places(database, LIGA)


def test_a_tenure_begins_on_its_first_day_and_stays_readable_after_its_last(database: Database, cast: Cast) -> None:
    assert cast.flat not in places(database, ANNA, month(24) - timedelta(days=1))
    assert cast.flat in places(database, ANNA, month(24))
    his = places(database, PETERIS)[cast.flat]
    assert (his.since, his.until) == (month(48), month(24) - timedelta(days=1))
    assert his.has_ended(TODAY) and not his.has_ended(his.until)


def test_a_tenure_that_lasts_counts_before_a_later_one_that_has_ended(database: Database, cast: Cast) -> None:
    old = add_tenure(database, cast.flat, month(5), month(3), "EX")
    hers = places(database, ANNA)[cast.flat]
    assert (hers.since, hers.until, hers.role) == (month(24), FOR_EVER, TenureRole.OWNER)
    assert hers.customer_code == "20417" and hers.customer_ids[1] == old
    seen = found(database, ANNA, cast.cold)
    assert seen and seen.place == hers and seen.dials[0].last and seen.dials[0].last.value == 192_000


def test_a_tenure_that_lasts_counts_before_an_earlier_one_that_has_ended(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(44), month(40), "EX")
    hers = places(database, ANNA)[cast.flat]
    assert (hers.since, hers.until, hers.customer_code) == (month(24), FOR_EVER, "20417")


def test_what_is_done_is_done_for_the_customer_whose_tenure_counts(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(30), None, "CO", TenureRole.CO_OWNER)
    hers = places(database, ANNA)[cast.flat]
    assert hers.since == month(30) and hers.customer_code == "CO" and hers.role is TenureRole.CO_OWNER
    with database.read() as connection:
        of_code = connection.execute(select(Customer.id).where(col(Customer.code) == "CO")).scalar_one()
    assert hers.customer_ids[0] == of_code and len(hers.customer_ids) == 2


def test_two_tenures_of_one_person_make_one_place_and_one_card_of_each_meter(database: Database, cast: Cast) -> None:
    add_tenure(database, cast.flat, month(24), None, "SAME")
    assert set(places(database, ANNA)) == {cast.flat, cast.second}
    seen = found(database, ANNA, cast.two_dials)
    assert seen and [dial.name for dial in seen.dials] == ["T1", "T2"]


@pytest.mark.parametrize(("user", "value"), [(ANNA, 192_000), (PETERIS, 120_000), (VIKTORS, None), (LIGA, None)])
def test_a_meter_shows_the_readings_of_the_days_of_who_looks(database: Database, cast: Cast, user: int, value: int | None) -> None:
    seen = found(database, user, cast.cold)
    assert (seen and seen.dials[0].last and seen.dials[0].last.value) == value


def test_who_came_today_sees_no_reading_of_yesterday(database: Database, cast: Cast) -> None:
    seen = found(database, ANNA, cast.cold, month(24))
    assert seen and seen.dials[0].last and seen.dials[0].last.value >= 123_000
    assert found(database, ANNA, cast.cold, month(24) - timedelta(days=1)) is None


def test_a_meter_of_the_house_is_seen_by_all_of_the_house_and_by_nobody_else(database: Database, cast: Cast) -> None:
    assert found(database, ANNA, cast.house_meter) and found(database, VIKTORS, cast.house_meter)
    assert found(database, LIGA, cast.house_meter) is None


@pytest.mark.parametrize(("ends", "from_the_first"), [(month(2), False), (TODAY, True)], ids=["over", "last day"])
def test_a_meter_of_the_house_is_seen_from_the_flat_that_lasts(database: Database, cast: Cast, ends: date, from_the_first: bool) -> None:
    with database.write() as session:
        house = session.scalars(select(Premises).where(col(Premises.public_id) == cast.flat)).one().house_id
        session.add(Premises(id=900, external_id="P900", house_id=house, flat="90", address="Brīvības iela 12–90, Ogre"))
        mine = session.scalars(select(Tenure).where(col(Tenure.ends_on).is_(None))).first()
        assert mine
        mine.ends_on, kept = ends, mine.customer_id  # of the flat with the lower id
        session.add(Tenure(external_id="T900", customer_id=kept, premises_id=900, starts_on=month(12)))
    seen = found(database, ANNA, cast.house_meter)
    assert seen and (seen.place.id != 900) is from_the_first and not seen.place.has_ended(TODAY)
    assert seen.dials[0].last and seen.dials[0].last.read_on >= month(1)


def test_cards_are_those_of_the_day_or_of_the_last_day(database: Database, cast: Cast) -> None:
    with database.write() as session:
        flat = session.scalars(select(Premises).where(col(Premises.public_id) == cast.flat)).one()
        for serial, gone in (("then", month(10)), ("soon", TODAY + timedelta(days=1)), ("today", TODAY)):
            session.add(Meter(external_id=serial, premises_id=flat.id, kind=MeterKind.GAS, serial=serial, removed_on=gone))
        session.flush()
        for meter in session.scalars(select(Meter).where(col(Meter.kind) == MeterKind.GAS)).all():
            session.add(Register(meter_id=meter.id))
    with database.read() as connection:
        gas = {
            user: [c.serial for c in cards(connection, places(database, user)[cast.flat], TODAY) if c.kind is MeterKind.GAS]
            for user in (ANNA, PETERIS)
        }
    assert gas == {ANNA: ["soon"], PETERIS: ["soon", "then", "today"]}


LAST = month(24) - timedelta(days=1)  # of Pēteris; Anna's first is the next
DAY = timedelta(days=1)


def hang(database: Database, pid: str, name: str, **days: date) -> str:
    """A meter in a flat; its public id."""
    with database.write() as session:
        flat = session.scalars(select(Premises).where(col(Premises.public_id) == pid)).one()
        meter = Meter(external_id=name, public_id=name, premises_id=flat.id, kind=MeterKind.GAS, serial=name, **days)
        session.add(meter)
        session.flush()
        session.add(Register(meter_id=meter.id))
    return name


def test_a_reading_of_the_last_day_is_still_his_who_leaves(database: Database, cast: Cast) -> None:
    seen = found(database, PETERIS, cast.cold)
    assert seen
    with database.write() as session:
        for value, day in ((121_000, LAST), (122_000, LAST + DAY)):
            session.add(Reading(register_id=seen.dials[0].register_id, value=value, read_on=day, source=Source.SELF))
    again = found(database, PETERIS, cast.cold)
    with database.read() as connection:
        shown = next(one for one in cards(connection, places(database, PETERIS)[cast.flat], TODAY) if one.public_id == cast.cold)
    assert again and again.dials[0].last == shown.dials[0].last and shown.dials[0].last and shown.dials[0].last.value == 121_000


def test_a_meter_is_theirs_in_whose_days_it_hung(database: Database, cast: Cast) -> None:
    hung = {name: hang(database, cast.flat, name, **days) for name, days in {
        "came-last": {"installed_on": LAST}, "came-after": {"installed_on": LAST + DAY}, "went-last": {"removed_on": LAST},
        "went-after": {"removed_on": LAST + DAY}, "always": {},
    }.items()}  # fmt: skip
    assert [name for name in hung if found(database, PETERIS, name)] == ["came-last", "went-last", "went-after", "always"]
    assert [name for name in hung if found(database, ANNA, name)] == ["came-last", "came-after", "went-after", "always"]


def test_a_meter_has_a_card_from_its_first_day(database: Database, cast: Cast) -> None:
    for name, day in (("today", TODAY), ("tomorrow", TODAY + DAY)):
        hang(database, cast.flat, name, installed_on=day)
    with database.read() as connection:
        shown = cards(connection, places(database, ANNA)[cast.flat], TODAY)
    assert [one.serial for one in shown if one.kind is MeterKind.GAS] == ["today"]


def test_own_meters_come_before_those_of_the_house_by_kind_and_place(database: Database, cast: Cast) -> None:
    with database.read() as connection:
        shown = cards(connection, places(database, ANNA)[cast.flat], TODAY)
    assert [found.public_id for found in shown] == [cast.cold, cast.hot, cast.remote, cast.two_dials, cast.house_meter]


def test_a_superseded_reading_is_not_the_last_one(database: Database, cast: Cast) -> None:
    seen = found(database, ANNA, cast.cold)
    assert seen
    with database.write() as session:
        new = Reading(register_id=seen.dials[0].register_id, value=195_000, read_on=TODAY, source=Source.SELF)
        session.add(new)
        session.flush()
        session.add(Reading(register_id=new.register_id, value=999_000, read_on=TODAY, source=Source.SELF, superseded_at=new.received_at, superseded_by_id=new.id))
    again = found(database, ANNA, cast.cold)
    assert again and again.dials[0].last and (again.dials[0].last.value, again.dials[0].used) == (195_000, 3_000)


@pytest.mark.parametrize(("ended", "is_lent"), [(0, False), (1, True)])
def test_who_leaves_and_is_lent_it_stands_there_as_herself_to_her_last_day(database: Database, cast: Cast, ended: int, is_lent: bool) -> None:
    with database.write() as session:
        flat = session.scalars(select(Premises).where(col(Premises.public_id) == cast.flat)).one()
        own = Customer(external_id="OWN", code="OWN", name="Līga")
        mandate = Mandate(
            public_id="to-liga", granted_by=ANNA, delegate_id=LIGA, address="liga@example.com", name="Līga", language="lv",
            rights="meters", starts_on=month(1), accepted_at=utc_now(),
        )  # fmt: skip
        session.add_all([own, mandate])
        session.flush()
        session.add_all([
            CustomerUser(user_id=LIGA, customer_id=own.id), MandatePremises(mandate_id=mandate.id, premises_id=flat.id, customer_id=1),
            Tenure(external_id="TOWN", customer_id=own.id, premises_id=flat.id, starts_on=month(9), ends_on=TODAY - ended * DAY),
        ])  # fmt: skip
        number = own.id
    there = places(database, LIGA)[cast.flat]
    assert (there.lent is not None, there.customer_ids) == (is_lent, (1,) if is_lent else (number,))


def test_addresses_are_sorted_as_people_read_them() -> None:
    streets = ["Brīvības iela 2", "Brīvības iela 10", "Čiekuru iela 1", "Dārza iela 1", "Ķiršu iela 1", "Zaļā iela 1", "Žagaru iela 1"]
    assert sorted(reversed(streets), key=natural) == streets


@given(st.text(), st.text())
def test_any_two_texts_can_be_sorted(one: str, other: str) -> None:
    assert (natural(one) < natural(other)) != (natural(one) >= natural(other))
