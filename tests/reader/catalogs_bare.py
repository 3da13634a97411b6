"""Tables of which nothing is known but names and types, four of them with a few rows as well."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog, Field, FieldType

_TYPES: dict[str, FieldType] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "datetime",
    "datetime": "datetime",
    "array": "array",
}


def _bare(schema: str, columns: str, **rows: tuple[str, ...]) -> Catalog:
    """A catalog from lines `name: type`; `rows` holds the values that a few rows show."""
    fields: list[Field] = []
    for line in columns.strip().splitlines():
        name, _, kind = line.rpartition(":")
        name, kind = name.strip(), kind.strip()
        key = "".join(char if char.isalnum() else "_" for char in name)
        fields.append(Field(name, _TYPES[kind], integer=kind == "integer", samples=rows.get(key, ())))
    return Catalog(schema, tuple(fields))


STAFF = _bare(
    "staff",
    """
    emp_no: string
    dept: string
    job_title: string
    hire_dt: date
    term_dt: date
    base_salary_usd: number
    pto_days_left: integer
    perf_rating: number
    is_manager: boolean
    isRemote: boolean
    dob: date
    num_trainings_12m: integer
    last_review_date: date
    workLocation: string
    tenure_yrs: number
    sick_days_ytd: integer
    overtime_hrs: number
    """,
)
ENERGY = _bare(
    "energy",
    """
    cust_no: string
    tariff: string
    avg_monthly_kwh: number
    hasSmartMeter: boolean
    direct_debit: boolean
    arrears_gbp: number
    contract_end_dt: date
    move_in_date: date
    nb_complaints_12m: integer
    prop_type: string
    postcode: string
    hasSolarPanels: boolean
    paperless_billing: boolean
    last_reading_dt: date
    est_annual_bill_gbp: number
    num_occupants: integer
    vulnerable_flag: boolean
    """,
)
CARSHARE = _bare(
    "carshare",
    """
    usr_id: string
    usr_signup_ts: datetime
    usr_dob: date
    usr_trips_30d: integer
    usr_tot_km: number
    usr_avg_trip_min: number
    usr_last_trip_ts: datetime
    usr_license_verified: boolean
    usr_outstanding_bal_eur: number
    usr_fav_vehicle_class: string
    usr_home_city: string
    usr_push_optin: boolean
    usr_promo_credit_cents: integer
    usr_is_business: boolean
    usr_n_damages: integer
    usr_avg_rating: number
    """,
)
RESORTS = _bare(
    "resorts",
    """
    GuestID: string
    LoyaltyTier: string
    NightsYTD: integer
    NightsLast12M: integer
    LastCheckoutDate: date
    NextArrivalDate: date
    AvgRoomRateUSD: number
    Nationality: string
    OptInEmail: boolean
    IsCorporate: boolean
    Birthday: date
    TotalStays: integer
    CancelledBookings: integer
    PreferredRoomType: string
    PointsBalance: integer
    SpaSpend: number
    hasChildren: boolean
    """,
    LoyaltyTier=("Silver", "Gold", "Ambassador"),
    Nationality=("DE", "FR", "GB", "US", "JP"),
    PreferredRoomType=("Suite", "Double", "Twin", "Sea View"),
)
CAMPUS = _bare(
    "campus",
    """
    student_no: string
    programme: string
    faculty: string
    gpa: number
    credits_earned: integer
    enrol_date: date
    exp_grad_date: date
    is_international: boolean
    scholarship: boolean
    tuition_due_usd: number
    attendance_pct: number
    failed_modules: integer
    home_country: string
    residence_hall: string
    last_library_visit: datetime
    yr_of_study: integer
    lives_on_campus: boolean
    """,
    programme=("Nursing", "Computer Science", "Law", "Fine Arts"),
    faculty=("Health", "Engineering", "Humanities"),
    home_country=("Kenya", "Germany", "India", "South Africa"),
    residence_hall=("North Hall", "Mandela House", "none"),
)
DINER = _bare(
    "diner",
    """
    guest_id: string
    visits_90d: integer
    last_visit_dt: date
    avg_check_usd: number
    fav_dish: string
    allergies: array
    noShows: integer
    avg_party_size: number
    vip: boolean
    dist_km: number
    loyaltyPts: integer
    tip_pct: number
    next_reservation: datetime
    booking_channel: string
    mktOptIn: boolean
    n_reviews: integer
    """,
)
REALTY = _bare(
    "realty",
    """
    lead_id: string
    budget_max_usd: number
    beds_wanted: integer
    pref_area: string
    lead_source: string
    pre_approved: boolean
    first_contact_dt: date
    last_contact_dt: date
    viewings_cnt: integer
    is_investor: boolean
    property_type: string
    move_by_date: date
    has_agent: boolean
    email_optin: boolean
    sms_optin: boolean
    household_size: integer
    creditScore: integer
    HHIncome: number
    """,
)
PHARMACY = _bare(
    "pharmacy",
    """
    patient_id: string
    dob: date
    sex: string
    n_active_rx: integer
    last_refill_dt: date
    next_refill_dt: date
    ins_provider: string
    avg_copay_cents: integer
    is_smoker: boolean
    chronic_conditions: array
    adherence_rate: number
    zip: string
    flu_shot_dt: date
    hasCaregiver: boolean
    spend_ytd: number
    do_not_contact: boolean
    wait_mins: number
    """,
)
CLUB = _bare(
    "club",
    """
    Member No: string
    Full Name: string
    Joined On: date
    Membership Type: string
    Annual Fee (EUR): number
    Fee Paid: boolean
    Date of Birth: date
    Sessions / Month: number
    Has Locker: boolean
    Coach: string
    Injured: boolean
    Team: string
    Last Attendance: date
    Height (cm): number
    Weight (kg): number
    Medical Check Expires: date
    """,
    Membership_Type=("Junior", "Adult", "Family", "Honorary"),
    Coach=("Ann Moyo", "Piet Smit", "Li Wei"),
    Team=("U18 Girls", "First XI", "Veterans"),
)
WALLET = _bare(
    "wallet",
    """
    user_id: string
    kyc_status: string
    acct_bal: number
    txn_cnt_90d: integer
    txn_vol_usd_90d: number
    card_type: string
    last_txn_at: datetime
    created_at: datetime
    cc: string
    risk_lvl: string
    chargebacks: integer
    is_frozen: boolean
    ref_cnt: integer
    device_os: string
    mkt_consent: boolean
    ltv_usd: number
    arpu: number
    is_2fa_enabled: boolean
    """,
)
SELLERS = _bare(
    "sellers",
    """
    sellerId: string
    shopName: string
    activeListings: integer
    gmv30d: number
    gmv12m: number
    avgRating: number
    nbReviews: integer
    returnPct: number
    isVerified: boolean
    joinedAt: datetime
    lastListingAt: datetime
    payoutCurrency: string
    country: string
    mainCategory: string
    openDisputes: integer
    avgShippingDays: number
    subscriptionPlan: string
    pctDiscount: number
    """,
)
ISP = _bare(
    "isp",
    """
    acct_no: string
    plan_name: string
    dl_speed_mbps: integer
    monthly_fee_eur: number
    data_used_gb: number
    outages_90d: integer
    last_outage_ts: datetime
    open_tickets: integer
    contract_type: string
    subscr_end_dt: date
    static_ip: boolean
    tv_bundle: boolean
    auto_pay: boolean
    churned: boolean
    signup_ts: datetime
    nps: integer
    region: string
    tenure_months: integer
    qty_devices: integer
    """,
    plan_name=("Basic 50", "Fibre 250", "Giga"),
    contract_type=("prepaid", "12 months", "24 months"),
    region=("North", "South", "Coast"),
)
BARE: dict[str, Catalog] = {
    catalog.schema: catalog
    for catalog in (
        STAFF,
        ENERGY,
        CARSHARE,
        RESORTS,
        CAMPUS,
        DINER,
        REALTY,
        PHARMACY,
        CLUB,
        WALLET,
        SELLERS,
        ISP,
    )
}
