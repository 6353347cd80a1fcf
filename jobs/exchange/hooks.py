"""What single tables need beyond converting cells: rules across columns, files, registers, links."""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Work, db
from jobs.exchange.cells import Refused
from jobs.exchange.lists import among
from jobs.exchange.source import read_file

_KEEP = object()  # the field stays as it is
MAX_REGISTERS = 4


def customers_before(batch: Batch, work: Work) -> None:
    """Personal codes and registration numbers are stored as keyed hash and encrypted value (decisions.md 31)."""
    if "identifier" not in batch.values:
        return
    hashes = batch.fields["identifier_hash"] = [None] * len(batch.rows)
    sealed = batch.fields["identifier_encrypted"] = [None] * len(batch.rows)
    for index, code in enumerate(batch.values["identifier"]):
        if code:
            try:
                hashes[index] = work.identifiers.hash(code)
                sealed[index] = work.identifiers.encrypt(code)
            except ValueError:
                batch.refuse(index, "identifier", "a personal code or registration number of 11 digits")


def one_place(batch: Batch, _work: Work) -> None:
    """A meter or document belongs to premises or to a house."""
    for index in batch.good():
        if (batch.final(index, "premises_id") is None) == (batch.final(index, "house_id") is None):
            batch.refuse(index, "premises", "either premises or house")


def in_order(first: str, last: str, column: str, expected: str) -> Callable[[Batch, Work], None]:
    """A check that the field `first` is not after `last`, an empty one of which has no end."""

    def check(batch: Batch, _work: Work) -> None:
        for index in batch.good():
            end = batch.final(index, last)
            if end and batch.final(index, first) > end:
                batch.refuse(index, column, expected)

    return check


def premises_check(batch: Batch, work: Work) -> None:
    """The entrance is one of the house; an address that the file does not give is built from house and flat."""
    house, entrance = db("house").c, db("entrance").c
    houses = work.find(house.id, batch.fields["house_id"], house.id, house.address, house.town)
    entrances = work.find(entrance.id, batch.fields.get("entrance_id", ()), entrance.id, entrance.house_id)
    given = batch.values.get("address")
    batch.fields["address"] = built = list(given or [None] * len(batch.rows))
    for index in batch.good():
        at = houses[batch.fields["house_id"][index]]
        way_in = entrances.get(batch.final(index, "entrance_id"))
        if way_in and way_in.house_id != at.id:
            batch.refuse(index, "entrance", "an entrance of the same house")
        flat = batch.final(index, "flat")
        built[index] = built[index] or f"{at.address}{'–' if flat else ''}{flat or ''}, {at.town}"
        if len(built[index]) > 240:
            batch.refuse(index, "address", "at most 240 characters, also when it is built from house and flat")


def _registers(work: Work, meter_ids: list[Any]) -> dict[int, list[sa.Row[Any]]]:
    register = db("register")
    found: dict[int, list[sa.Row[Any]]] = {}
    mine = among(work.connection, register.c.meter_id, meter_ids)
    for row in work.connection.execute(sa.select(register).where(mine).order_by(register.c.ordinal)):
        found.setdefault(row.meter_id, []).append(row)
    return found


def meters_check(batch: Batch, work: Work) -> None:
    """One place; no register disappears (it has readings); the replaced meter is known or stands above."""
    one_place(batch, work)
    standing = _registers(work, [row.id for row in batch.existing if row])
    names = batch.values.get("registers")
    for index in batch.good():
        row = batch.existing[index]
        if names and row and len(names[index] or [""]) < len(standing.get(row.id, ())):
            batch.refuse(index, "registers", f"at least {len(standing[row.id])} names: a register is never deleted")
    batch.earlier(work, "replaces", "a meter of the database or above in this file")


def meters_after(batch: Batch, work: Work) -> set[int]:
    """Write registers and which meter replaces which."""
    meter = db("meter").c
    ids = work.find(meter.external_id, batch.values["external_id"], meter.external_id, meter.id)
    standing = _registers(work, [row.id for row in ids.values()])
    new: list[dict[str, Any]] = []
    other: list[dict[str, Any]] = []
    changed = set()
    for index in batch.good():
        meter_id = ids[batch.values["external_id"][index]].id
        before = len(new) + len(other)
        for wanted, stands in _wanted_registers(batch, index, standing.get(meter_id, [])):
            if stands is None:
                new.append({"name": "", "digits": None, "decimals": None} | wanted | {"meter_id": meter_id})
            elif any(getattr(stands, name) != value for name, value in wanted.items()):
                other.append(wanted | {"row_id": stands.id})
        if len(new) + len(other) > before:
            changed.add(index)
    work.insert("register", new)
    work.update("register", other)
    return changed | _link_replaced(batch, work)


def _wanted_registers(
    batch: Batch, index: int, standing: list[sa.Row[Any]]
) -> Iterator[tuple[dict[str, Any], sa.Row[Any] | None]]:
    """For each register what the file says of it, and the register that is there."""
    about = {name: batch.values[name][index] for name in ("digits", "decimals") if name in batch.values}
    names = batch.values["registers"][index] or [""] if "registers" in batch.values else None
    for place in range(len(names) if names else max(1, len(standing))):
        wanted: dict[str, Any] = {"ordinal": place + 1} | about
        if names:
            wanted["name"] = names[place]
        yield wanted, standing[place] if place < len(standing) else None


