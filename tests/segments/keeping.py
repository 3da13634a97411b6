"""Short forms of what the tests of saved segments do all the time."""

from __future__ import annotations

from segmentry.criteria import parse
from segmentry.segments.record import SavedSegment
from segmentry.segments.service import Change, Definition, SegmentService

from tests.segments.conftest import NOW


async def keep(
    service: SegmentService, text: str, name: str = "A", *, tenant: str = "demo", schema: str = ""
) -> SavedSegment:
    """Save criteria."""
    return await service.create(tenant, schema, Definition(name, "", parse.loads(text)), now=NOW)


async def rewrite(service: SegmentService, saved: SavedSegment, text: str) -> SavedSegment:
    """Give a saved segment other criteria."""
    change = Change(node=parse.loads(text))
    return await service.update("demo", saved.segment_id, saved.etag, change, now=NOW)


def naming(*saved: SavedSegment) -> str:
    """Criteria that name those segments."""
    items = ",".join(f'{{"$segment":"{each.segment_id}"}}' for each in saved)
    return f'{{"$and":[{items}]}}'
