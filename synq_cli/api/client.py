"""The API of one tenant: one attribute a resource."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from synq_cli.api.audit import Audit
from synq_cli.api.channels import Channels
from synq_cli.api.health import Health
from synq_cli.api.inventory import Inventory
from synq_cli.api.listener import Listener
from synq_cli.api.orders import Orders
from synq_cli.api.products import Products
from synq_cli.api.reader import Reader
from synq_cli.api.request import Requests
from synq_cli.api.settings import TenantSettings
from synq_cli.api.transport import Transport
from synq_cli.api.variants import Variants
from synq_cli.api.webhooks import Webhooks

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
        self.orders = Orders(reader, index)
        self.products = Products(self.transport, reader, index)
        self.variants = Variants(reader, index)
        self.inventory = Inventory(self.transport, reader, index, self.variants, now)
        self.channels = Channels(reader)
        self.settings = TenantSettings(reader)
        self.audit = Audit(reader, budget, listener, now, sleep)
        self.health = Health(self.transport)
        self.webhooks = Webhooks(session, self.transport, listener, now, outside=outside, dry_run=dry_run)
        self.requests = Requests(session, self.transport, reader)
