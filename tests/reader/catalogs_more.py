"""Five more tables that no rule was written for: flags, codes and dates as real files keep them."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog, Field, FieldValue


def _values(*values: str | int) -> tuple[FieldValue, ...]:
    return tuple(FieldValue(value) for value in values)


INSURER = Catalog(
    "insurer",
    (
        Field("policy_no", "string", role="id"),
        Field("full_name", "string", pii=True),
        Field("date_of_birth", "datetime"),
        Field("policy_type", "enum", values=_values("auto", "home", "life", "travel")),
        Field("annual_premium", "number", unit="EUR", minimum=0, maximum=9000),
        Field("claims_count", "number", integer=True, minimum=0),
        Field("last_claim_date", "datetime"),
        Field("policy_start", "datetime"),
        Field("policy_end", "datetime"),
        Field("smoker", "enum", samples=("Yes", "No")),
        Field("has_children", "boolean"),
        Field("region", "enum", samples=("North West", "South East", "Greater London", "Wales")),
        Field("marital_status", "enum", values=_values("single", "married", "divorced", "widowed")),
        Field("risk_score", "number", minimum=0, maximum=1),
        Field("deductible_eur", "number", integer=True, unit="EUR"),
        Field("agent", "string", samples=("O'Brien", "Smith-Jones", "Van der Berg")),
        Field("payment_frequency", "enum", values=_values("monthly", "quarterly", "annual")),
        Field("email_opt_in", "number", integer=True, values=_values(0, 1), boolean_like=True),
    ),
)
STREAMING = Catalog(
    "streaming",
    (
        Field("user_id", "string", role="id"),
        Field("subscription_plan", "enum", samples=("Basic", "Standard", "Premium", "Family")),
        Field("monthly_price_usd", "number", unit="USD"),
        Field("watch_hours_30d", "number", window_days=30),
        Field("last_watched_at", "datetime"),
        Field("signup_date", "datetime"),
        Field("is_trial", "boolean"),
        Field("auto_renew", "enum", samples=("Y", "N")),
        Field("favorite_genre", "enum", samples=("Drama", "Sci-Fi", "Comedy", "True Crime", "Kids")),
        Field("primary_device", "enum", samples=("Smart TV", "Mobile", "Tablet", "Web")),
        Field("country", "string", samples=("Germany", "Brazil", "South Korea", "United States")),
        Field("num_profiles", "number", integer=True, minimum=1, maximum=6),
        Field("completion_rate", "number", minimum=0, maximum=1),
        Field("age_group", "enum", samples=("18-24", "25-34", "35-44", "45+")),
        Field("parental_controls", "boolean"),
        Field("tags", "array", samples=("binge-watcher", "early-adopter", "at-risk")),
        Field("cancelled_at", "datetime"),
    ),
)
KONTO = Catalog(
    "konto",
    (
        Field("kunden_id", "string", role="id"),
        Field("konto_stand", "number", unit="EUR", synonyms=("account balance", "balance")),
        Field("credit_limit_eur", "number", integer=True),
        Field("account_type", "enum", samples=("current", "savings", "joint", "business")),
        Field("opened_on", "datetime"),
        Field("last_login_date", "datetime"),
        Field("birth_date", "datetime"),
        Field("is_active", "number", integer=True, values=_values(0, 1), boolean_like=True),
        Field("has_mortgage", "enum", samples=("Y", "N")),
        Field("credit_card", "boolean"),
        Field("branch_city", "string", samples=("Munich", "Bad Homburg", "Frankfurt", "Hamburg")),
        Field("risk_class", "enum", samples=("A", "B", "C")),
        Field("monthly_income_eur", "number", minimum=0),
        Field("monthly_spending_eur", "number", minimum=0),
        Field("interest_rate", "number", minimum=0, maximum=1),
        Field("occupation", "enum", samples=("teacher", "manager", "retired", "student", "self-employed")),
        Field("overdraft_days_90d", "number", integer=True, window_days=90),
        Field("nationality", "string", samples=("DE", "AT", "CH", "TR")),
    ),
)
USAGE = Catalog(
    "usage",
    (
        Field("accountId", "string", role="id"),
        Field("planName", "enum", samples=("Free", "Team", "Business", "Enterprise")),
        Field("isPaying", "boolean"),
        Field("isTrial", "boolean"),
        Field("seatCount", "number", integer=True),
        Field("apiCalls7d", "number", integer=True, window_days=7),
        Field("apiCalls30d", "number", integer=True, window_days=30),
        Field("storageGb", "number"),
        Field("lastSeenAt", "datetime"),
        Field("createdAt", "datetime"),
        Field("renewalDate", "datetime", tense="future"),
        Field("billingCountry", "string", format="iso3166-alpha2"),
        Field("mrrCents", "number", integer=True, unit="cents", minimum=0, maximum=5_000_000),
        Field("ssoEnabled", "boolean"),
        Field("npsScore", "number", integer=True, minimum=-100, maximum=100),
        Field("industry", "enum", samples=("Retail", "Health Care", "Oil & Gas", "Media/Ads")),
        Field("supportTickets", "number", integer=True),
        Field("errorRate", "number", minimum=0, maximum=1),
        Field("integrations", "array", samples=("slack", "jira", "salesforce")),
    ),
)
DEALER = Catalog(
    "dealer",
    (
        Field("Customer ID", "string", role="id"),
        Field("Make", "enum", samples=("Audi", "BMW", "Toyota", "Land Rover")),
        Field("Fuel Type", "enum", samples=("petrol", "diesel", "electric", "plug-in hybrid")),
        Field("Model Year", "number", integer=True, minimum=1998, maximum=2025),
        Field("Mileage (km)", "number", integer=True, minimum=0),
        Field("Purchase Price", "number", minimum=0),
        Field("Purchase Date", "datetime"),
        Field("Last Service", "datetime"),
        Field("Warranty Until", "datetime"),
        Field("Services Done", "number", integer=True),
        Field("Financed", "enum", samples=("yes", "no")),
        Field("Trade-In", "boolean"),
        Field("City", "string", samples=("Leeds", "New York", "Milton Keynes", "York")),
        Field("Customer Age", "number", integer=True),
        Field("Gender", "enum", samples=("M", "F")),
        Field("Salesperson", "string", samples=("Ann Lee", "Bob Ray")),
        Field("Satisfaction", "number", integer=True, minimum=1, maximum=5),
        Field("Newsletter", "boolean"),
    ),
)
MORE: dict[str, Catalog] = {
    "insurer": INSURER,
    "streaming": STREAMING,
    "konto": KONTO,
    "usage": USAGE,
    "dealer": DEALER,
}
