"""A reading is judged by the rows it selects, and by what it asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from segmentry.criteria import parse
from segmentry.reader.draft import Draft, DraftQuestion

from evals import case_files, report
from evals.case_files import Case, FaultyCases
from evals.judge import State, judge

HEAD = "catalog: golf\nnow: 2025-12-16T09:00:00Z\ncases:\n"


def cases(folder: Path, *lines: str, split: case_files.Split = "dev", name: str = "golf") -> tuple[Case, ...]:
    """The cases of these lines, written as a file of that split."""
    (folder / split).mkdir(exist_ok=True)
    body = "".join(f"- {line}\n" for line in lines)
    (folder / split / f"{name}.yaml").write_text(HEAD + body, encoding="utf-8")
    return case_files.load(top=folder)


def answered(criteria: str, confidence: float = 0.95) -> Draft:
    return Draft("ok", parse.loads(criteria), confidence)


ONE = (
    "{id: a, category: cmp, query: q, "
    'expect: [\'{"handicap":{"$gt":9}}\', \'{"bookingCount30d":{"$gt":4}}\']}'
)


@pytest.mark.parametrize(
    ("draft", "state"),
    [
        (answered('{"handicap":{"$gt":9}}'), "right"),
        (answered('{"$not":{"$or":[{"handicap":{"$lte":9}},{"handicap":null}]}}', 0.6), "right"),
        (answered('{"bookingCount30d":{"$gte":5}}'), "right"),
        (answered('{"handicap":{"$gte":9}}', 0.9), "wrong_silent"),
        (answered('{"handicap":{"$gte":9}}', 0.89), "wrong_flagged"),
        (answered('{"handicap":{"$gt":9}}', 0.49), "abstained"),
        (Draft("ambiguous", parse.loads('{"handicap":{"$gt":9}}'), 0.4), "abstained"),
        (Draft("refuse", None, 0.0), "abstained"),
        (answered('{"handicap":{"$gt":"many"}}'), "wrong_silent"),
    ],
)
def test_an_answer_is_judged_by_meaning_and_confidence(draft: Draft, state: State, tmp_path: Path) -> None:
    (case,) = cases(tmp_path, ONE)
    assert judge(case, lambda _: draft).state == state


@pytest.mark.parametrize(
    ("draft", "state"),
    [
        (Draft("ambiguous", None, 0.3, questions=(DraftQuestion("What counts as 'Loyal'?", None),)), "right"),
        (Draft("ambiguous", None, 0.3, message="'loyal' may mean much"), "right"),
        (Draft("ambiguous", None, 0.3, questions=(DraftQuestion("What?", None),)), "abstained"),
        (Draft("refuse", None, 0.0, message="loyal"), "abstained"),
        (answered("{}"), "wrong_silent"),
    ],
)
def test_a_question_must_be_the_accepted_one(draft: Draft, state: State, tmp_path: Path) -> None:
    (case,) = cases(tmp_path, "{id: a, category: vague, query: q, expect: [ambiguous], asks: [loyal]}")
    assert judge(case, lambda _: draft).state == state


def test_a_tree_that_the_check_refuses_is_marked(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, ONE)
    assert judge(case, lambda _: answered('{"handicap":{"$gt":"many"}}')).invalid
    assert not judge(case, lambda _: answered('{"handicap":{"$gt":9}}')).invalid


def test_a_refinement_starts_from_its_criteria(tmp_path: Path) -> None:
    (case,) = cases(
        tmp_path,
        '{id: a, category: refine, current: \'{"handicap":{"$gt":9}}\', query: make it 12,'
        ' expect: [\'{"handicap":{"$gt":12}}\']}',
    )
    assert judge(case).right


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{id: a, category: cmp, query: q, expect: ['{}'], why: x}", "unknown key 'why'"),
        ("{id: a, category: compare, query: q, expect: ['{}']}", "unknown category 'compare'"),
        ("{id: a, category: cmp, query: q, expect: []}", "'expect' needs"),
        ("{id: a, category: cmp, query: q}", "'expect' needs"),
        ("{id: a, category: cmp, query: 7, expect: ['{}']}", "'query' needs a text"),
        ("{id: a, category: cmp, query: q, expect: ['{\"shoes\":9}']}", "Unknown field: shoes"),
        ("{id: a, category: cmp, query: q, expect: [maybe]}", "no criteria"),
        ("{id: a, category: cmp, query: q, expect: ['{}'], asks: [x]}", "'asks' needs an outcome word"),
        ("{id: a, category: refine, query: q, expect: ['{}']}", "'current' needs"),
        ("{id: a, category: cmp, query: q, expect: ['{}'], current: '{}'}", "'current' needs"),
        ("just text", "needs a mapping"),
    ],
)
def test_a_case_that_cannot_be_judged_is_refused_with_file_and_id(
    line: str, fault: str, tmp_path: Path
) -> None:
    with pytest.raises(FaultyCases) as found:
        cases(tmp_path, line)
    (told,) = (each for each in found.value.faults if fault in each)
    assert told.startswith("dev/golf.yaml ")


def test_an_id_is_given_once_over_all_files(tmp_path: Path) -> None:
    cases(tmp_path, ONE)
    with pytest.raises(FaultyCases, match=r"blind/golf\.yaml a: the id is taken by dev/golf\.yaml"):
        cases(tmp_path, ONE, split="blind")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("catalog: golf\ncases: []\n", "exactly the keys"),
        ("catalog: golf\nnow: soon\ncases: []\n", "a time with Z"),
        ("catalog: shoes\nnow: 2025-12-16T09:00:00Z\ncases: []\n", "no catalog 'shoes'"),
        ("a: [", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(text: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FaultyCases, match=fault) as found:
        case_files.load(top=tmp_path)
    assert found.value.faults[0].startswith("dev/x.yaml: ")


def test_a_split_without_cases_is_left_out_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "blind").mkdir()
    found = cases(tmp_path, ONE)
    told = report.text([judge(each, lambda _: answered('{"handicap":{"$gt":9}}')) for each in found])
    assert "== dev: 1 cases" in told
    assert "blind" not in told
