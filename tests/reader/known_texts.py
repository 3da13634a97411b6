"""The texts that a case must not repeat: what writers of rules read, and what the rules themselves hold."""

from __future__ import annotations

import ast
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import yaml
from rapidfuzz import fuzz
from segmentry.criteria.strict_json import decode

from tests.architecture.checkout import TOP, sources

NEAR = 90
# Three words in common say little: "gold members" stands in half of all queries.
_LEAST_WORDS = 4
_LEAST_SHARE = 2 / 3
_QUOTED = re.compile(r"[\"“`']([^\"”`\n]{8,300}?)[\"”`']")
_INPUT = re.compile(r"^Input: (.+)$", re.MULTILINE)
_SPACE = re.compile(r"\\s[+*?]?")


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it stands."""

    said: str
    where: str


def normal(text: str) -> str:
    """The words of a text in one case, without anything between them.

    >>> normal("  Gold, SILVER-members that haven't? ")
    'gold silver members that havent'
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return " ".join(re.findall(r"[^\W_]+", plain))


def known() -> list[Text]:
    """Everything written by people who write rules, and what they test them on."""
    return [*_sentences(), *_constants("tests", "server/segmentry/reader"), *_pages(), *_prompts()]


def of_catalogs() -> list[Text]:
    """The descriptions and synonyms of the tables.

    A query has to say what a field is called, so it may be like one of these; but never the same, or the
    catalog was written for it.
    """
    packaged = TOP / "server/segmentry/customers/catalogs"
    found: list[Text] = []
    for path in sorted({*packaged.glob("*.toml"), *(TOP / "evals/catalogs").glob("*.toml")}):
        found += _strings(tomllib.loads(path.read_text(encoding="utf-8")), str(path.relative_to(TOP)))
    for path in sorted((TOP / "evals/schemas").glob("*.json")):
        raw = cast("Mapping[str, object]", decode(path.read_text(encoding="utf-8")))
        found += _strings(raw["schema"], str(path.relative_to(TOP)))
    return found


def _sentences() -> Iterator[Text]:
    for path in sorted((TOP / "tests/reader/sentences").glob("*.yaml")):
        for row in cast("Sequence[Sequence[str]]", yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield Text(row[0], f"tests/reader/sentences/{path.name}")


def _constants(*folders: str) -> Iterator[Text]:
    for path, tree in sources(*folders):
        if path.startswith(("tests/evals/", "tests/reader/test_apart_from_cases")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (Text(line, f"{path}:{node.lineno}") for line in node.value.splitlines())


def _pages() -> Iterator[Text]:
    for path in sorted({*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("clients/*/*.md")}):
        for quoted in _QUOTED.findall(path.read_text(encoding="utf-8")):
            yield Text(quoted, str(path.relative_to(TOP)))


def _prompts() -> Iterator[Text]:
    """The inputs of the examples that a model is taught by, whole and phrase by phrase."""
    for path in sorted((TOP / "server/segmentry/agents/prompts").glob("*.md")):
        where = str(path.relative_to(TOP))
        for said in _INPUT.findall(path.read_text(encoding="utf-8")):
            yield Text(said, where)
            yield Text(said.rpartition("request: ")[2].rpartition("instruction: ")[2], where)
            yield from (Text(quoted, where) for quoted in _QUOTED.findall(said))


def _strings(value: object, where: str) -> Iterator[Text]:
    match value:
        case str():
            yield Text(value, where)
        case list():
            for each in cast("list[object]", value):
                yield from _strings(each, where)
        case dict():
            for each in cast("dict[str, object]", value).values():
                yield from _strings(each, where)
        case _:
            return


def phrases_of_tables() -> list[Text]:
    """Phrases of four words or more in the reader's tables and patterns, without comments and docstrings."""
    found: list[Text] = []
    for path, tree in sources("server/segmentry/reader"):
        documented = {id(each) for each in _docstrings(tree)}
        for node in ast.walk(tree):
            if (
                not isinstance(node, ast.Constant)
                or not isinstance(node.value, str)
                or id(node) in documented
            ):
                continue
            parts = re.split(r"[|()\n]", _SPACE.sub(" ", node.value))
            found += [
                Text(part, f"{path}:{node.lineno}")
                for part in parts
                if len(normal(part).split()) >= _LEAST_WORDS
            ]
    return found


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


class Index:
    """Texts to look others up in, near or the same."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._by_said = {said: each for each in reversed(texts) if (said := normal(each.said))}
        self._words = {
            said: words for said in self._by_said if len(words := set(said.split())) >= _LEAST_WORDS
        }
        self._with: dict[str, list[str]] = {}
        for said, words in self._words.items():
            for word in words:
                self._with.setdefault(word, []).append(said)

    def same(self, text: str) -> Text | None:
        """A text with the same words in the same order."""
        return self._by_said.get(normal(text))

    def like(self, text: str) -> Text | None:
        """A text with the same words, or with nearly the same set of words and about as many of them."""
        said = normal(text)
        if said in self._by_said:
            return self._by_said[said]
        for other in self._perhaps(set(said.split())):
            if fuzz.token_set_ratio(said, other) >= NEAR:
                return self._by_said[other]
        return None

    def _perhaps(self, own: set[str]) -> list[str]:
        """Texts of about as many words of which half are the same; the others never come near.

        Half of two thirds is a third, so one of the rarest two thirds of the words (and one more) is shared.
        """
        rarest = sorted(own, key=lambda word: len(self._with.get(word, ())))[: len(own) - len(own) // 3 + 1]
        found: list[str] = []
        for other in dict.fromkeys(said for word in rarest for said in self._with.get(word, ())):
            words = self._words[other]
            fewest, most = sorted((len(own), len(words)))
            if fewest >= max(_LEAST_WORDS, _LEAST_SHARE * most) and 2 * len(own & words) >= fewest:
                found.append(other)
        return found
