"""An invoice that comes twice, as a document and as a row of invoices.csv, is one."""

import pytest

from tests.jobs.exchanges import Exchange
from tests.jobs.test_ubl import bring, call, ours, refused
from tests.ubl import document

BILL = "I77;C2;F35;2026-9;2026-10-01;2026-10-31;2026-11-10;2026-11-30;10;2,10;12,10;;12,10;Māja 12;LV44DEMO0000000000001;2026-9;"


def test_a_row_that_comes_after_its_document_takes_the_invoice_over(ready: Exchange):
    bring(ready, document())
    (number,) = ours(ready, "id")
    report = ready.only("invoices", BILL)
    assert not report.problems and (report.tables["invoices"].changed, report.tables["invoices"].added) == (1, 0)
    assert "I77" not in report.tables["invoices"].missing_ids
    assert ours(ready, "id", "external_id", "reference") == [(*number, "I77", "2026-9")]
    before = ready.everything()
    assert not ready.only("invoices", BILL).problems and not call(ready, document()).problems and ready.everything() == before


@pytest.mark.parametrize(("old", "new"), [("10;2,10;12,10;;12,10", "20;2,10;22,10;;22,10"), ("C2;F35", "C1;F34")])
def test_a_row_with_the_number_of_another_document_is_refused(ready: Exchange, old: str, new: str):
    bring(ready, document())
    before = ready.everything()
    told = [("number", "2026-9", "a number that no other invoice has; 2026-9 came as UBL, for another customer or other sums")]
    assert refused(ready.only("invoices", BILL.replace(old, new))) == told and ready.everything() == before
