# ruff: noqa: E501 - word tables read better in long lines
"""Which language a query is in, by its script and its small words; values may be foreign, sentences not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from segmentry.reader.language.words import ENTITY, EVERYDAY, FRAME, FUNCTION_WORDS, NEGATORS, STOP, word_set

# Nouns for customers, verbs and small words beside those that typos never "repair".
_MORE: Final[dict[str, frozenset[str]]] = {
    "German": word_set(
        "einem einen einer eines kunde kundinnen nutzer nutzerinnen benutzer schüler schülerinnen mitglied fahrer wohnen "
        "wohnt deren dessen aktive gib bitte auf ich wir bis jahre jahren tage monaten monate letzten hohem hoher hohe "
        "weniger wurde wurden auch noch nur sich bestellt gekauft gesehen seit mehr"
    ),
    "French": word_set(
        "membres membre abonnés clientes fidèles actifs actives à habitent habitant est-ce donne donnez je nous leur "
        "leurs cette mois année jours dernier dernière deux trois fait ont n'ont d'un d'une utilisateurs ayant "
        "liste chauffeurs élèves étudiants joueurs inactifs lesquels combien vivant"
    ),
    "Spanish": word_set(
        "usuarios usuarias miembros socios clientas activos activas saldo viven tienen han ha hayan lista dame cuántos "
        "conductores jugadores alumnos estudiantes último última año mes meses nunca diez tres compras reservas mayores quiero"
    ),
    "Italian": word_set(
        "utenti membri soci attivi attive che hanno vivono dammi elenco quanti tre due mesi anno ultimo ultima mai "
        "giocatori studenti acquisti prenotato abitano degli dei nei sul"
    ),
    "Portuguese": word_set(
        "usuários membros sócios ativos ativas compraram fizeram nunca ano mês meses dois três lista quantos moram vivem "
        "jogadores alunos pela pelo nos nas"
    ),
    "Dutch": word_set(
        "leden gebruikers klant actieve onder boven jaar maanden maand week afgelopen hebben wonen woont geef lijst "
        "hoeveel nooit spelers studenten tien twee drie iets hebt onze voor bij naar niets"
    ),
    "Afrikaans": word_set(
        "lede gebruikers afgelope maand maande jaar nooit woon gee lys hoeveel spelers ons onder twee drie tien en"
    ),
    "Danish, Norwegian or Swedish": word_set(
        "kunder som ikke inte har og och med uten utan uden medlemmer medlemmar alle alla bor fra från siden sedan over "
        "mer mere enn än end de den det til till på av af vis visa brukere användare brugere eller ikke siste sidste"
    ),
    "Polish": word_set(
        "klienci klientów którzy które nie bez lub oraz od do dla więcej niż mniej ostatnich dni miesięcy "
        "wszyscy pokaż użytkownicy członkowie"
    ),
    "Turkish": word_set(
        "müşteriler müşteri olan ve veya son gün ay yıl daha fazla göster tüm üyeler kullanıcılar için ile"
    ),
    "Indonesian or Malay": word_set(
        "pelanggan yang dan atau tidak dengan dari dalam hari bulan tahun semua tampilkan lebih anggota"
    ),
    "Romanian": word_set(
        "clienți clienții care și sau fără pentru ultimele zile luni ani mai mult decât toți arată"
    ),
    "Finnish": word_set("asiakkaat jotka eivät ja tai ovat kaikki yli alle viime päivää näytä ei joilla"),
    "Hungarian": word_set("ügyfelek akik nem és vagy az egy minden mutasd több mint napban"),
    "Czech or Slovak": word_set(
        "zákazníci kteří nebo bez více než posledních dní měsíců všichni zobraz ktorí viac"
    ),
}
_KNOWN: Final[dict[str, frozenset[str]]] = {
    name: FUNCTION_WORDS.get(name, frozenset[str]()) | _MORE.get(name, frozenset[str]())
    for name in (*FUNCTION_WORDS, *(other for other in _MORE if other not in FUNCTION_WORDS))
}
_OF_WORD: Final[dict[str, tuple[str, ...]]] = {}
for _language, _words in _KNOWN.items():
    for _word in _words:
        _OF_WORD[_word] = (*_OF_WORD.get(_word, ()), _language)
_FEW: Final = 2
_ENGLISH: Final = STOP | FRAME | ENTITY | EVERYDAY | NEGATORS
_ANY: Final = frozenset(_OF_WORD) - _ENGLISH
_SCRIPTS: Final = {
    "Cjk": "Chinese or Japanese",
    "Hiragana": "Japanese",
    "Katakana": "Japanese",
    "Hangul": "Korean",
    "Cyrillic": "Russian or another Cyrillic language",
    "Devanagari": "Hindi",
}


def script(query: str) -> str | None:
    """The language of a query most of whose letters are not Latin, or None."""
    if query.isascii():
        return None
    letters = [char for char in query if char.isalpha()]
    other = [
        char
        for char in letters
        if not unicodedata.name(char, "LATIN").startswith(("LATIN", "FEMININE", "MASCULINE", "FULLWIDTH"))
    ]
    if len(other) * 2 <= len(letters):
        return None
    kind = unicodedata.name(other[0], "UNKNOWN").split()[0].title()
    if any(unicodedata.name(char, "").startswith(("HIRAGANA", "KATAKANA")) for char in other):
        kind = "Hiragana"
    return _SCRIPTS.get(kind, kind)


def language(words: Iterable[tuple[str, bool]]) -> str | None:
    """The language of `words` (in lower case; True where a condition claims the word), None for English.

    A word that English has too counts for neither side; a claimed one may be a value ("Le Mans").
    """
    listed = list(words)
    foreign = [word for word, claimed in listed if not claimed and word in _ANY]
    accented = [
        word
        for word, claimed in listed
        if not claimed and not word.isascii() and word not in _ANY and len(word) > 1
    ]
    if not foreign:
        return None
    scores: dict[str, int] = {}
    for word, _ in listed:
        # a word that English has as well ("die", "clients") may still tell two languages apart
        for name in _OF_WORD.get(word, ()):
            scores[name] = scores.get(name, 0) + (2 if word in _ANY else 1)
    english = sum(1 for word, _ in listed if word in _ENGLISH and word not in _OF_WORD)
    evidence = len(foreign) + len(accented)
    unread = sum(1 for word, claimed in listed if not claimed and word not in _ENGLISH)
    if evidence <= english or (evidence == 1 and unread > _FEW):
        return None
    return max(scores.items(), key=lambda item: item[1])[0]