def _link_replaced(batch: Batch, work: Work) -> set[int]:
    if "replaces" not in batch.values:
        return set()
    meter = db("meter").c
    own, old = batch.values["external_id"], batch.values["replaces"]
    rows = work.find(meter.external_id, {*own, *old}, meter.external_id, meter.id, meter.replaces_id)
    changed = {}
    for index in batch.good():
        replaced = rows[old[index]].id if old[index] else None
        if rows[own[index]].replaces_id != replaced:
            changed[index] = {"row_id": rows[own[index]].id, "replaces_id": replaced}
    work.update("meter", [*changed.values()])
    return {*changed}


def invoices_before(batch: Batch, work: Work) -> None:
    """Store the PDFs. One that is not there is reported and the invoice comes without."""
    if "file" in batch.values:
        batch.fields["file_hash"] = [None] * len(batch.rows)
        for index, data in _files(batch, work, batch.remark):
            batch.fields["file_hash"][index] = work.storage.put(data) if data else _KEEP


def invoices_check(batch: Batch, work: Work) -> None:
    """What is to be paid is the total and what was brought forward; the payee is the site's unless named."""
    in_order("period_start", "period_end", "period_to", "a day not before period_from")(batch, work)
    payees = batch.fields["payee_name"] = [batch.final(index, "payee_name") for index in range(len(batch.rows))]
    files = batch.fields.get("file_hash")
    for index in batch.good():
        payees[index] = payees[index] or work.site.payee.name
        if files and files[index] is _KEEP:
            files[index] = getattr(batch.existing[index], "file_hash", None)
        total = batch.fields["total"][index] + (batch.final(index, "brought_forward") or 0)
        if batch.fields["payable"][index] != total:
            batch.refuse(index, "payable", f"total + brought_forward, which is {total / 100:.2f}")


def documents_before(batch: Batch, work: Work) -> None:
    """Store the files; a document without its file is refused."""
    for name in ("file_hash", "file_name", "size"):
        batch.fields[name] = [None] * len(batch.rows)
    for index, data in _files(batch, work, batch.refuse):
        if data:
            batch.fields["file_hash"][index] = work.storage.put(data)
            batch.fields["file_name"][index] = batch.values["file"][index]
            batch.fields["size"][index] = len(data)


def _files(batch: Batch, work: Work, report: Callable[[int, str, str], None]) -> Iterator[tuple[int, bytes | None]]:
    for index in batch.good():
        if name := batch.values["file"][index]:
            try:
                yield index, read_file(work.source, name)
            except Refused as refused:
                report(index, "file", refused.expected)
                yield index, None


def users_check(batch: Batch, work: Work) -> None:
    """Customers are known; a user name with @ is the own e-mail address, so that no two people share a login."""
    customer = db("customer").c
    wanted = batch.values.get("customers", [None] * len(batch.rows))
    every = {name for names in wanted for name in names or ()}
    known = work.find(customer.external_id, every, customer.external_id, customer.id)
    batch.fields["name"] = [batch.final(index, "name") for index in range(len(batch.rows))]
    for index in batch.good():
        name = batch.fields["username"][index]
        batch.fields["name"][index] = batch.fields["name"][index] or name
        if "@" in name and name != batch.final(index, "email"):
            batch.refuse(index, "username", "a name without @, or the address in email")
        if unknown := [one for one in wanted[index] or () if one not in known]:
            batch.refuse(index, "customers", f"external_ids of customers.csv ({unknown[0]} is not one)")


def users_after(batch: Batch, work: Work) -> set[int]:
    """Make the links of each user those that the file names, where it has the column."""
    if "customers" not in batch.values:
        return set()
    user, customer, link = db("user_account").c, db("customer").c, db("customer_user")
    ids = work.find(user.external_id, batch.values["external_id"], user.external_id, user.id)
    every = {name for names in batch.values["customers"] for name in names or ()}
    known = work.find(customer.external_id, every, customer.external_id, customer.id)
    standing: dict[int, set[int]] = {}
    links = sa.select(link).where(among(work.connection, link.c.user_id, [row.id for row in ids.values()]))
    for user_id, customer_id in work.connection.execute(links):
        standing.setdefault(user_id, set()).add(customer_id)
    new: list[tuple[int, int]] = []
    gone: list[tuple[int, int]] = []
    changed = set()
    for index in batch.good():
        own = ids[batch.values["external_id"][index]].id
        wanted = {known[name].id for name in batch.values["customers"][index] or ()}
        if wanted != standing.get(own, set()):
            changed.add(index)
            new += [(own, other) for other in wanted - standing.get(own, set())]
            gone += [(own, other) for other in standing.get(own, set()) - wanted]
    work.insert("customer_user", [{"user_id": one, "customer_id": other} for one, other in new])
    if gone:
        old = among(work.connection, (link.c.user_id, link.c.customer_id), gone)
        work.connection.execute(sa.delete(link).where(old))
    return changed
