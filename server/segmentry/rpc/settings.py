"""Serves the saved configuration of analyses: converts, asks the store, converts back."""
# ruff: noqa: N802, ARG002  # methods are named by the contract, and few need the context

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from segmentry.analysis.defaults import NO_DEFAULTS, Defaults, check, composed
from segmentry.analysis.parameters import ALGORITHMS, Parameters, refuse, switched_off
from segmentry.criteria.catalog import Catalog
from segmentry.customers.store import Table
from segmentry.insights.settings import Editor, SavedSettings, SettingsStore, Values
from segmentry.rpc.call import ServerContext, note, principal, request_id
from segmentry.rpc.context import plain, tenant_of
from segmentry.rpc.convert import settings as convert
from segmentry.v1 import segment_insights_pb2 as pb


class TenantTables(Protocol):
    """Where a tenant's tables are listed: any customer store."""

    async def tables(self, tenant: str) -> Sequence[Table]: ...


@dataclass(frozen=True, slots=True)
class AnalysisDefaults:
    """What holds for runs that say nothing themselves, of all tenants. `environment` is the server's part;
    `algorithms` are those that its operator allows."""

    store: SettingsStore
    tables: TenantTables
    environment: Defaults = NO_DEFAULTS
    algorithms: tuple[str, ...] = ALGORITHMS

    async def completed(self, tenant: str, own: Parameters, named: frozenset[str]) -> Parameters:
        """The parameters of a run that names some itself, with who chose each.

        Raises: as the store; InvalidParameters for an algorithm that is switched off.
        """
        saved = await self.store.get(tenant)
        found = composed(own, named, Defaults.of_json(saved.values), self.environment)
        refuse(switched_off(found, self.algorithms, "parameters"))
        return found

    async def algorithm(self, tenant: str) -> str:
        """How segments are found for runs that say nothing. Raises: as the store."""
        saved = await self.store.get(tenant)
        return composed(Parameters(), (), Defaults.of_json(saved.values), self.environment).algorithm

    async def saved_features(self, tenant: str) -> tuple[str, ...]:
        """The fields that the tenant's runs compare customers by; none when it left that open."""
        return Defaults.of_json((await self.store.get(tenant)).values).included_features or ()

    async def catalogs(self, tenant: str) -> list[Catalog]:
        """Those of the tenant's tables, default first. Raises: NotFound for a tenant without tables."""
        return [each.catalog for each in await self.tables.tables(tenant)]


class AnalysisConfiguration:
    """The two RPCs."""

    def __init__(self, defaults: AnalysisDefaults) -> None:
        self._defaults = defaults

    async def GetAnalysisConfig(
        self, request: pb.GetAnalysisConfigRequest, context: ServerContext
    ) -> pb.GetAnalysisConfigResponse:
        saved = await self._defaults.store.get(tenant_of(request))
        tenant, environment = Defaults.of_json(saved.values), self._defaults.environment
        return pb.GetAnalysisConfigResponse(
            config=convert.config(saved, tenant, environment),
            settings=convert.settings(tenant, environment, self._defaults.algorithms),
        )

    async def UpdateAnalysisConfig(
        self, request: pb.UpdateAnalysisConfigRequest, context: ServerContext
    ) -> pb.UpdateAnalysisConfigResponse:
        tenant = tenant_of(request)
        named = convert.named_in(request.update_mask)
        given = convert.changes(request.config, request.update_mask)
        etag = plain(request.config.etag, "config.etag")
        environment = self._defaults.environment
        catalogs = await self._defaults.catalogs(tenant)

        def changed(values: Values) -> Values:
            before = Defaults.of_json(values)
            after = dataclasses.replace(before, **{name: getattr(given, name) for name in named})
            check(after, environment, catalogs)
            if "algorithm" in named:
                effective = composed(Parameters(), (), after, environment)
                # Who chose it is known: the caller, now.
                asked = dataclasses.replace(effective, chosen=())
                refuse(switched_off(asked, self._defaults.algorithms, "config"))
            return after.to_json()

        saved: SavedSettings = await self._defaults.store.update(
            tenant, etag, Editor(principal().name, request_id()), changed
        )
        note(changed=" ".join(named))
        values = Defaults.of_json(saved.values)
        return pb.UpdateAnalysisConfigResponse(
            config=convert.config(saved, values, environment),
            settings=convert.settings(values, environment, self._defaults.algorithms),
        )
