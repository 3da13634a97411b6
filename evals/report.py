"""A run as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segmentry.criteria import canonical

from evals import measures, typos
from evals.case_files import CATEGORIES, SPLITS
from evals.judge import Verdict


def text(verdicts: Sequence[Verdict]) -> str:
    """The tables: every category by split, the curve, the bars."""
    lines: list[str] = []
    for split in SPLITS:
        some = [each for each in verdicts if each.case.split == split]
        if some:
            lines += [f"== {split}: {len(some)} cases over {len({v.case.table for v in some})} tables"]
            lines += [*_categories(some), "", *_tables(some), "", *_curve(some), "", *_bars(some)]
            lines += [*_typos(some), ""]
    return "\n".join(lines)


_HEAD = f"{'n':>6}{'right':>8}{'%':>7}{'silent':>8}{'flagged':>9}{'abstained':>11}"


def _categories(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"{'category':<16}{_HEAD}"
    for category in CATEGORIES:
        some = [each for each in verdicts if each.case.category == category]
        if some:
            yield _row(category, some)
    yield _row("all", verdicts)


def _tables(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"{'table':<16}{_HEAD}"
    for table in sorted({each.case.table for each in verdicts}):
        yield _row(table, [each for each in verdicts if each.case.table == table])


def _row(name: str, verdicts: Sequence[Verdict]) -> str:
    found = measures.count(verdicts)
    share = 100 * found.right / found.n
    return (
        f"{name:<16}{found.n:>6}{found.right:>8}{share:>7.1f}{found.wrong_silent:>8}"
        f"{found.wrong_flagged:>9}{found.abstained:>11}"
    )


def _curve(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"{'confidence from':<16}{'coverage %':>12}{'error %':>9}"
    for each in measures.curve(verdicts):
        yield f"{each.threshold:<16}{each.coverage:>12.1f}{each.error:>9.1f}"


def _bars(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from (_bar(each) for each in measures.bars(verdicts))


def _typos(verdicts: Sequence[Verdict]) -> Iterator[str]:
    loss = typos.lost(verdicts)
    yield f"{_bar(loss.bar)} (of {len(loss.verdicts)} that were right; {loss.silent} now silently wrong)"


def _bar(bar: measures.Bar) -> str:
    sign = "<=" if bar.most else ">="
    return f"{bar.name:<44}{bar.figure:>7.1f} %   {sign} {bar.needed} %   {'met' if bar.met else 'MISSED'}"


def failures(verdicts: Sequence[Verdict]) -> str:
    """Every case that is not right (or broke the check), with what was wanted and what came."""
    lines: list[str] = []
    for each in verdicts:
        if each.right and not each.invalid:
            continue
        case, draft = each.case, each.draft
        wanted = [*(canonical.text(node, case.catalog) for node in case.expect), *case.words]
        got = "" if draft.node is None else canonical.text(draft.node, case.catalog)
        lost = ", ".join(repr(span.text) for span in draft.unexplained)
        said = [*(question.text for question in draft.questions), draft.message, *draft.notes]
        lines.append(f"{each.state}{' INVALID TREE' if each.invalid else ''} {case.id} ({case.category})")
        lines.append(f"    query  {case.query}")
        if case.current is not None:
            lines.append(f"    from   {canonical.text(case.current, case.catalog)}")
        lines += [f"    want   {one}" for one in wanted]
        if case.asks:
            lines.append(f"    asks   {', '.join(case.asks)}")
        lines.append(f"    got    {each.outcome} {draft.confidence:.2f} {got}")
        if lost:
            lines.append(f"    lost   {lost}")
        lines += [f"    said   {one}" for one in dict.fromkeys(said) if one]
    return "\n".join(lines)
