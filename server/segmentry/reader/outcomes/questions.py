"""Questions about the words that only a person can settle, each with readings of the whole query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from segmentry.criteria.nodes import And, Everyone, Node
from segmentry.criteria.shared_texts import SharedTexts
from segmentry.reader.draft import DraftQuestion, DraftReading, Span
from segmentry.reader.patterns.vague import guesses
from segmentry.reader.scene import Fragment, Option, Scene

MOST = 4
LEAST = 2
_MOST_ASKED = 3
# more open words than these are asked about in the readings of the others
_MOST_SETTLED = 8
_SHOWN = 80
_WHOLE = {("a", "while"), ("long", "while"), ("a", "long"), ("in", "a"), ("for", "a"), ("a", "bit")}


class Readings:
    """Readings of the whole query that differ from the answer and from each other: at most `MOST`."""

    def __init__(self, node: Node | None) -> None:
        self.found: list[DraftReading] = []
        self._node = node
        self._texts: list[str] = []
        self._own: str | None = None
        self._printed = SharedTexts()

    def add(self, label: str, whole: Node | None) -> int | None:
        """The position of the reading, or None when it says nothing new or there is no room."""
        if whole is None:
            return None
        text = self._printed.of(whole)
        if self._own is None and self._node is not None:
            self._own = self._printed.of(self._node)
        return None if text == self._own else self._place(label, whole, text)

    def keep(self, label: str, whole: Node) -> int | None:
        """The position of a reading that a question needs, even where it is what was understood so far."""
        return self._place(label, whole, self._printed.of(whole))

    def _place(self, label: str, whole: Node, text: str) -> int | None:
        if text in self._texts:
            return self._texts.index(text)
        if len(self.found) >= MOST:
            return None
        self.found.append(DraftReading(label, whole))
        self._texts.append(text)
        return len(self.found) - 1


def joined(node: Node | None, option: Node) -> Node:
    """What was understood, and one way to settle what was not."""
    if node is None:
        return option
    return And((*node.items, option)) if isinstance(node, And) else And((node, option))


def bracket(scene: Scene, position: int) -> DraftQuestion:
    """Whether "or" joins before "and" does; the reading at `position` is the one where it does."""
    at = next((at for at in range(len(scene.tokens)) if scene.word(at) == "or"), None)
    text = "Should 'or' join the conditions next to it before 'and' does?"
    return DraftQuestion(text, None if at is None else scene.span(at, at + 1), (position,))


def exception(scene: Scene, pair: tuple[Fragment, Fragment], position: int, *, either: bool) -> DraftQuestion:
    """Whether a denial is of two conditions together, which is the reading at `position`."""
    start, end = pair[0].start, pair[1].end
    text = f"Are only those left out who are '{scene.words(start, end)}', all of it together?"
    if either:
        text = f"Are all those left out who are '{scene.words(start, end)}', one as well as the other?"
    return DraftQuestion(text, scene.span(start, end), (position,))


def ask(
    scene: Scene, node: Node | None, opened: Sequence[Fragment], lost: Iterable[int], further: Readings
) -> list[DraftQuestion]:
    """A question for each open fragment and each run of words that nothing explains.

    Words right beside a vague one are asked about with it ("frequent flyers"). Each question has two readings
    at least: the words left out and shares of the customers stand in where the words offer none.
    """
    left = set(lost)
    wide = [_widened(scene, each, left) for each in opened]
    unread = runs(scene, left)[:_MOST_ASKED]
    crowded = len(opened) + bool(unread) + bool(further.found) > 1
    asked: list[tuple[str, Span, list[int]]] = []
    for place, (fragment, span) in enumerate(zip(opened, wide, strict=True)):
        said = scene.words(fragment.start, fragment.end)
        offered = fragment.chosen_options[: LEAST if crowded else MOST] if place < _MOST_SETTLED else ()
        found = _placed(further, node, offered)
        text = fragment.question.replace(f"'{said}'", f"'{span.text}'")
        asked.append((text if "'" in text else f"'{span.text}': {text}", span, found))
    asked += [(f"What does '{span.text}' mean for these customers?", span, []) for span in unread]
    if not asked:
        asked.append(_whole(scene))
    _fill(scene, node, asked, further, lost=bool(unread))
    return [DraftQuestion(text, span, tuple(dict.fromkeys(found))[:MOST]) for text, span, found in asked]


def runs(scene: Scene, lost: Iterable[int]) -> list[Span]:
    """Neighbouring words that nothing explains stand together."""
    found: list[Span] = []
    run: list[int] = []
    for at in sorted(set(lost)):
        if run and at != run[-1] + 1 and not (at == run[-1] + 2 and _hyphen(scene, at - 1)):
            found.append(_said(scene, run))
            run = []
        run.append(at)
    if run:
        found.append(_said(scene, run))
    return found


def _hyphen(scene: Scene, at: int) -> bool:
    """Whether the parts of one word meet here: "price-sensitive"."""
    return scene.word(at) == "-" and scene.tokens[at].glued and scene.tokens[at + 1].glued


def _said(scene: Scene, run: list[int]) -> Span:
    """The words of a run with the small ones before it without which they say something else."""
    start = run[0]
    while (scene.word(start - 1), scene.word(start)) in _WHOLE:
        start -= 1
    if (scene.word(start - 2), scene.word(start - 1)) == ("about", "to"):
        start -= 2
    return scene.span(start, run[-1] + 1)


def _placed(further: Readings, node: Node | None, options: Iterable[Option]) -> list[int]:
    positions = [further.add(each.label, joined(node, each.node)) for each in options]
    return [position for position in positions if position is not None]


def _fill(
    scene: Scene,
    node: Node | None,
    asked: Sequence[tuple[str, Span, list[int]]],
    further: Readings,
    *,
    lost: bool,
) -> None:
    """Two readings for every question: without its words, shares of the customers, what others offer."""
    short = [(span, found) for _, span, found in asked if len(found) < LEAST]
    if not short:
        return
    without = "without " + ", ".join(f"'{span.text[:_SHOWN]}'" for span, _ in short)
    if node is not None:
        _give([further.keep(without, node)], short)
    if node is None and any(found for _, found in short):
        _give([further.keep(f"everyone, {without}", Everyone())], [each for each in short if each[1]])
    if any(len(found) < LEAST for _, found in short):
        # where words are understood and only not offered, one share beside everyone is enough
        some = guesses(scene) if lost or node is not None else guesses(scene)[:1]
        _give(_placed(further, node, some), short)
    if node is None and any(len(found) < LEAST for _, found in short):
        _give([further.keep(f"everyone, {without}", Everyone())], short)
    _give(range(len(further.found)), short)


def _give(positions: Iterable[int | None], short: Iterable[tuple[Span, list[int]]]) -> None:
    for position in positions:
        for _, found in short:
            if position is not None and len(found) < LEAST and position not in found:
                found.append(position)


def _widened(scene: Scene, fragment: Fragment, left: set[int]) -> Span:
    """The words of a vague fragment with those beside it that nothing explains, taken out of `left`."""
    start, end = fragment.start, fragment.end
    if fragment.kind == "vague":
        while start - 1 in left and scene.tokens[start - 1].kind == "word":
            start -= 1
        while True:
            step = end + 1 if scene.word(end) == "-" else end
            if step not in left or scene.tokens[step].kind != "word":
                break
            end = step + 1
        left.difference_update(range(start, end))
    return scene.span(start, end)


def _whole(scene: Scene) -> tuple[str, Span, list[int]]:
    span = Span(0, len(scene.query), scene.query)
    names = ", ".join(field.name for field in scene.catalog.visible[:5])
    text = f"Which customers do you mean by '{span.text[:_SHOWN]}'? Fields you can use: {names}"
    return text, span, []
