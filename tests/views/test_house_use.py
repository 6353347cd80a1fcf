"""What the flats of a house used, as their people see it: a median and a balance, and nothing of any one flat."""

import re

import sqlalchemy as sa
from flask import Flask

from models.meters import Meter
from models.readings import Reading
from models.tenures import Tenure
from models.types import Source, TenureRole
from tests import standing
from tests.browser import Browser, Page
from tests.cast import Cast, month
from tests.neighbours import move_in, reading
from tests.standing import change, fetch, main
from tests.views.reading_form import send

house_file = standing.house_file


def rows(page: Page, after: str) -> list[list[str]]:
    """The cells of the rows of the table whose caption has these words."""
    table = page.html[page.html.index(after) :].partition("</table>")[0]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]


def in_figures(anna: Browser, mid: str) -> list[list[str]]:
    """The chart of a meter as its table, without the head."""
    return rows(anna.get(f"/meters/{mid}"), "Consumption by month")[1:]


def test_of_eight_flats_the_one_in_the_middle_is_told_and_of_seven_none(anna: Browser, app: Flask, cast: Cast):
    move_in(app, [1_000, 1_500, 2_000, 6_000, 7_000])  # and hers, 3,000, and Viktors's, 4,000
    page = anna.get(f"/meters/{cast.cold}")
    assert 'class="mid"' not in page.html and "half of the flats" not in main(page)
    move_in(app, [9_000])
    page = anna.get(f"/meters/{cast.cold}")
    assert page.html.count('class="mid"') == 12 and "half of the flats" in main(page)
    assert in_figures(anna, cast.cold)[0] == ["October 2026", "3.000", "3.000", "3.5"]


def test_the_table_says_what_the_bars_say(anna: Browser, app: Flask, cast: Cast):
    found, chart = in_figures(anna, cast.cold), anna.get(f"/meters/{cast.cold}").html
    assert [row[1:] for row in found] == [["3.000", "3.000"]] * 11 + [["3.000", "–"]] and found[-1][0] == "November 2025"
    assert (chart.count('class="bar" x='), chart.count('class="before" x=')) == (12, 11)


def test_the_month_that_is_being_read_is_not_told(anna: Browser, app: Flask, cast: Cast):
    """Who looks from day to day would see what each neighbour adds."""
    for dial in move_in(app, [3_000] * 8):
        with app.extensions["ekabinets"].database.write() as session:
            session.add(reading(dial, 0, 160_000))
    send(anna, cast.cold, "195,5")
    assert [row[-1] for row in in_figures(anna, cast.cold)[:2]] == ["–", "3.0"]


def test_a_part_of_what_a_flat_uses_is_put_beside_the_same_part_of_others(anna: Browser, app: Flask, cast: Cast):
    """A kitchen of a flat with a bathroom, beside kitchens of flats with bathrooms, not beside whole flats."""
    move_in(app, [3_000] * 8)
    change(app, sa.update(Meter).where(Meter.public_id == cast.hot).values(kind="cold_water", place="bathroom"))
    assert 'class="mid"' not in anna.get(f"/meters/{cast.cold}").html
    move_in(app, [1_000] * 8, places=("kitchen", "bathroom"))
    assert [in_figures(anna, mid)[0][-1] for mid in (cast.cold, cast.hot)] == ["1.0", "1.0"]


def balance(anna: Browser, cast: Cast) -> list[list[str]]:
    """The months of the house of Anna's main flat."""
    return rows(anna.get(f"/properties/{cast.flat}/house"), '<caption id="bal-1">')[1:]


def test_an_owner_sees_meter_flats_difference_and_how_many_sent_nothing(anna: Browser, app: Flask, cast: Cast, house_file):
    move_in(app, [2_000, 6_000])
    move_in(app, [5_000], months=range(13, 3, -1))
    found = balance(anna, cast)
    assert found[0] == ["October 2026 Flats without a reading: 1 of 5", "90.0", "15.0", "75.0"]
    assert ["July 2026 Flats without a reading: 0 of 5", "90.0", "20.0", "70.0"] in found and len(found) == 12


def test_an_estimate_counts_in_the_sum_and_is_no_reading(anna: Browser, app: Flask, cast: Cast, house_file):
    move_in(app, [2_000, 6_000], source=Source.ESTIMATE)
    assert balance(anna, cast)[0][0].endswith("2 of 4") and balance(anna, cast)[0][2] == "15.0"


def test_of_two_flats_no_sum_is_told(anna: Browser, app: Flask, cast: Cast, house_file):
    assert balance(anna, cast)[0] == ["October 2026 Flats without a reading: 0 of 2", "90.0", "–", "–"]


def test_no_name_number_or_figure_of_a_neighbour_is_on_the_page(anna: Browser, app: Flask, cast: Cast, house_file):
    move_in(app, [2_111, 6_000])
    text = main(anna.get(f"/properties/{cast.flat}/house")).partition("Water balance")[2]
    assert text and not [word for word in ("Viktors", "12–35", "2222", "2.1 ", "4.0 ", "N10") if word in text]


def test_what_was_before_her_time_is_not_hers(anna: Browser, app: Flask, cast: Cast, house_file):
    change(app, sa.update(Tenure).where(Tenure.customer_id == 1).values(starts_on=month(3)))
    assert len(balance(anna, cast)) == 3


def test_a_house_without_a_meter_of_its_own_has_no_balance(anna: Browser, cast: Cast, house_file):
    assert "Water balance" not in anna.get(f"/properties/{cast.second}/house").text


def test_a_dial_that_started_from_zero_again_counts_on_and_one_that_fell_tells_nothing(anna: Browser, app: Flask, cast: Cast, house_file):
    dials = move_in(app, [2_000, 6_000])
    newest = sa.select(sa.func.max(Reading.id)).group_by(Reading.register_id).having(Reading.register_id.in_(dials))
    change(app, sa.update(Reading).where(Reading.id.in_(newest)).values(value=1_000))
    assert balance(anna, cast)[0][2] == "–", "two flats are left"
    change(app, sa.update(Reading).where(Reading.id.in_(newest)).values(rolled_over=True))
    before = [row.value for row in fetch(app, sa.select(Reading.value).where(Reading.register_id.in_(dials), Reading.period == month(2)).order_by(Reading.register_id))]
    used = sum(100_000_000 + 1_000 - value for value in before) + 7_000
    assert balance(anna, cast)[0][2].replace(",", "") == f"{used / 1000:.1f}"


def test_a_tenant_has_neither_house_file_nor_balance(anna: Browser, app: Flask, cast: Cast, house_file):
    change(app, sa.update(Tenure).values(role=TenureRole.TENANT))
    assert anna.client.get(f"/properties/{cast.flat}/house").status_code == 403

