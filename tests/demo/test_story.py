"""Every element of the demo's story is there, at each of the five sites."""

from datetime import date, timedelta

from demo.bill import ESTIMATE
from demo.town import town_of
from models.types import DocumentKind, MeterKind
from tests.demo.folders import Demo, Row

OWNER, PREVIOUS, NEIGHBOUR = "C20034", "C19034", "C20012"


def main_meters(demo: Demo) -> list[Row]:
    return demo.rows("meters", premises="P20034")


def months(demo: Demo, customer: str) -> set[str]:
    return {row["period_from"][:7] for row in demo.invoices(customer)}


def owner_readings(demo: Demo) -> list[Row]:
    since = demo.rows("tenures", external_id="T20034")[0]["from"]
    mine = {meter["external_id"] for meter in main_meters(demo)}
    return [row for row in demo.rows("readings") if row["meter"] in mine and row["date"] >= since]


def test_there_is_a_house_of_forty_flats_and_one_of_eight(demo: Demo) -> None:
    assert [len(demo.rows("premises", house=house)) for house in ("H1", "H2")] == [40, 8]
    assert [len(demo.rows("entrances", house=house)) for house in ("H1", "H2")] == [2, 1]


def test_every_flat_has_somebody_now_and_a_meter_and_an_invoice(demo: Demo) -> None:
    flats = {row["external_id"] for row in demo.rows("premises")}
    assert {row["premises"] for row in demo.rows("tenures", until="")} == flats
    assert {row["premises"] for row in demo.rows("meters", house="")} == flats
    assert {row["premises"] for row in demo.rows("invoices")} == flats


def test_houses_have_a_cold_water_meter_where_water_is_read(demo: Demo) -> None:
    found = [row["kind"] for house in ("H1", "H2") for row in demo.rows("meters", house=house)]
    assert found == (["cold_water"] * 2 if MeterKind.COLD_WATER in town_of(demo.site).reads else [])


def test_the_meters_are_of_the_kinds_that_the_site_reads(demo: Demo) -> None:
    assert {row["kind"] for row in demo.rows("meters")} == {kind.value for kind in town_of(demo.site).reads}
    assert {row["kind"] for row in main_meters(demo)} == {kind.value for kind in town_of(demo.site).reads}


def test_electricity_has_two_registers_with_readings_of_both(demo: Demo) -> None:
    for meter in demo.rows("meters", kind="electricity"):
        assert meter["registers"] == "T1|T2"
        assert {row["register"] for row in demo.readings(meter["external_id"])} == {"1", "2"}


def test_the_owner_is_one_customer_with_two_flats_in_two_houses(demo: Demo) -> None:
    flats = [row["premises"] for row in demo.rows("tenures", customer=OWNER, until="")]
    assert {demo.rows("premises", external_id=flat)[0]["house"] for flat in flats} == {"H1", "H2"}
    assert demo.rows("customers", name="Anna Ozoliņa")[0]["external_id"] == OWNER


def test_the_owner_has_thirty_six_months_of_readings_and_invoices(demo: Demo) -> None:
    assert len(months(demo, OWNER)) >= 36
    assert len({row["period"] for row in owner_readings(demo) if row["period"]}) >= 36


def test_the_previous_owner_left_the_day_before_and_has_a_history_of_his_own(demo: Demo) -> None:
    his, hers = (demo.rows("tenures", external_id=name)[0] for name in ("T19034", "T20034"))
    assert date.fromisoformat(his["until"]) + timedelta(days=1) == date.fromisoformat(hers["from"])
    assert demo.rows("customers", external_id=PREVIOUS)[0]["name"] == "Pēteris Kalniņš"
    assert len(months(demo, PREVIOUS)) == 6
    assert not months(demo, PREVIOUS) & months(demo, OWNER)
    meters = {row["external_id"] for row in main_meters(demo)}
    assert any(row["meter"] in meters and row["date"] <= his["until"] for row in demo.rows("readings"))


def test_the_owner_has_an_estimated_reading(demo: Demo) -> None:
    assert len([row for row in owner_readings(demo) if row["source"] == "estimate"]) == 1


def test_the_owner_has_corrected_a_reading_of_the_same_month(demo: Demo) -> None:
    [right] = [row for row in owner_readings(demo) if row["corrects"]]
    [wrong] = demo.rows("readings", external_id=right["corrects"])
    assert (wrong["meter"], wrong["period"]) == (right["meter"], right["period"])
    assert float(wrong["value"]) > float(right["value"])


def test_a_dial_of_the_owner_has_passed_its_last_number(demo: Demo) -> None:
    [rolled] = [row for row in owner_readings(demo) if row["rolled_over"] == "1"]
    before = [row for row in demo.readings(rolled["meter"]) if row["date"] < rolled["date"]][-1]
    digits = demo.site.meters[MeterKind(demo.rows("meters", external_id=rolled["meter"])[0]["kind"])].digits
    assert float(before["value"]) > 0.99 * 10**digits > 1000 > float(rolled["value"])


def test_one_month_of_the_owners_is_missing(demo: Demo) -> None:
    [rolled] = [row for row in owner_readings(demo) if row["rolled_over"] == "1"]
    since = demo.rows("tenures", external_id="T20034")[0]["from"][:7]
    read = {row["period"] for row in demo.readings(rolled["meter"]) if row["period"] >= since}
    assert len([month for month in months(demo, OWNER) if month not in read]) == 1


