"""The API of one tenant: one attribute per resource."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from synq_cli.http.sender import Transport
from synq_cli.resources.shared.reader import Reader

if TYPE_CHECKING:
    from synq_cli.http.client import HttpClient
    from synq_cli.http.exchange import Listener
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
    from synq_cli.resources.orders.placing import OrderEntry
    from synq_cli.resources.orders.returns import Returns
    from synq_cli.resources.orders.tracking import Tracking
    from synq_cli.resources.organization import Members, Organization
    from synq_cli.resources.products.bulk_jobs import BulkJobs
    from synq_cli.resources.products.catalogue import Catalogue
    from synq_cli.resources.products.media import Media
    from synq_cli.resources.products.products import Products
    from synq_cli.resources.products.taxonomy import Resource, Taxonomy
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.request import Requests
    from synq_cli.resources.settings import TenantSettings
    from synq_cli.resources.shared.polling import Follower
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.resources.webhooks import Webhooks
    from synq_cli.session.session import Session
    from synq_cli.state.id_cache import LocalIndex


class SynqClient:
    """Every resource, over one transport; each is made when it is first asked for, since a run needs few."""

    def __init__(
        self,
        session: "Session",
        budget: "Budget",
        index: "LocalIndex",
        listener: "Listener",
        *,
        http: "HttpClient",
        outside: "HttpClient",
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        dry_run: bool = False,
    ) -> None:
        self.transport = Transport(
            session, budget, index, listener, http=http, now=now, sleep=sleep, jitter=jitter, dry_run=dry_run
        )
        self._session = session
        self._budget = budget
        self._index = index
        self._listener = listener
        self._now = now
        self._sleep = sleep
        self._outside = outside
        self._dry_run = dry_run
        self._reader = Reader(self.transport, index, listener)

    @cached_property
    def _writer(self) -> "Writer":
        from synq_cli.resources.shared.writer import Writer

        return Writer(self.transport)

    @cached_property
    def _follower(self) -> "Follower":
        from synq_cli.resources.shared.polling import Follower

        return Follower(self._budget, self._now, self._sleep)

    @cached_property
    def products(self) -> "Products":
        from synq_cli.resources.products.products import Products

        return Products(self.transport, self._reader, self._writer, self._index, self.variants)

    @cached_property
    def variants(self) -> "Variants":
        from synq_cli.resources.products.variants import Variants

        return Variants(self._reader, self._writer, self._index)

    @cached_property
    def catalogue(self) -> "Catalogue":
        from synq_cli.resources.products.catalogue import Catalogue

        return Catalogue(self._reader, self._writer, self._index)

    def taxonomy(self, resource: "Resource") -> "Taxonomy":
        """One of the taxonomy resources, such as BRANDS."""
        from synq_cli.resources.products.taxonomy import Taxonomy

        return Taxonomy(resource, self._reader, self._writer, self._index)

    @cached_property
    def media(self) -> "Media":
        from synq_cli.resources.products.media import Media

        return Media(self._reader, self._writer, self._index, self.variants)

    @cached_property
    def bulk_jobs(self) -> "BulkJobs":
        from synq_cli.resources.products.bulk_jobs import BulkJobs
        from synq_cli.resources.products.payload_form import PayloadForm

        form = PayloadForm(self._session, self._listener)
        return BulkJobs(self.transport, self._reader, self._writer, self._index, self._follower, form)

    @cached_property
    def locations(self) -> "Locations":
        from synq_cli.resources.inventory.locations import Locations

        return Locations(self._reader, self._index)

    @cached_property
    def ledger(self) -> "Ledger":
        from synq_cli.resources.inventory.ledger import Ledger

        return Ledger(self.transport, self._reader, self.variants, self.locations)

    @cached_property
    def inventory(self) -> "Inventory":
        from synq_cli.resources.inventory.stock import Inventory

        known = (self.variants, self.locations, self.ledger)
        return Inventory(self.transport, self._reader, self._index, *known, self._now)

    @cached_property
    def reservations(self) -> "Reservations":
        from synq_cli.resources.inventory.reservations import Reservations

        return Reservations(self.transport, self._reader, self.inventory, self.variants, self.locations)

    @cached_property
    def channels(self) -> "Channels":
        from synq_cli.resources.channels import Channels

        return Channels(self.transport, self._reader)

    @cached_property
    def integrations(self) -> "Integrations":
        from synq_cli.resources.integrations import Integrations

        return Integrations(self.transport, self._reader)

    @cached_property
    def organization(self) -> "Organization":
        from synq_cli.resources.organization import Organization

        return Organization(self.transport, self._reader)

    @cached_property
    def members(self) -> "Members":
        from synq_cli.resources.organization import Members

        return Members(self.transport, self._reader)

    @cached_property
    def settings(self) -> "TenantSettings":
        from synq_cli.resources.settings import TenantSettings

        return TenantSettings(self.transport, self._reader)

    @cached_property
    def fulfillments(self) -> "Fulfillments":
        from synq_cli.resources.orders.fulfillments import Fulfillments

        return Fulfillments(self.transport, self._reader, self._index, self.locations)

    @cached_property
    def returns(self) -> "Returns":
        from synq_cli.resources.orders.returns import Returns

        return Returns(self.transport, self._reader, self._index)

    @cached_property
    def orders(self) -> "Orders":
        from synq_cli.resources.orders.orders import Orders

        def any_shipped(order_id: str) -> bool:
            return self.fulfillments.any_shipped(order_id)  # made only for who cancels

        return Orders(self.transport, self._reader, self._index, any_shipped, self._follower)

    @cached_property
    def order_entry(self) -> "OrderEntry":
        from synq_cli.resources.orders.placing import OrderEntry

        known = (self.variants, self.products, self.channels, self.locations)
        return OrderEntry(self.transport, self._index, *known)

    @cached_property
    def tracking(self) -> "Tracking":
        from synq_cli.resources.orders.tracking import Tracking

        return Tracking(self.orders, self.fulfillments, self.returns, self._follower)

    @cached_property
    def audit(self) -> "Audit":
        from synq_cli.resources.audit import Audit

        return Audit(self._reader, self._budget, self._listener, self._sleep)

    @cached_property
    def health(self) -> "Health":
        from synq_cli.resources.health import Health

        return Health(self.transport)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from synq_cli.resources.webhooks import Webhooks

        known = (self._session, self.transport, self._listener, self._now)
        return Webhooks(*known, outside=self._outside, dry_run=self._dry_run)

    @cached_property
    def requests(self) -> "Requests":
        from synq_cli.resources.request import Requests

        return Requests(self._session, self.transport, self._reader)
