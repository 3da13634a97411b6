"""Tables with canaries: values that nobody but the owner of the table has a reason to see."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from segmentry.criteria import catalog_toml
from segmentry.criteria.catalog import Catalog
from segmentry.customers import inline
from segmentry.errors import JsonValue

AS_OF: Final = datetime(2025, 12, 16, 10, tzinfo=UTC)
# In every text that is a canary; the numbers and dates are on their own.
MARK: Final = "qzx"
_PLANS: Final = ("Qzxbasic", "Qzxplus", "Qzxgold")
_TOWNS: Final = ("Qzxham", "Qzxford", "Qzxton", "Qzxbury")
_LARGEST, _EARLIEST, _PHONE = "7741177.25", "1987-03-17", "+27825550"
NEVER: Final = (MARK, _LARGEST[:7], _EARLIEST, _PHONE)
HEADER: Final = (
    "customer_id,email,first_name,plan,town,newsletter,birth_date,signup_date,spend,visits,phone,tags,notes"
)


def rows() -> list[dict[str, JsonValue]]:
    """240 customers, in every column something that must stay in the table."""
    found: list[dict[str, JsonValue]] = []
    for at in range(240):
        values: tuple[JsonValue, ...] = (
            f"QZX-{at:05}",
            f"qzx{at}@qzxmail.example",
            f"Qzxna{chr(97 + at % 26)}{chr(97 + at // 26)}",
            _PLANS[at % 3],
            _TOWNS[at % 4],
            "yes" if at % 2 else "no",
            _EARLIEST if at == 7 else f"19{60 + at % 30}-0{1 + at % 9}-1{at % 9}",
            f"2024-{1 + at % 12:02}-03",
            _LARGEST if at == 11 else f"{at * 3}.5",
            str(at % 9),
            f"{_PHONE}{at:04}",
            f'["Qzxtag{at % 3}"]',
            f"Qzx wrote to us on day {at} about the invoice",
        )
        found.append(dict(zip(HEADER.split(","), values, strict=True)))
    return found


def file(folder: Path) -> Path:
    """The customers as a CSV file."""
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        written = csv.writer(opened)
        written.writerow(HEADER.split(","))
        written.writerows(row.values() for row in rows())
    return path


def from_inline() -> Catalog:
    """The catalog of the same customers as sample rows beside a schema of names and types."""
    schema: JsonValue = [
        {"name": name, "type": "number" if name in {"spend", "visits"} else "string"}
        for name in HEADER.split(",")
    ]
    return inline.catalog(schema, list(rows()))


def private() -> Catalog:
    """A catalog that says canaries of fields which models, or callers too, may not know about."""
    return catalog_toml.loads(
        """
        [catalog]
        schema = "private"

        [[field]]
        name = "plan"
        type = "enum"
        values = ["BASIC", "PLUS"]
        description = "What they pay for."

        [[field]]
        name = "qzxscore"
        type = "number"
        hidden = true
        description = "Qzx score of the debt collector"
        synonyms = ["qzx rating"]

        [[field]]
        name = "qzxrisk"
        type = "enum"
        llm = "hidden"
        description = "Qzx risk class"
        synonyms = ["qzx danger"]
        values = ["QZXHIGH", "QZXLOW"]

        [[field]]
        name = "ward"
        type = "enum"
        llm = "name"
        description = "Where they are treated."
        synonyms = ["qzx ward"]
        values = [{ value = "QZXONCOLOGY", synonyms = ["qzx tumour"] }, "QZXEYES"]

        [[field]]
        name = "income"
        type = "number"
        llm = "name"
        synonyms = ["qzx earnings"]
        range = [0, 7741177]
        bands = [{ phrase = ["qzx rich"], op = "gte", value = 7741177 }]

        [[field]]
        name = "surname"
        type = "string"
        pii = true
        description = "Qzx family name, never to be told"
        synonyms = ["qzx family"]
        """
    )
