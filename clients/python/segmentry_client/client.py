"""The asynchronous client: one method per RPC, with its deadline, its retries and its errors."""

from __future__ import annotations

from segmentry_client.analyses import Analyses
from segmentry_client.building import Building
from segmentry_client.configuring import Configuring
from segmentry_client.explaining import Explaining
from segmentry_client.insights import Insights
from segmentry_client.qualifying import Qualifying
from segmentry_client.readying import Readying
from segmentry_client.segments import SavedSegments


class AsyncSegmentryClient(
    Building, Explaining, SavedSegments, Analyses, Qualifying, Readying, Configuring, Insights
):
    """A connection to one server. Use it with `async with`, and from one event loop.

    `tenant_id`, `schema_id`, `as_of` and `time_zone` are sent with every request that takes them; each
    method can override the schema. Criteria are given as a mapping, as JSON text, or as a message of either
    form. Every method raises `SegmentryCallError`.
    """
