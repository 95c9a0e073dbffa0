"""The API of one tenant: one attribute a resource."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from synq_cli.api.audit import Audit
from synq_cli.api.bulk_jobs import BulkJobs
from synq_cli.api.catalogue import Catalogue
from synq_cli.api.channels import Channels
from synq_cli.api.following import Follower
from synq_cli.api.fulfillments import Fulfillments
from synq_cli.api.health import Health
from synq_cli.api.integrations import Integrations
from synq_cli.api.inventory import Inventory
from synq_cli.api.ledger import Ledger
from synq_cli.api.listener import Listener
from synq_cli.api.locations import Locations
from synq_cli.api.media import Media
from synq_cli.api.order_entry import OrderEntry
from synq_cli.api.orders import Orders
from synq_cli.api.organization import Members, Organization
from synq_cli.api.payload_form import PayloadForm
from synq_cli.api.products import Products
from synq_cli.api.reader import Reader
from synq_cli.api.request import Requests
from synq_cli.api.reservations import Reservations
from synq_cli.api.returns import Returns
from synq_cli.api.settings import TenantSettings
from synq_cli.api.taxonomy import AttributeGroups, Attributes, Brands, Categories, Templates
from synq_cli.api.tracking import Tracking
from synq_cli.api.transport import Transport
from synq_cli.api.variants import Variants
from synq_cli.api.webhooks import Webhooks
from synq_cli.api.writer import Writer

if TYPE_CHECKING:
    import httpx

    from synq_cli.api.budget import Budget
    from synq_cli.api.index import LocalIndex
    from synq_cli.session.session import Session


class SynqClient:
    """Every resource, over one transport."""

    def __init__(
        self,
        session: "Session",
        budget: "Budget",
        index: "LocalIndex",
        listener: Listener,
        *,
        http: "httpx.BaseTransport | None",
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        dry_run: bool = False,
        outside: "httpx.BaseTransport | None" = None,
    ) -> None:
        self.transport = Transport(
            session, budget, index, listener, http=http, now=now, sleep=sleep, jitter=jitter, dry_run=dry_run
        )
        reader = Reader(self.transport, index)
        writer = Writer(self.transport)
        follower = Follower(budget, now, sleep)
        self.products = Products(self.transport, reader, writer, index)
        self.variants = Variants(reader, writer, index)
        self.catalogue = Catalogue(reader, writer, index)
        self.categories = Categories(reader, writer, index)
        self.brands = Brands(reader, writer, index)
        self.attributes = Attributes(reader, writer, index)
        self.attribute_groups = AttributeGroups(reader, writer, index)
        self.templates = Templates(reader, writer, index)
        self.media = Media(reader, writer, index, self.variants)
        self.bulk_jobs = BulkJobs(self.transport, reader, writer, index, follower, PayloadForm(session, listener))
        self.locations = Locations(reader, index)
        self.ledger = Ledger(self.transport, reader, self.variants, self.locations)
        self.inventory = Inventory(self.transport, reader, index, self.variants, self.locations, self.ledger, now)
        self.reservations = Reservations(self.transport, reader, self.inventory, self.variants, self.locations)
        self.channels = Channels(self.transport, reader)
        self.integrations = Integrations(self.transport, reader)
        self.organization = Organization(self.transport, reader)
        self.members = Members(self.transport, reader)
        self.settings = TenantSettings(self.transport, reader)
        self.fulfillments = Fulfillments(self.transport, reader, index, self.locations)
        self.returns = Returns(self.transport, reader, index)
        self.orders = Orders(self.transport, reader, index, self.fulfillments, follower)
        self.order_entry = OrderEntry(
            self.transport, index, self.variants, self.products, self.channels, self.locations
        )
        self.tracking = Tracking(self.orders, self.fulfillments, self.returns, follower)
        self.audit = Audit(reader, budget, listener, sleep)
        self.health = Health(self.transport)
        self.webhooks = Webhooks(session, self.transport, listener, now, outside=outside, dry_run=dry_run)
        self.requests = Requests(session, self.transport, reader)