def test_a_meter_was_replaced_with_a_final_and_a_first_reading(demo: Demo) -> None:
    [new] = [row for row in main_meters(demo) if row["replaces"]]
    [old] = demo.rows("meters", external_id=new["replaces"])
    assert old["removed"] == new["installed"] != ""
    assert demo.readings(old["external_id"])[-1]["date"] == old["removed"]
    assert demo.readings(new["external_id"])[0]["date"] == new["installed"]


def test_a_water_meter_stands_where_126_5_is_a_usual_month(demo: Demo) -> None:
    values = [demo.readings(row["external_id"])[-1]["value"] for row in main_meters(demo) if row["kind"] == "hot_water"]
    assert "123.456" in values or MeterKind.HOT_WATER not in town_of(demo.site).reads


def test_one_meter_is_read_remotely_also_this_month(demo: Demo) -> None:
    [meter] = [row for row in main_meters(demo) if row["remote"] == "1"]
    assert {row["source"] for row in demo.readings(meter["external_id"])} <= {"remote", "staff"}
    assert demo.readings(meter["external_id"])[-1]["source"] == "remote"


def test_one_meter_has_expired_and_one_of_the_owners_expires_within_thirty_days(demo: Demo) -> None:
    mine = [*main_meters(demo), *demo.rows("meters", premises="P20043")]
    left = [(date.fromisoformat(row["valid_until"]) - demo.today).days for row in mine if row["valid_until"]]
    assert sum(days < 0 for row, days in zip(mine, left, strict=False)) >= 1
    assert [days for days in left if 0 <= days <= 30]


def test_the_owners_main_flat_comes_first(demo: Demo) -> None:
    big, small = (demo.rows("houses", external_id=house)[0]["address"] for house in ("H1", "H2"))
    assert big < small


def test_nobody_with_a_password_has_sent_all_readings_of_the_month(demo: Demo) -> None:
    period = max(row["period"] for row in demo.rows("readings"))
    sent = {row["meter"] for row in demo.rows("readings", period=period)}
    for flat in ("P20034", "P20043", "P20012"):
        meters = {row["external_id"] for row in demo.rows("meters", premises=flat, remote="", removed="")}
        assert meters - sent


def test_most_meters_of_the_owner_wait_for_this_months_reading(demo: Demo) -> None:
    current = [row for row in main_meters(demo) if not row["removed"]]
    period = max(row["period"] for row in demo.rows("readings"))
    sent = {row["meter"] for row in demo.rows("readings", period=period)}
    waiting = [row for row in current if row["external_id"] not in sent]
    assert len(waiting) * 2 >= len(current)
    assert any(row["premises"] not in ("", "P20034") for row in demo.rows("meters") if row["external_id"] in sent)


def test_the_newest_invoice_is_unpaid_and_carries_the_rest_of_the_one_before(demo: Demo) -> None:
    newest, before, *_ = demo.invoices(OWNER)
    assert demo.paid(newest) == 0
    assert 0 < demo.paid(before) < float(before["payable"])
    assert float(newest["brought_forward"]) > 0


def test_one_invoice_was_paid_late_and_all_others_in_time(demo: Demo) -> None:
    late = [
        invoice
        for invoice in demo.invoices(OWNER)
        for payment in demo.rows("payments", invoice=invoice["external_id"])
        if payment["date"] > invoice["due"]
    ]
    assert len(late) == 1


def test_one_invoice_is_a_credit(demo: Demo) -> None:
    credits = [row for row in demo.invoices(OWNER) if float(row["payable"]) < 0]
    assert len(credits) == 1
    assert demo.paid(credits[0]) == 0


def test_two_invoices_have_the_operators_own_pdf(demo: Demo) -> None:
    assert len([row for row in demo.rows("invoices") if row["file"]]) == 2


def test_the_people_can_be_told_apart(demo: Demo) -> None:
    users = {row["username"]: (row["customers"], row["language"], row["role"]) for row in demo.rows("users")}
    assert users == {
        "owner": (OWNER, "lv", "resident"),
        "helper": ("", "lv", "resident"),
        "neighbour": (NEIGHBOUR, "ru", "resident"),
        "newcomer": (OWNER, "lv", "resident"),
        "clerk": ("", "lv", "supervisor"),
    }


def test_the_neighbour_lives_in_the_owners_house(demo: Demo) -> None:
    [tenure] = demo.rows("tenures", customer=NEIGHBOUR)
    assert demo.rows("premises", external_id=tenure["premises"])[0]["house"] == "H1"
    assert demo.rows("customers", external_id=NEIGHBOUR)[0]["name"] == "Viktors Petrovs"


def test_managed_houses_have_estimates_of_two_years(demo: Demo) -> None:
    years = [str(demo.today.year - 1), str(demo.today.year)] if town_of(demo.site).manages else []
    for house in ("H1", "H2"):
        found = [(row["year"], row["item"]) for row in demo.rows("estimates", house=house)]
        assert found == [(year, item) for year in years for item in ESTIMATE]


def test_the_main_flat_has_a_contract_and_both_houses_an_act(demo: Demo) -> None:
    found = {(row["house"] or row["premises"] or row["customer"], row["kind"]) for row in demo.rows("documents")}
    assert {("P20034", "contract"), ("C20034", "other"), ("H1", "act"), ("H2", "act")} <= found


def test_houses_have_a_house_file_where_the_site_has_such_a_section(demo: Demo) -> None:
    kinds = [kind for kind in DocumentKind if kind.in_house_file] if "house_file" in demo.site.sections else []
    for house in ("H1", "H2"):
        rows = demo.rows("documents", house=house)
        assert [row["kind"] for row in rows if row["kind"] != "act"] == kinds
        assert all(row["date"] <= str(demo.today) for row in rows)
