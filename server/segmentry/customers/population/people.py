"""Identity and contact: names, where people live, how to reach them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segmentry.customers.population import words
from segmentry.customers.population.draw import Ints, codes, generator, pick

SUBJECT = 1
CITIES = tuple(city for _, _, _, cities in words.COUNTRIES for city in cities)
# Domains kept for examples (RFC 2606), and their national twins, which nobody mails to.
DOMAINS = ("example.com", "example.org", "example.net", "example.co.za", "example.co.uk")


@dataclass(frozen=True)
class People:
    """(n,) each. `country_index` is set for everyone; `country` leaves out those who never said."""

    country_index: Ints
    country: npt.NDArray[np.uint8]
    city: npt.NDArray[np.uint8]
    first_name: npt.NDArray[np.uint8]
    last_name: npt.NDArray[np.uint8]
    email: pl.Series
    phone: pl.Series


def draw(seed: int, chunk: int, first_member: int, n: int) -> People:
    """`n` people, the first of them member number `first_member` (which makes e-mails unique)."""
    rng = generator(seed, SUBJECT, chunk)
    country_index = pick(rng, [share for _, share, _, _ in words.COUNTRIES], n)
    city_counts = np.array([len(cities) for _, _, _, cities in words.COUNTRIES])
    city_starts = np.concatenate([[0], np.cumsum(city_counts)[:-1]])
    # The square makes the first, larger cities likelier.
    nth_city = np.floor(rng.random(n) * rng.random(n) * city_counts[country_index]).astype(np.int64)
    city_index = city_starts[country_index] + nth_city
    first_index = rng.integers(0, len(words.FIRST_NAMES), n)
    last_index = rng.integers(0, len(words.LAST_NAMES), n)
    country_unset = rng.random(n) < 0.03
    return People(
        country_index=country_index,
        country=codes(country_index, country_unset),
        city=codes(city_index, country_unset | (rng.random(n) < 0.06)),
        first_name=codes(first_index, rng.random(n) < 0.02),
        last_name=codes(last_index, rng.random(n) < 0.03),
        email=_emails(rng, first_index, last_index, country_index, first_member),
        phone=_phones(rng, country_index, n),
    )


def _emails(
    rng: np.random.Generator, first_index: Ints, last_index: Ints, country_index: Ints, first_member: int
) -> pl.Series:
    n = len(first_index)
    domain = rng.integers(0, 3, n)
    national = rng.random(n) < 0.4
    domain = np.where(
        national & (country_index == 0), 3, np.where(national & (country_index == 1), 4, domain)
    )
    parts = pl.DataFrame(
        {
            "first": pl.Series([_ascii(name) for name in words.FIRST_NAMES]).gather(pl.Series(first_index)),
            "last": pl.Series([_ascii(name) for name in words.LAST_NAMES]).gather(pl.Series(last_index)),
            "number": np.arange(first_member, first_member + n),
            "domain": pl.Series(DOMAINS).gather(pl.Series(domain)),
        }
    )
    written = parts.select(pl.format("{}.{}{}@{}", "first", "last", "number", "domain")).to_series()
    return written.set(pl.Series(rng.random(n) < 0.04), None)


def _ascii(name: str) -> str:
    """The name as it would stand in an e-mail address: `O'Brien` -> `obrien`."""
    decomposed = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")


def _phones(rng: np.random.Generator, country_index: Ints, n: int) -> pl.Series:
    """E.164 numbers that reach nobody: the ranges kept for drama in GB and North America, and a subscriber
    part that starts with 00 elsewhere, which no exchange gives out."""
    digits = rng.integers(0, 10_000_000, n)
    calling_code = pl.Series([code for _, _, code, _ in words.COUNTRIES]).gather(pl.Series(country_index))
    american = np.isin(country_index, [index for index, row in enumerate(words.COUNTRIES) if row[2] == "1"])
    british = country_index == 1
    number = pl.DataFrame(
        {
            "code": calling_code,
            "plain": pl.Series(digits).cast(pl.String).str.zfill(7),
            "area": pl.Series(200 + digits % 800).cast(pl.String),
            "line": pl.Series(digits // 800 % 100).cast(pl.String).str.zfill(2),
            "drama": pl.Series(digits % 1000).cast(pl.String).str.zfill(3),
            "american": american,
            "british": british,
        }
    ).select(
        pl.when("british")
        .then(pl.format("+447700900{}", "drama"))
        .when("american")
        .then(pl.format("+1{}55501{}", "area", "line"))
        .otherwise(pl.format("+{}00{}", "code", "plain"))
    )
    return number.to_series().set(pl.Series(rng.random(n) < 0.12), None)
