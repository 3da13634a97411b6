"""Whether a caller's answers pick readings of a draft: then nothing in it is open any more."""

from __future__ import annotations

from segmentry.builder import readings
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.reader.draft import Draft


def settled(draft: Draft, place: Place, options: Options) -> bool:
    """Whether there are answers, all of them readings that the draft itself offers."""
    if not options.answers:
        return False
    own = {each.reading_id for each in readings.candidates(draft, place) if each is not None}
    node = None if draft.node is None else tidied(draft.node)
    if node is not None:
        own.add(readings.reading_id(node, place))
    return {each.reading_id for each in options.answers} <= own
