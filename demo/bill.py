"""What the demo's services cost, and a flat's invoices with lines and payments, carried on month by month."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from demo.calendar import DAY, Month, Plan
from demo.rows import Rows, decimal
from demo.town import DATA
from models.types import MeterKind

Used = Mapping[MeterKind, int]  # consumption of a month, thousandths
# What is paid for an invoice, and how many days after its due day (before: negative). Given are how many
# invoices are newer, what is payable, and the total of the next one.
Pays = Callable[[int, int, int], tuple[int, int]]

VAT = 21  # percent
ESTIMATE: dict[str, int] = DATA["estimate"]
_RESERVE = "Remontdarbu uzkrājums"


class Line(NamedTuple):
    """One service: quantity in thousandths of the unit, price in 1/10000 €."""

    service: str
    quantity: int
    unit: str
    price: int

    @property
    def amount(self) -> int:
        """Cents without VAT, rounded half up."""
        return (self.quantity * self.price + 50_000) // 100_000


def is_winter(month: date) -> bool:
    """Whether houses are heated."""
    return month.month not in range(5, 10)


def lines(plan: Plan, area: int, month: Month, used: Used) -> list[Line]:
    """The lines of one month for `area` thousandths of m²."""
    found = [
        Line(service, sum(used.get(MeterKind(kind), 0) for kind in kinds), unit, price)
        for service, (unit, price, *kinds) in DATA["services"].items()
        if kinds[0] in used
    ]
    if not plan.town.manages:
        return [*found, Line("Abonēšanas maksa", 1000, "month", 12_500)]
    if is_winter(month.first) and MeterKind.HEAT not in used:
        found.append(Line("Apkure", area, "m2", 11_800))
    management = sum(ESTIMATE.values()) - ESTIMATE[_RESERVE]
    return [
        *found,
        Line("Apsaimniekošana", area, "m2", management),
        Line(_RESERVE, area, "m2", ESTIMATE[_RESERVE]),
        Line("Atkritumu izvešana", 1000, "month", 32_000),
    ]


def write_bills(
    rows: Rows, plan: Plan, customer: str, area: int, used: Sequence[tuple[Month, Used]], pays: Pays,
    files: Mapping[int, str] | None = None,
) -> None:  # fmt: skip
    """The invoices of these months, oldest first, as far as issued; `files`: how many newer → its own PDF."""
    bills = [(month, lines(plan, area, month, use)) for month, use in used if month.issued <= plan.today]
    totals = [*(_sums(found)[2] for _, found in bills), 0]
    carried = 0
    for place, (month, found) in enumerate(bills):
        newer, payable = len(bills) - 1 - place, carried + totals[place]
        number, name = f"{month.first:%Y%m}-@", f"I{month.first:%Y%m}-@"
        rows.add(
            "invoices", name, f"C{customer}", "P@", number, month.first, month.last, month.issued, month.due,
            *(decimal(cents, 2) for cents in (*_sums(found), carried, payable)),
            plan.site.payee.name, "#", plan.site.reference(number, customer), (files or {}).get(newer),
        )  # fmt: skip
        for position, line in enumerate(found, 1):
            numbers = decimal(line.quantity, 3), line.unit, decimal(line.price, 4), decimal(line.amount, 2)
            rows.add("invoice_lines", name, position, line.service, *numbers)
        amount, days = pays(newer, payable, totals[place + 1]) if payable > 0 else (0, 0)
        day = month.due + days * DAY
        if amount and day <= plan.today:
            rows.add("payments", f"Y{number}", f"C{customer}", name, day, decimal(amount, 2))
            payable -= amount
        carried = payable


def _sums(found: Sequence[Line]) -> tuple[int, int, int]:
    net = sum(line.amount for line in found)
    vat = (net * VAT + 50) // 100
    return net, vat, net + vat
