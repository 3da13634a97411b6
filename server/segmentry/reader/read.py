"""Words to criteria without any model: the one door of the reader.

Pure: no I/O and no clock of its own; the same query, catalog and clock give the same draft, byte for byte.
"""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Everyone
from segmentry.reader import answer
from segmentry.reader.clauses import scan
from segmentry.reader.draft import Draft
from segmentry.reader.frames import means_everyone
from segmentry.reader.idioms import joined
from segmentry.reader.language.text import Text, normalise
from segmentry.reader.language.tokens import part_periods, tokenise
from segmentry.reader.lexicon.lexicon import lexicon
from segmentry.reader.outcomes.scope import MAX_CHARACTERS, Refusal, foreign_language, out_of_scope
from segmentry.reader.quantities.separators import unify
from segmentry.reader.scene import Scene, lay_out
from segmentry.reader.spelling.typos import is_guess, repair

# 2,000 characters of English have 350 to 450 words and signs; what has more is no sentence.
_MOST_TOKENS = 500
# What else a refused text describes is offered for sentences; reading a page twice takes too long.
_MOST_OFFERED = 800


def read(query: str, catalog: Catalog, clock: Clock) -> Draft:
    """Read one query. Never raises on any text; what is not understood is listed or asked about.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.catalog import Field
    >>> shop = Catalog("shop", (Field("orders", "number", integer=True),))
    >>> draft = read("customers with at least 3 orders", shop, Clock.at(datetime(2025, 12, 16, tzinfo=UTC)))
    >>> draft.outcome, draft.node
    ('ok', Leaf(field='orders', operator=<Operator.GTE: 'gte'>, value=3, path=''))
    """
    refused = _unreadable(query)
    if refused is not None:
        return refused
    scene = lay(query, catalog, clock)
    if len(scene.tokens) > _MOST_TOKENS:
        message = f"The query holds {len(scene.tokens):,} words and signs, limit {_MOST_TOKENS}"
        return Draft("refuse", None, 0.0, reason="OUT_OF_SCOPE", message=message)
    found = scan(scene)
    language = foreign_language(scene, found)
    if language is not None:
        message = f"The query seems to be {language}; please say it in English"
        return answer.refused(Refusal("UNSUPPORTED_LANGUAGE", message), None)
    scope = out_of_scope(scene, found)
    if scope is not None:
        if len(query) > _MOST_OFFERED:
            return answer.refused(scope, None)
        # "delete the gold members": the verb is refused, so it must not come back as a status
        blank = query
        for start, end in scope.spans:
            blank = blank[:start] + " " * (end - start) + blank[end:]
        rest = lay(blank, catalog, clock)
        return answer.refused(scope, answer.of(rest, scan(rest)))
    if not found.items_with_conditions and not found.unclaimed and means_everyone(scene):
        return Draft("ok", Everyone(), 0.95, notes=("EVERYONE: no condition was said",))
    return answer.of(scene, found)


def lay(query: str, catalog: Catalog, clock: Clock) -> Scene:
    """The query laid out for the patterns, with its typos repaired."""
    words = lexicon(catalog)
    tokens = part_periods(tokenise(_written(query, catalog)), words.periods)
    tokens = joined(tokens, words)
    repaired_tokens, repaired = repair(tokens, words)
    scene = lay_out(query, repaired_tokens, words, clock)
    scene.repaired = repaired
    if repaired:
        scene.guessed = frozenset(at for at in repaired if is_guess(tokens[at].norm, words))
    return scene


def _written(query: str, catalog: Catalog) -> Text:
    text = normalise(query)
    unified = unify(text.norm, catalog.locale)
    return text if unified is text.norm else text._replace(norm=unified)


def _unreadable(query: str) -> Draft | None:
    if len(query) > MAX_CHARACTERS:
        message = f"The query has {len(query):,} characters, limit {MAX_CHARACTERS:,}"
        return Draft("refuse", None, 0.0, reason="OUT_OF_SCOPE", message=message)
    if not any(char.isalnum() for char in query):
        return Draft(
            "refuse",
            None,
            0.0,
            reason="OUT_OF_SCOPE",
            message="The query is empty; describe the customers you mean",
        )
    return None
