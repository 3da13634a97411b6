"""Tables of three more trades, for queries that ask for what they do not hold."""

from __future__ import annotations

from typing import Final

from segmentry.criteria.catalog import Catalog, Field

ASKING: Final = {
    "cinema": Catalog(
        "cinema",
        (
            Field("guest_id", "string", role="id"),
            Field("tier", "enum", samples=("bronze", "silver", "gold")),
            Field("home_site", "enum", samples=("Leith", "Didsbury", "Clifton")),
            Field("tickets_12m", "number", integer=True),
            Field("snack_spend_gbp", "number"),
            Field("total_spend_gbp", "number"),
            Field("last_visit_date", "datetime"),
            Field("joined_on", "datetime"),
            Field("email_consent", "boolean"),
            Field("fav_genre", "enum", samples=("horror", "comedy", "drama", "sci-fi")),
        ),
    ),
    "vet": Catalog(
        "vet",
        (
            Field("ownerId", "string", role="id"),
            Field("species", "enum", samples=("dog", "cat", "rabbit", "parrot")),
            Field("breed", "string"),
            Field("petAgeYears", "number"),
            Field("weightKg", "number"),
            Field("isNeutered", "boolean"),
            Field("plan", "enum", samples=("Basic", "Plus", "Total")),
            Field("balanceDue", "number"),
            Field("visitsLastYear", "number", integer=True),
            Field("lastVisit", "datetime"),
            Field("nextVaccinationDue", "datetime"),
            Field("town", "string", samples=("Ghent", "Bruges", "Leuven")),
        ),
        entity_nouns=("owner", "pet"),
    ),
    "coworking": Catalog(
        "coworking",
        (
            Field("member_no", "string", role="id"),
            Field("desk_type", "enum", samples=("hot desk", "fixed desk", "private office")),
            Field("membership_status", "enum", samples=("active", "paused", "cancelled")),
            Field("monthly_fee", "number"),
            Field("bookings_30d", "number", integer=True),
            Field("bookings_90d", "number", integer=True),
            Field("seats", "number", integer=True),
            Field("started_at", "datetime"),
            Field("renewal_date", "datetime"),
            Field("last_checkin_at", "datetime"),
            Field("has_parking", "boolean"),
            Field("company", "string"),
            Field("city", "string", samples=("Tallinn", "Riga", "Vilnius")),
        ),
    ),
}
