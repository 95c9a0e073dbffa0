"""The API client of one tenant: one attribute for each resource."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from synq_cli.http.transport import ApiTransport
from synq_cli.resources.shared.resource import Api

if TYPE_CHECKING:
    from synq_cli.http.client import HttpClient
    from synq_cli.http.exchange import Observer
    from synq_cli.http.rate_limit import Budget
    from synq_cli.resources.audit import Audit
    from synq_cli.resources.channels import Channels
    from synq_cli.resources.health import Health
    from synq_cli.resources.integrations import Integrations
    from synq_cli.resources.inventory.ledger import Ledger
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.inventory.reservations import Reservations
    from synq_cli.resources.inventory.stock import Inventory
    from synq_cli.resources.orders.fulfillments import Fulfillments
    from synq_cli.resources.orders.orders import Orders
    from synq_cli.resources.orders.placing import OrderBuilder
    from synq_cli.resources.orders.returns import Returns
    from synq_cli.resources.orders.tracking import Tracking
    from synq_cli.resources.organization import Members, Organization
    from synq_cli.resources.products.bulk_jobs import BulkJobs
    from synq_cli.resources.products.catalogue import Catalogue
    from synq_cli.resources.products.media import Media
    from synq_cli.resources.products.products import Products
    from synq_cli.resources.products.taxonomy import Taxonomy, TaxonomyKind
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.request import Requests
    from synq_cli.resources.settings import TenantSettings
    from synq_cli.resources.webhooks import Webhooks
    from synq_cli.session.session import Session
    from synq_cli.state.id_cache import LocalIndex


class SynqClient:
    """All resources over one transport. Each is imported on first use, since a command needs few of them."""

    def __init__(
        self,
        session: "Session",
        budget: "Budget",
        index: "LocalIndex",
        observer: "Observer",
        *,
        http: "HttpClient",
        outside: "HttpClient",
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        dry_run: bool = False,
    ) -> None:
        self.transport = ApiTransport(
            session, budget, index, observer, http=http, now=now, sleep=sleep, jitter=jitter, dry_run=dry_run
        )
        self._api = Api(self.transport, session, budget, index, observer, now, sleep)
        self._outside = outside

    @cached_property
    def products(self) -> "Products":
        from synq_cli.resources.products.products import Products

        return Products(self._api)

    @cached_property
    def variants(self) -> "Variants":
        from synq_cli.resources.products.variants import Variants

        return Variants(self._api)

    @cached_property
    def catalogue(self) -> "Catalogue":
        from synq_cli.resources.products.catalogue import Catalogue

        return Catalogue(self._api)

    def taxonomy(self, kind: "TaxonomyKind") -> "Taxonomy":
        """One of the taxonomy resources, such as BRANDS."""
        from synq_cli.resources.products.taxonomy import Taxonomy

        return Taxonomy(self._api, kind)

    @cached_property
    def media(self) -> "Media":
        from synq_cli.resources.products.media import Media

        return Media(self._api)

    @cached_property
    def bulk_jobs(self) -> "BulkJobs":
        from synq_cli.resources.products.bulk_jobs import BulkJobs

        return BulkJobs(self._api)

    @cached_property
    def locations(self) -> "Locations":
        from synq_cli.resources.inventory.locations import Locations

        return Locations(self._api)

    @cached_property
    def ledger(self) -> "Ledger":
        from synq_cli.resources.inventory.ledger import Ledger

        return Ledger(self._api)

    @cached_property
    def inventory(self) -> "Inventory":
        from synq_cli.resources.inventory.stock import Inventory

        return Inventory(self._api)

    @cached_property
    def reservations(self) -> "Reservations":
        from synq_cli.resources.inventory.reservations import Reservations

        return Reservations(self._api)

    @cached_property
    def channels(self) -> "Channels":
        from synq_cli.resources.channels import Channels

        return Channels(self._api)

    @cached_property
    def integrations(self) -> "Integrations":
        from synq_cli.resources.integrations import Integrations

        return Integrations(self._api)

    @cached_property
    def organization(self) -> "Organization":
        from synq_cli.resources.organization import Organization

        return Organization(self._api)

    @cached_property
    def members(self) -> "Members":
        from synq_cli.resources.organization import Members

        return Members(self._api)

    @cached_property
    def settings(self) -> "TenantSettings":
        from synq_cli.resources.settings import TenantSettings

        return TenantSettings(self._api)

    @cached_property
    def fulfillments(self) -> "Fulfillments":
        from synq_cli.resources.orders.fulfillments import Fulfillments

        return Fulfillments(self._api)

    @cached_property
    def returns(self) -> "Returns":
        from synq_cli.resources.orders.returns import Returns

        return Returns(self._api)

    @cached_property
    def orders(self) -> "Orders":
        from synq_cli.resources.orders.orders import Orders

        return Orders(self._api)

    @cached_property
    def order_builder(self) -> "OrderBuilder":
        from synq_cli.resources.orders.placing import OrderBuilder

        return OrderBuilder(self._api)

    @cached_property
    def tracking(self) -> "Tracking":
        from synq_cli.resources.orders.tracking import Tracking

        return Tracking(self._api)

    @cached_property
    def audit(self) -> "Audit":
        from synq_cli.resources.audit import Audit

        return Audit(self._api)

    @cached_property
    def health(self) -> "Health":
        from synq_cli.resources.health import Health

        return Health(self._api)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from synq_cli.resources.webhooks import Webhooks

        return Webhooks(self._api, self._outside)

    @cached_property
    def requests(self) -> "Requests":
        from synq_cli.resources.request import Requests

        return Requests(self._api)
