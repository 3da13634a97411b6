"""Tables of other trades than golf, written down as catalogs: the reader must not know any of them."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog, EventType, Field, FieldValue


def _values(*values: str | int) -> tuple[FieldValue, ...]:
    return tuple(FieldValue(value) for value in values)


SHOP = Catalog(
    "shop",
    (
        Field("customer_id", "string", role="id"),
        Field("email", "string", pii=True, format="email"),
        Field("country", "string", samples=("DE", "FR", "GB", "US", "ES")),
        Field("city", "string", samples=("Berlin", "Paris", "London", "Madrid")),
        Field("gender", "enum", values=_values("F", "M", "X")),
        Field("age", "number", integer=True, minimum=16, maximum=99),
        Field("total_orders", "number", integer=True, minimum=0),
        Field("total_spent", "number", unit="USD", minimum=0),
        Field("average_order_value", "number", minimum=0),
        Field("last_order_date", "datetime", tense="past"),
        Field("signup_date", "datetime", tense="past"),
        Field("loyalty_tier", "enum", values=_values("bronze", "silver", "gold")),
        Field("newsletter", "boolean"),
        Field("acquisition_channel", "enum", values=_values("organic", "paid search", "social", "referral")),
        Field("has_app", "boolean"),
        Field("return_rate", "number", minimum=0, maximum=1),
        Field("tags", "array", samples=("vip", "wholesale", "fraud-risk")),
    ),
)
GYM = Catalog(
    "gym",
    (
        Field("memberId", "string", role="id"),
        Field("firstName", "string", pii=True),
        Field("plan", "enum", values=_values("Basic", "Plus", "Premium")),
        Field("homeGym", "string", samples=("Camden", "Shoreditch", "Brixton")),
        Field("visitsLast30d", "number", integer=True, window_days=30),
        Field("joinDate", "datetime"),
        Field("lastVisit", "datetime"),
        Field("contractEnd", "datetime", tense="future"),
        Field("monthlyFee", "number", unit="GBP"),
        Field("personalTrainer", "boolean"),
        Field("birthDate", "datetime"),
        Field("frozen", "boolean"),
        Field("weightKg", "number"),
        Field("referredBy", "string"),
        Field("paymentStatus", "enum", values=_values("paid", "overdue", "failed")),
    ),
)
SAAS = Catalog(
    "saas",
    (
        Field("account_name", "string"),
        Field("plan", "enum", values=_values("free", "starter", "pro", "enterprise")),
        Field("seats", "number", integer=True),
        Field(
            "mrr",
            "number",
            description="Monthly recurring revenue",
            unit="cents",
            minimum=0,
            maximum=50_000_00,
        ),
        Field("nps", "number", integer=True, minimum=-100, maximum=100),
        Field("industry", "string", samples=("Healthcare", "Retail", "Fintech", "Education")),
        Field("country_code", "string", format="iso3166-alpha2"),
        Field("last_login_at", "datetime"),
        Field("created_at", "datetime"),
        Field("trial_ends_at", "datetime", tense="future"),
        Field("is_churned", "boolean"),
        Field("open_tickets", "number", integer=True),
        Field("sso_enabled", "boolean"),
        Field("usage_pct", "number", minimum=0, maximum=100),
        Field("owner_email", "string", pii=True),
    ),
    events=(EventType("login"), EventType("export", synonyms=("exported a report", "exported"))),
)
HOTEL = Catalog(
    "hotel",
    (
        Field("Guest Name", "string"),
        Field("Room Type", "string", samples=("Suite", "Double", "Single", "Penthouse")),
        Field("Nationality", "string", samples=("France", "Germany", "United States", "Japan")),
        Field("Loyalty Level", "string", samples=("Blue", "Silver", "Gold", "Platinum")),
        Field("Breakfast Included", "string", samples=("Yes", "No")),
        Field("Booking Channel", "string", samples=("Direct", "Booking.com", "Expedia", "Phone")),
        Field("Nights / Stay", "string", samples=("1", "2", "3", "7")),
        Field("Notes", "string"),
    ),
)
WIDE = Catalog(
    "wide",
    (
        *(Field(f"metric_{i:03d}_score", "number") for i in range(190)),
        Field("region", "enum", values=_values("north", "south", "east", "west")),
        Field("balance", "number"),
        Field("segment_code", "string", samples=("A1", "B2", "C3")),
        Field("opened_on", "datetime"),
        Field("active", "boolean"),
        Field("Señal", "string", samples=("rápida", "lenta")),
    ),
)
AIRLINE = Catalog(
    "airline",
    (
        Field("passengerId", "string", role="id"),
        Field("fullName", "string", pii=True),
        Field("statusLevel", "enum", values=_values("Blue", "Silver", "Gold", "Platinum")),
        Field("miles_balance", "number", integer=True, minimum=0),
        Field("flights_last_12m", "number", integer=True, window_days=365),
        Field("last_flight_at", "datetime"),
        Field("enrolled_at", "datetime"),
        Field("home_airport", "string", samples=("JNB", "LHR", "CPT", "JFK")),
        Field("seat_preference", "enum", values=_values("window", "aisle", "none")),
        Field("meal", "string", samples=("vegan", "kosher", "standard")),
        Field("country", "string", samples=("South Africa", "United Kingdom", "Germany")),
        Field("lounge_access", "boolean"),
        Field("passport_expiry", "datetime"),
        Field("total_spend_usd", "number"),
        Field("age", "number", integer=True),
        Field("complaints", "number", integer=True),
        Field("marketing_opt_in", "boolean"),
        Field("nps_score", "number", integer=True),
    ),
)
CHARITY = Catalog(
    "charity",
    (
        Field("donor_name", "string", pii=True),
        Field("donor_type", "enum", values=_values("individual", "corporate", "foundation")),
        Field("total_donated", "number"),
        Field("donation_count", "number", integer=True),
        Field("last_donation_date", "datetime"),
        Field("first_donation_date", "datetime"),
        Field("region", "enum", values=_values("North East", "South West", "London", "Scotland")),
        Field("gift_aid", "string", values=_values("Y", "N"), boolean_like=True),
        Field("recurring", "boolean"),
        Field("average_gift", "number"),
        Field("preferred_channel", "enum", values=_values("email", "post", "phone")),
        Field("volunteer", "boolean"),
        Field("age_band", "enum", values=_values("18-34", "35-54", "55+")),
        Field("engagement", "number", minimum=0, maximum=10),
    ),
)
ALL = {
    "airline": AIRLINE,
    "charity": CHARITY,
    "shop": SHOP,
    "gym": GYM,
    "saas": SAAS,
    "hotel": HOTEL,
    "wide": WIDE,
}
