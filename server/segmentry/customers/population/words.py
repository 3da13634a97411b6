"""The words the population is made of. Names are common ones, clubs are invented."""

from __future__ import annotations

FIRST_NAMES = (
    "Thabo", "Johan", "Sipho", "Lerato", "Joan", "Joseph", "Nomsa", "Pieter", "Ayanda", "Zanele", "Kagiso",
    "Anika", "Jo", "Johanna", "Joyce", "Sarah", "James", "Emma", "Oliver", "Amelia", "Jack", "Olivia",
    "Harry", "Grace", "William", "Sophie", "Liam", "Chloe", "Noah", "Mia", "Lucas", "Hannah", "Leon",
    "Emilia", "Finn", "Marie", "Ahmed", "Fatima", "Priya", "Rajesh", "Mei", "Daniel", "Sean", "Aoife",
    "Siobhán", "François", "Élodie", "José", "Björn", "Zoë", "Mandla", "Bongani", "Refilwe", "Tumelo",
    "Carla", "Megan", "Ryan", "Kyle", "Leila", "Victor",
)  # fmt: skip
LAST_NAMES = (
    "Nkosi", "van der Merwe", "Dlamini", "Botha", "Naidoo", "Khumalo", "Smith", "Jones", "Mokoena",
    "Pretorius", "Williams", "Pillay", "Ndlovu", "Fourie", "Mabaso", "du Plessis", "Brown", "Taylor",
    "Davies", "Evans", "Wilson", "Thomas", "Roberts", "Johnson", "Walker", "Wright", "Robinson", "Thompson",
    "White", "Hughes", "Edwards", "Green", "Hall", "Wood", "Harris", "Clarke", "Jackson", "Müller",
    "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "O'Brien", "O'Connor",
    "Murphy", "Kelly", "Byrne", "Ryan", "Martin", "Bernard", "Dubois", "de Vries", "Jansen", "Bakker",
    "Visser", "Patel", "Singh", "Khan", "Otieno", "Kamau", "Mwangi", "Moyo", "Sibanda", "Shikongo",
    "Nghipunya", "Kgosi", "Molefe", "Anderson", "Miller", "Garcia", "Lopez", "Nguyen", "Lee", "Chen",
)  # fmt: skip

# Country, its share of the members in 1/1000, its calling code, and its cities (the larger first).
COUNTRIES: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    ("ZA", 640, "27", (
        "Johannesburg", "Cape Town", "Durban", "Pretoria", "Gqeberha", "Bloemfontein", "Stellenbosch",
        "George", "Polokwane",
    )),
    ("GB", 110, "44", ("London", "Edinburgh", "Manchester", "Glasgow")),
    ("US", 50, "1", ("New York", "Chicago", "Austin")),
    ("NA", 45, "264", ("Windhoek", "Swakopmund")),
    ("DE", 30, "49", ("Berlin", "Hamburg", "Munich")),
    ("IE", 22, "353", ("Dublin", "Cork")),
    ("BW", 22, "267", ("Gaborone",)),
    ("AU", 20, "61", ("Sydney", "Melbourne", "Perth")),
    ("NL", 15, "31", ("Amsterdam", "Utrecht")),
    ("ZW", 14, "263", ("Harare", "Bulawayo")),
    ("FR", 10, "33", ("Paris", "Lyon")),
    ("MU", 8, "230", ("Port Louis",)),
    ("KE", 8, "254", ("Nairobi", "Mombasa")),
    ("CA", 6, "1", ("Toronto", "Vancouver")),
)  # fmt: skip

CLUBS = (
    "Blue Crane Golf Club", "Table Valley Links", "Umhlanga Ridge Golf Club", "Highveld Country Club",
    "Karoo Sands Golf Estate", "Garden Route Links", "Silver Leaf Golf Club", "Old Vine Golf Estate",
    "Harbour Point Golf Club", "Red Dune Golf Club", "Thornveld Country Club", "Northern Heath Golf Club",
)  # fmt: skip
CLUB_IDS = tuple(f"club-{number:03d}" for number in range(1, len(CLUBS) + 1))
CAMPAIGNS = tuple(f"campaign-{number:02d}" for number in range(1, 25))

STATUSES = ("ACTIVE", "INACTIVE", "MERGED", "DELETED")
STAGES = ("SUBSCRIBER", "LEAD", "OPPORTUNITY", "CUSTOMER", "ADVOCATE")
# The last four are typed by hand somewhere upstream: real tables have them, and they are other values.
TIERS = ("PLATINUM", "DIAMOND", "GOLD", "SILVER", "platinum", "diamond", "gold", "silver")
MEMBERSHIP_STATUSES = ("CURRENT", "GRACE", "LAPSED", "SUSPENDED", "CANCELLED")
PROVIDERS = ("SAGA", "USGA")
TAGS = (
    "vip", "corporate", "junior", "senior", "weekend", "beginner", "competition", "lessons", "pro-shop",
    "society", "early-bird", "newsletter", "sponsor", "volunteer",
)  # fmt: skip
