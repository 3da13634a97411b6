"""Column names: short forms in full words, units and periods that a name states."""

from __future__ import annotations

import pytest
from segmentry.criteria.catalog import FieldType
from segmentry.criteria.column_words import in_full, initials_in_full, unit_of, window_days
from segmentry.reader.language.tokens import name_words


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("cust_age", "number", "customer age"),
        ("acctBal", "number", "account balance"),
        ("TxnCnt90d", "number", "transaction count 90 d"),
        ("subscr_end_dt", "datetime", "subscription end date"),
        ("HHIncome", "number", "household income"),
        ("TOTALSPENT", "number", "total spent"),
        ("lastlogindate", "datetime", "last login date"),
        ("customerid", "string", "customer id"),
        ("strCity", "string", "city"),
        ("lastVaccDate", "datetime", "last vaccination date"),
        ("dt_joined", "datetime", "joined"),
        ("avg_trip_min", "number", "average trip minutes"),
        ("budget_min", "number", "budget minimum"),
        ("exp_grad_date", "datetime", "expected graduation date"),
        ("card_exp", "datetime", "card expiry"),
        ("yrs_exp", "number", "years experience"),
        ("term_dt", "datetime", "termination date"),
        ("term", "number", "term"),
        ("cc", "string", "country code"),
        ("cat_owner", "boolean", "cat owner"),
        ("birthdate", "datetime", "birthdate"),
        ("membership", "string", "membership"),
        ("date_of_birth", "datetime", "date of birth"),
    ],
)
def test_short_forms_are_written_out_by_what_the_column_holds(name: str, kind: FieldType, words: str) -> None:
    assert " ".join(in_full(name_words(name), kind)) == words


def test_initials_are_said_both_ways() -> None:
    assert initials_in_full(("nps", "score")) == ("net", "promoter", "score", "score")
    assert initials_in_full(("balance",)) == ("balance",)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("avg_basket_eur", "EUR"),
        ("Annual Fee (EUR)", "EUR"),
        ("txn_vol_usd_90d", "USD"),
        ("mrrCents", "cents"),
        ("pct_discount", "percent"),
        ("attendance_pct", "percent"),
        ("tenure_months", "months"),
        ("days_since_last_order", "days"),
        ("session_minutes", "minutes"),
        ("pto_days_left", "days"),
        ("watch_hours_30d", "hours"),
        ("Height (cm)", "cm"),
        ("data_used_gb", "GB"),
        ("orders_6_months", ""),
        ("visits_per_month", ""),
        ("spend_last_3_months", ""),
        ("birthday_month", ""),
        ("balance", ""),
    ],
)
def test_a_unit_is_read_from_the_name_but_no_period_is_taken_for_one(name: str, unit: str) -> None:
    assert unit_of(in_full(name_words(name), "number")) == unit


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("bookingCount30d", 30),
        ("visitsLast30d", 30),
        ("NightsLast12M", 365),
        ("n_claims_3y", 1095),
        ("orders_past_quarter", 90),
        ("spend_last_6_months", 180),
        ("sessions_4_wks", 28),
        ("orders", None),
        ("tenure_months", None),
        ("score_2", None),
        ("is_2fa_enabled", None),
    ],
)
def test_the_period_of_a_counter_is_read_from_its_name(name: str, days: int | None) -> None:
    assert window_days(name) == days
