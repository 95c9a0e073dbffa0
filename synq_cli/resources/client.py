"""The API client of one tenant: one attribute for each resource."""

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from synq_cli.http import operations
from synq_cli.resources.shared.resource import Api, Resource

if TYPE_CHECKING:
    from synq_cli.http.exchange import Reply
    from synq_cli.resources.audit import Audit
    from synq_cli.resources.channels import Channels
    from synq_cli.resources.find import Finder
    from synq_cli.resources.integrations import Integrations
    from synq_cli.resources.inventory.counting.books import BookReader
    from synq_cli.resources.inventory.ledger import Ledger
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.inventory.reorder import Reorder
    from synq_cli.resources.inventory.report import StockReports
    from synq_cli.resources.inventory.reservations import Reservations
    from synq_cli.resources.inventory.stock import Inventory
    from synq_cli.resources.orders.brief import Briefs
    from synq_cli.resources.orders.fulfillments import Fulfillments, Returns
    from synq_cli.resources.orders.orders import Orders
    from synq_cli.resources.orders.placing import OrderBuilder
    from synq_cli.resources.orders.report import OrderReports
    from synq_cli.resources.orders.tracking import Tracking
    from synq_cli.resources.organization import Members, Organization
    from synq_cli.resources.products.bulk_jobs import BulkJobs
    from synq_cli.resources.products.catalogue import Catalogue, Media
    from synq_cli.resources.products.offline import OfflineCatalogue
    from synq_cli.resources.products.products import Products
    from synq_cli.resources.products.taxonomy import Taxonomy, TaxonomyKind
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.request import Requests
    from synq_cli.resources.settings import TenantSettings
    from synq_cli.resources.tenant_files.tenant_files import TenantFiles
    from synq_cli.resources.today import Today
    from synq_cli.resources.watching.watching import Watching
    from synq_cli.resources.webhooks import Webhooks


def _resource(module: str, name: str) -> Any:
    """An attribute of SynqClient that is imported and created on first use: a command needs few resources."""

    def create(client: "SynqClient") -> Resource:
        resource: type[Resource] = getattr(import_module(f"synq_cli.resources.{module}"), name)
        return resource(client.transport)

    return cached_property(create)


class SynqClient:
    """All resources over one transport."""

    products: "Products" = _resource("products.products", "Products")
    variants: "Variants" = _resource("products.variants", "Variants")
    offline: "OfflineCatalogue" = _resource("products.offline", "OfflineCatalogue")
    catalogue: "Catalogue" = _resource("products.catalogue", "Catalogue")
    media: "Media" = _resource("products.catalogue", "Media")
    bulk_jobs: "BulkJobs" = _resource("products.bulk_jobs", "BulkJobs")
    locations: "Locations" = _resource("inventory.locations", "Locations")
    ledger: "Ledger" = _resource("inventory.ledger", "Ledger")
    books: "BookReader" = _resource("inventory.counting.books", "BookReader")
    inventory: "Inventory" = _resource("inventory.stock", "Inventory")
    stock_reports: "StockReports" = _resource("inventory.report", "StockReports")
    reservations: "Reservations" = _resource("inventory.reservations", "Reservations")
    reorder: "Reorder" = _resource("inventory.reorder", "Reorder")
    channels: "Channels" = _resource("channels", "Channels")
    integrations: "Integrations" = _resource("integrations", "Integrations")
    organization: "Organization" = _resource("organization", "Organization")
    members: "Members" = _resource("organization", "Members")
    settings: "TenantSettings" = _resource("settings", "TenantSettings")
    fulfillments: "Fulfillments" = _resource("orders.fulfillments", "Fulfillments")
    returns: "Returns" = _resource("orders.fulfillments", "Returns")
    orders: "Orders" = _resource("orders.orders", "Orders")
    order_builder: "OrderBuilder" = _resource("orders.placing", "OrderBuilder")
    briefs: "Briefs" = _resource("orders.brief", "Briefs")
    order_reports: "OrderReports" = _resource("orders.report", "OrderReports")
    tracking: "Tracking" = _resource("orders.tracking", "Tracking")
    finder: "Finder" = _resource("find", "Finder")
    tenant_files: "TenantFiles" = _resource("tenant_files.tenant_files", "TenantFiles")
    today: "Today" = _resource("today", "Today")
    watching: "Watching" = _resource("watching.watching", "Watching")
    audit: "Audit" = _resource("audit", "Audit")
    webhooks: "Webhooks" = _resource("webhooks", "Webhooks")
    requests: "Requests" = _resource("request", "Requests")

    def __init__(self, api: Api) -> None:
        self.transport = api

    def health(self) -> "Reply":
        """The service's own reply: the text OK if it is up. GET /health"""
        reply = self.transport.exchange(operations.GET_HEALTH, headers={})
        assert reply is not None  # only a deletion goes without one
        return reply

    def taxonomy(self, kind: "TaxonomyKind") -> "Taxonomy":
        """One of the taxonomy resources, such as BRANDS."""
        from synq_cli.resources.products.taxonomy import Taxonomy

        return Taxonomy(self.transport, kind)
