"""What `catalog infer` proposes is what the reader takes from the names anyway."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical, catalog_toml
from segmentry.criteria.catalog import Catalog, Field, FieldType
from segmentry.reader.lexicon.proposals import MOST_SYNONYMS, propose

from tests.reader import scoring
from tests.reader.catalogs_bare import BARE


def _proposed(name: str, kind: FieldType) -> Field:
    return propose(Catalog("x", (Field(name, kind), Field("other", "string")))).fields[0]


@pytest.mark.parametrize(
    ("name", "kind", "synonyms"),
    [
        ("dob", "datetime", {"date of birth", "birthday", "birth date"}),
        ("cust_age", "number", {"customer age", "age"}),
        ("avg_basket_eur", "number", {"average basket", "basket value"}),
        ("prem_annual_eur", "number", {"premium annual"}),
        ("n_claims_3y", "number", {"claims"}),
        ("nb_orders", "number", {"orders", "purchases"}),
        ("num_visits_12m", "number", {"visits"}),
        ("qty", "number", {"quantity"}),
        ("amt", "number", {"amount"}),
        ("acct_bal", "number", {"account balance", "balance"}),
        ("txn_cnt_90d", "number", {"transaction count"}),
        ("signup_ts", "datetime", {"signup date", "registration date"}),
        ("ltv_usd", "number", {"lifetime value", "customer lifetime value", "clv"}),
        ("mrr", "number", {"monthly recurring revenue"}),
        ("arpu", "number", {"average revenue per user"}),
        ("pct_discount", "number", {"discount", "discount rate"}),
        ("is_smoker", "boolean", {"smoker", "smoking"}),
        ("hasChildren", "boolean", {"children", "kids"}),
        ("optInEmail", "boolean", {"email opt in", "email consent"}),
        ("mkt_consent", "boolean", {"marketing consent"}),
        ("cc", "string", {"country code", "country"}),
        ("zip", "string", {"zip code", "postcode"}),
        ("sex", "string", {"gender"}),
        ("HHIncome", "number", {"household income"}),
        ("subscr_end_dt", "datetime", {"subscription end"}),
    ],
)
def test_a_name_proposes_what_people_call_it(name: str, kind: FieldType, synonyms: set[str]) -> None:
    proposed = _proposed(name, kind)
    assert synonyms <= set(proposed.synonyms), proposed.synonyms
    assert len(proposed.synonyms) <= MOST_SYNONYMS


def test_units_and_periods_are_written_out() -> None:
    assert _proposed("avg_basket_eur", "number").unit == "EUR"
    assert (_proposed("txn_cnt_90d", "number").window_days, _proposed("tenure_months", "number").unit) == (
        90,
        "months",
    )


@pytest.mark.parametrize("catalog", BARE.values(), ids=BARE.keys())
def test_no_proposal_names_another_column(catalog: Catalog) -> None:
    proposed = propose(catalog)
    names = {field.name.casefold().replace("_", " ") for field in proposed.fields}
    said = [text for field in proposed.fields for text in field.synonyms]
    assert len(said) == len(set(said))
    assert not names & set(said)


def test_what_a_row_is_becomes_a_noun_of_the_catalog() -> None:
    assert propose(Catalog("x", (Field("sellerId", "string"),))).entity_nouns == ("seller", "sellers")


def test_a_catalog_keeps_its_own_words() -> None:
    field = Field("acct_bal", "number", synonyms=("money in the bank",), unit="cents")
    kept = propose(Catalog("x", (field,), entity_nouns=("saver",)))
    assert kept.fields[0].synonyms[0] == "money in the bank"
    assert (kept.fields[0].unit, kept.entity_nouns) == ("cents", ("saver",))


@pytest.mark.parametrize(
    "name", ["shop", "gym", "saas", "hotel", "insurer", "konto", "usage", "dealer", "airline"]
)
def test_a_catalog_is_read_with_its_proposals_as_without(name: str) -> None:
    catalog = scoring.load(name)
    assert catalog is not None
    written = catalog_toml.loads(catalog_toml.dumps(propose(catalog)))
    for case in scoring.cases(name):
        plain, corrected = (scoring.judge(case, each).draft for each in (catalog, written))
        found = [None if each.node is None else canonical.text(each.node) for each in (plain, corrected)]
        assert found[0] == found[1], case.query
