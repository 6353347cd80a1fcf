"""Notices by the import: texts, audience and files become what the file says; nobody is written to about old ones."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models.announcements import announce_due
from models.types import utc_now
from tests.jobs.exchanges import Exchange, places

HEADER = "external_id;published;until;emergency;houses;customers;title_lv;text_lv;title_en;text_en;files"


def told(exchange: Exchange, *lines: str):
    exchange.put("notices", [HEADER, *lines])
    return exchange.run()


def test_a_notice_has_its_texts_audience_and_files(exchange):
    exchange.taken()
    assert exchange.column("notice", "published_at")[0] == datetime(2026, 5, 5, 5, 30, tzinfo=UTC), "the site's clock"
    assert exchange.column("notice", "for_all") == [False, False, True]
    assert exchange.column("notice_text", "body", language="lv")[:1] == ["Mainām cauruli.\n\nAtvainojamies."]
    assert sorted(map(str, exchange.column("notice_audience", "house_id"))) == ["1", "None", "None", "None"]
    assert exchange.column("notice_file", "name") == ["act.pdf", "i1.pdf"] and all(exchange.column("notice_file", "size"))


def test_a_part_that_is_gone_from_the_file_is_gone_and_other_notices_stay(exchange):
    exchange.taken()
    before = exchange.column("notice_file", "public_id")
    told(exchange, "N2;2026-05-05;;;;;Sapulce;Sestdien.;;;")
    assert exchange.column("notice", "for_all") == [False, True, True] and exchange.column("notice_audience", "customer_id") == [None, None]
    assert exchange.column("notice_file", "public_id") == before, "who has the address of a file keeps it"


def test_a_column_that_is_not_there_leaves_its_part_alone(exchange):
    exchange.taken()
    before = exchange.everything()
    exchange.put("notices", ["external_id;published", "N1;2026-05-05 09:00"])
    assert exchange.run().tables["notices"].changed == 1
    after = exchange.everything()
    assert [name for name in after if after[name] != before[name]] == ["notice"]


def test_news_is_announced_by_the_worker_and_the_archive_is_not(exchange):
    exchange.taken()
    now = utc_now()
    told(exchange, f"NEW;{now - timedelta(hours=4):%Y-%m-%d %H:%M};;;;;Jauns;Teksts.;;;")
    assert exchange.column("mail", "id") == []
    with exchange.database.write() as session:
        announce_due(session, ("lv",), now + timedelta(hours=4), now)
    assert [value["notice"] for value in exchange.column("mail", "detail")] == exchange.column("notice", "id", external_id="NEW")


BAD = (
    ("X;;;;;;T;B;;;", "published"), ("X;soon;;;;;T;B;;;", "published"), ("X;2026-05-05 25:00;;;;;T;B;;;", "published"),
    ("X;2026-05-05;2026-05-04;;;;T;B;;;", "until"), ("X;2026-05-05;;1;;;T;B;;;", "until"), ("X;2026-05-05;;;H9;;T;B;;;", "houses"),
    ("X;2026-05-05;;;;C9|C1;T;B;;;", "customers"), ("X;2026-05-05;;;;;;;;;", "title_lv"), ("X;2026-05-05;;;;;T;;;;", "text_lv"),
    ("X;2026-05-05;;;;;T;B;;B;", "title_en"), ("X;2026-05-05;;;;;=?utf-8?q?a?=;B;;;", "title_lv"), ("X;2026-05-05;;;;;T;B;;;gone.pdf", "files"),
    ("X;2026-05-05;;;;;T;B;;;../act.pdf", "files"), (f"X;2026-05-05;;;;;{'x' * 121};B;;;", "title_lv"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "column"), BAD)
def test_a_bad_cell_leaves_its_notice_out_and_no_other(exchange, line, column):
    exchange.taken()
    report = told(exchange, line, "Y;2026-05-05;;;;;T;B;;;")
    assert places(report) == [("notices.csv", 2, column)]
    assert exchange.column("notice", "external_id") == ["N1", "N2", "N3", "Y"]
    with exchange.database.read() as connection:
        orphans = sa.text("SELECT count(*) FROM notice_text WHERE title = 'T' AND notice_id NOT IN (SELECT id FROM notice WHERE external_id = 'Y')")
        assert connection.execute(orphans).scalar() == 0
