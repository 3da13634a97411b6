"""The table of constructions never hides one from a place where it would succeed."""

import pytest
from segmentry.reader.clauses import scan
from segmentry.reader.constructions import ROWS, candidates
from segmentry.reader.read import lay
from segmentry.reader.scene import Fragment, Scene

from tests.reader.scoring import CLOCK, HERE, cases, load

# constructions that the files of sentences hardly use
MORE = {
    "golf": (
        "high-value members",
        "at risk of churning or high engagement",
        "handicap above the average",
        "who spend more than the median",
        "above average lifetime value",
        "opened an email in the last two weeks but hasn't clicked",
        "booked this year but never opened an email",
        "who have cancelled a booking",
        "who cancelled their booking last month",
        "top 10 % by lifetime value",
        "opened or clicked an email this year",
        "no bookings in the last 90 days",
        "that we can email",
        "members of 18 to 25",
        "unset city or city is missing",
        "whose home city has never been stated",
        "never gave a phone number",
    ),
    "carshare": ("license is not verified", "license has been verified"),
    "pharmacy": ("women and girls",),
    "dealer": (
        "never had any services done",
        "model year before 2010",
        "newer than 2018",
        "built since 2015",
    ),
}
NAMES = sorted(path.stem for path in (HERE / "sentences").glob("*.yaml"))


def hidden(scene: Scene, at: int, before: list[Fragment]) -> list[str]:
    """Constructions that would read something at `at`, though their row says that they cannot begin there."""
    ended = [fragment for fragment in before if fragment.end <= at]
    found: list[str] = []
    for previous in (None, *ended[-1:]):
        scene.previous = previous
        allowed = candidates(scene, at)
        for row in ROWS:
            if row.pattern not in allowed:
                fragment = row.pattern(scene, at)
                if fragment is not None and fragment.end > at:
                    found.append(f"{row.pattern.__name__} at '{scene.word(at)}' in '{scene.query}'")
    return found


def reads(name: str) -> list[tuple[Scene, list[Fragment]]]:
    """Every sentence of one table laid out, with the fragments that are read in it."""
    catalog = load(name)
    if catalog is None:
        return []
    scenes = [
        lay(query, catalog, CLOCK) for query in (*(case.query for case in cases(name)), *MORE.get(name, ()))
    ]
    return [
        (scene, [item.fragment for item in scan(scene).items if item.fragment is not None])
        for scene in scenes
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_construction_that_would_read_something_is_allowed_to_begin_there(name: str) -> None:
    found: list[str] = []
    for scene, fragments in reads(name):
        for at, token in enumerate(scene.tokens):
            if token.kind != "punct":
                found += hidden(scene, at, fragments)
    assert not found


def test_every_construction_reads_something_in_these_sentences() -> None:
    silent = {row.pattern.__name__ for row in ROWS}
    for name in (
        "golf",
        "dealer",
        "gym",
        "carshare",
        "deeds_library",
        "deeds_learn",
        "delivery",
        "listings",
        "allotment",
        "deeds_retail",
        "joinery",
        "pharmacy",
        "marina",
    ):
        for scene, fragments in reads(name):
            for at in range(len(scene.tokens)):
                scene.previous = next((each for each in reversed(fragments) if each.end <= at), None)
                silent -= {row.pattern.__name__ for row in ROWS if row.pattern(scene, at) is not None}
    assert not silent


def test_a_query_without_the_words_of_a_construction_leaves_it_out() -> None:
    catalog = load("golf")
    assert catalog is not None
    scene = lay("gold members", catalog, CLOCK)
    assert len(candidates(scene, 0)) < len(ROWS) / 2
