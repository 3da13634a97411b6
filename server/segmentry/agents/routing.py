"""Which specialists are asked: those whose fields the open phrases may be about, and all when in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.agents.groups import Group
from segmentry.reader.outline import Outline

# More at once than this wait for a second wave.
MOST_AT_ONCE = 8

Waves = tuple[tuple[Group, ...], tuple[Group, ...]]


def route(
    outline: Outline, groups: Sequence[Group], *, everywhere: bool = False, closed_too: bool = False
) -> Waves:
    """The groups to ask now, and those of a second wave for words that nobody claims.

    It fails open: an open phrase with a word that no field explains may be about any group, and `everywhere`
    says so of all. Groups that the words name come first. Nothing open: nobody is asked, unless `closed_too`.
    """
    phrases = outline.phrases if closed_too or everywhere else outline.open
    if not phrases and not everywhere:
        return (), ()
    named = {name for phrase in phrases for name in phrase.fields}
    hits = {group.name: len(named & group.keys.keys()) for group in groups}
    ranked = sorted(groups, key=lambda group: -hits[group.name])
    doubt = everywhere or any(not each.explained or not each.fields for each in phrases)
    wanted = ranked if doubt else [group for group in ranked if hits[group.name]]
    later = [] if doubt else [group for group in ranked if not hits[group.name]]
    return tuple(wanted[:MOST_AT_ONCE]), (*wanted[MOST_AT_ONCE:], *later)
