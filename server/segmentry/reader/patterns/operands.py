"""The text after "starts with", "contains" and the like: one word, an address, quotes, or several of them."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Leaf, Node, Operator, Or
from segmentry.reader.language.words import STOP, word_set
from segmentry.reader.scene import Scene

_CLOSING = word_set("and or but , . ; ? ! ) with who yet whose") | {""}
_ENDING = word_set(", ; ? ! )")
_PARTICLES = word_set("of de van von der la le du")
_JOINS = word_set("and or , & nor")


def operand(scene: Scene, at: int) -> tuple[str, int] | None:
    """The text at `at` and the token after it: in quotes, or everything up to the next space."""
    if at >= len(scene.tokens):
        return None
    token = scene.tokens[at]
    if token.kind == "quoted":
        return token.text, at + 1
    end = at + 1
    while end < len(scene.tokens) and scene.tokens[end].glued and scene.word(end) not in _ENDING:
        end += 1
    end = _titled(scene, end) if token.capitalised else end
    text = " ".join(scene.words(at, end).split())
    if text.endswith(".") and len(text) > 1:
        text, end = text[:-1], end - 1
    return (text, end) if text else None


def _titled(scene: Scene, at: int) -> int:
    """The token after the capitalised words that follow at once: "Head of Sales", "New York", "Head of"."""
    while at < len(scene.tokens):
        begin = scene.skip(at, _PARTICLES, 2)
        known = begin == at and scene.matches_at(begin)  # "Head of Sales", though sales is a department
        if begin < len(scene.tokens) and scene.tokens[begin].capitalised and not known:
            at = begin + 1
        else:
            return begin if begin > at and scene.word(begin) in _CLOSING - {"with", "who"} else at
    return at


def alternatives(scene: Scene, at: int, name: str, operator: Operator) -> tuple[Node, int]:
    """The test for the text at `at` and for those that a list adds: "SW or SE", "gmail.com or aol.com"."""
    first = operand(scene, at)
    assert first is not None
    said, joint, end = [first[0]], "", first[1]
    while (following := _next(scene, end, name)) is not None:
        found, joins = following
        if not _alike(scene, at, found[2]) or (joint and joins and joins != {joint}):
            break
        joint = next(iter(joins), joint)
        said.append(found[0])
        end = found[1]
    leaves = tuple(Leaf(name, operator, text) for text in dict.fromkeys(said))
    if len(leaves) == 1 or not joint:
        return leaves[0], first[1]
    # one text has one beginning and one end, so "and" means either there
    every = joint in ("and", "&") and operator is Operator.CONTAINS
    return And(leaves) if every else Or(leaves), end


def elements(scene: Scene, at: int, name: str, first: str) -> tuple[Node, int]:
    """ "Languages include French and German": elements of one list, all of them or any of them."""
    said, joint, end = [first], "", at
    while (following := _next(scene, end, name)) is not None:
        found, joins = following
        if joint and joins and joins != {joint}:
            break
        joint = next(iter(joins), joint if scene.word(end) == "," else "")
        said.append(found[0])
        end = found[1]
    if len(said) == 1:
        return Leaf(name, Operator.CONTAINS, first), at
    if joint == "or":
        return Leaf(name, Operator.IN, tuple(said)), end
    return And(tuple(Leaf(name, Operator.CONTAINS, text) for text in said)), end


def _next(scene: Scene, at: int, name: str) -> tuple[tuple[str, int, int], set[str]] | None:
    """The text that a list goes on with, its end and its beginning, and the words that join it."""
    if scene.word(at) not in _JOINS:
        return None
    begin = scene.skip(at, _JOINS, 2)
    joins = {scene.word(step) for step in range(at, begin)} & {"and", "or", "&"}
    found = operand(scene, begin) if _is_element(scene, begin, name) else None
    if found is None or scene.word(found[1]) not in _CLOSING:
        return None
    return (found[0], found[1], begin), joins


def _is_element(scene: Scene, at: int, name: str) -> bool:
    """A lone word at the end of a clause that no other column claims but as a country."""
    if at >= len(scene.tokens):
        return False
    token = scene.tokens[at]
    if token.kind == "quoted" or token.norm in (".", "@"):
        return True
    taken = any(entry.field != name for match in scene.matches_at(at) for entry in match.entries)
    return (
        not taken
        and not (token.norm in STOP or token.norm in scene.lexicon.entities)
        and token.kind
        in (
            "word",
            "number",
        )
    )


def _alike(scene: Scene, one: int, other: int) -> bool:
    """Whether both are written in one manner: in quotes, with a capital, in small letters, in digits."""
    first, second = scene.tokens[one], scene.tokens[other]
    if first.kind != second.kind or first.kind == "quoted":
        return first.kind == second.kind
    return first.capitalised == second.capitalised
