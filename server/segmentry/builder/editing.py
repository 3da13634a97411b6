"""The edit expert asked about an instruction, and others about words of it that nobody can read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from segmentry.agents import prompt
from segmentry.agents.judging import Judged
from segmentry.agents.judging_edits import JudgedEdits
from segmentry.agents.registry import Expert
from segmentry.agents.routing import route
from segmentry.agents.telling import Teller
from segmentry.builder import provenance
from segmentry.builder.assemble import conditions_of
from segmentry.builder.consulted import Consulted, consulted
from segmentry.builder.consulting import LEAST_FOR_A_WAVE_S
from segmentry.builder.edited import Instruction, joined
from segmentry.builder.events import Emit, Partial, quiet
from segmentry.builder.interviews import Interviews
from segmentry.builder.judged import EditAnswers, FieldAnswers
from segmentry.builder.panel import Panel
from segmentry.builder.plan import EditPlan
from segmentry.builder.request import Place
from segmentry.builder.tidy import tidied
from segmentry.builder.vouching import Vouched
from segmentry.criteria import render, walk
from segmentry.reader.given import Given
from segmentry.reader.outline import outline
from segmentry.reader.refining.current import Current
from segmentry.reader.refining.numbered import Edited, Operation, edited

# More conditions are not shown: nobody points at the sixtieth in words.
MOST_SHOWN = 60


class EditConsultation:
    """One instruction before the edit expert. What it gives are operations; the words are read here."""

    def __init__(  # noqa: PLR0917 - everything that one consultation works with
        self,
        instruction: Instruction,
        plan: EditPlan,
        place: Place,
        panel: Panel,
        interviews: Interviews,
        emit: Emit,
    ) -> None:
        self._said = instruction
        self._plan = plan
        self._place = place
        self._panel = panel
        self._interviews = interviews
        self._emit = emit
        self._judged_by: dict[str, Judged] = {}

    async def run(self) -> Consulted:
        """Ask the edit expert, then the experts of the fields where its words are left open."""
        edit = self._plan.edit
        assert edit is not None
        message = edit_message(self._said, self._place, self._panel)
        n_leaves = min(len(walk.leaves(self._said.node)), MOST_SHOWN)
        answers = EditAnswers(edit, self._said.text, n_leaves)
        edits = await self._interviews.ask(
            edit,
            message,
            answers.read,
            lambda found: len(found.operations),
            "asking what is to change",
            mended=answers.mended,
        )
        if edits is None or not edits.operations:
            return consulted(self._said.read, "deterministic", self._interviews)
        found = await self._edited(edits, ())
        vouched: list[Vouched] = [Vouched(each.said, repaired=True) for each in edits.repaired]
        await self._show(found)
        if found.open and self._interviews.allowance.left_s > LEAST_FOR_A_WAVE_S:
            given = await self._others(found.open)
            if given:
                vouched += [each for _, each in given]
                found = await self._edited(edits, tuple(each for each, _ in given))
                await self._show(found)
        draft, tier, agreed = await asyncio.to_thread(
            joined, self._said, found, edits.operations, edit.version, self._place
        )
        return consulted(draft, tier, self._interviews, (*vouched, *agreed))

    async def _edited(self, edits: JudgedEdits, given: tuple[Given, ...]) -> Edited:
        current = Current.of(self._said.node, self._place.catalog, self._place.clock, given)
        return await asyncio.to_thread(edited, self._said.text, edits.operations, current)

    async def _others(self, opened: Sequence[Operation]) -> tuple[tuple[Given, Vouched], ...]:
        """What the experts of the fields find in words of the instruction; all other words are blank."""
        text = _only(self._said.text, opened)
        place, plan = self._place, self._plan
        outlined = await asyncio.to_thread(outline, text, place.catalog, place.clock)
        groups = {each.group.name: each for each in plan.others if each.group is not None}
        now, _ = route(
            outlined, [each.group for each in groups.values() if each.group], everywhere=plan.foreign
        )
        asked = [groups[each.name] for each in now]
        phrases = [prompt.Phrase(each.number, each.span.text, each.closed) for each in outlined.phrases]
        message = prompt.request_message(text, phrases, place.clock.today, self._panel.secret)
        async with asyncio.TaskGroup() as group:
            for each in asked:
                group.create_task(self._ask(each, text, message))
        judged = [self._judged_by[each.name] for each in asked if each.name in self._judged_by]
        return await asyncio.to_thread(conditions_of, text, place, outlined, judged, foreign=plan.foreign)

    async def _ask(self, expert: Expert, text: str, message: str) -> None:
        assert expert.group is not None
        answers = FieldAnswers(expert, text, self._place)
        judged = await self._interviews.ask(
            expert,
            message,
            answers.read,
            lambda found: len(found.found),
            f"asking about {expert.group.title}",
            mended=answers.mended,
        )
        if judged is not None:
            self._judged_by[expert.name] = judged

    async def _show(self, found: Edited) -> None:
        """The criteria so far, for those who watch."""
        node = found.draft.node if found.draft.outcome == "ok" else None
        node = None if node is None else tidied(node)
        if node is None or self._emit is quiet:
            return
        shown = render.with_paths(node)
        origins, share = provenance.of_tree(shown, found.draft), provenance.coverage(found.draft)
        await self._emit(Partial(shown, origins, share, draft=True))


def edit_message(said: Instruction, place: Place, panel: Panel) -> str:
    """What the edit expert is asked: the conditions in print order, and the instruction."""
    teller = Teller(place.catalog, said.text)
    told = [teller.leaf(each).text for each in walk.leaves(said.node)[:MOST_SHOWN]]
    return prompt.edit_message(said.text, told, place.clock.today, panel.secret)


def _only(text: str, opened: Sequence[Operation]) -> str:
    """The text with everything blank but the new words of some operations; places stay."""
    shown = [" "] * len(text)
    for each in opened:
        if each.new is not None:
            shown[each.new.start : each.new.end] = text[each.new.start : each.new.end]
    return "".join(shown)
