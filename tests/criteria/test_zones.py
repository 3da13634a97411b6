"""Which names are time zones."""

from __future__ import annotations

import pytest
from segmentry.criteria import catalog_toml, zones
from segmentry.errors import SegmentryError

CATALOG = '[catalog]\nschema = "t"\ntime_zone = "{}"\n[[field]]\nname = "a"\ntype = "number"\n'


@pytest.mark.parametrize(
    "name", ["UTC", "Etc/GMT+5", "Africa/Johannesburg", "America/Argentina/Ushuaia", "EST"]
)
def test_a_name_of_the_time_zone_database_is_a_zone(name: str) -> None:
    assert zones.zone(name).key == name
    assert catalog_toml.loads(CATALOG.format(name)).time_zone == name


@pytest.mark.parametrize(
    "name",
    ["", "localtime", "posixrules", "Factory", "posix/UTC", "right/UTC", "africa/johannesburg", "../UTC"],
)
def test_any_other_name_is_refused_also_where_a_file_has_it(name: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        zones.zone(name)
    with pytest.raises(SegmentryError):
        catalog_toml.loads(CATALOG.format(name))
