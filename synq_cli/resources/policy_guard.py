"""Holds writes against the policy of the profile, whoever sends them: a command, a run, a plan, `synq api`."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from synq_cli import exact_json
from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.http.guard import Write
from synq_cli.resources.inventory.reservations import Reservations
from synq_cli.resources.products.bulk_jobs import JOB_TYPES
from synq_cli.resources.products.variants import FEW, Variants
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api
from synq_cli.session.policy import Policy
from synq_cli.uuids import parse_uuid

# Without items these cover the whole order; the API doesn't say how many units that is.
_OF_ORDERS = {operations.CREATE_FULFILLMENT.id, operations.CREATE_RETURN.id}
# What moves units: an amount under one of these keys is the row's, or that of one of its items.
_MOVES = _OF_ORDERS | {
    operations.ADJUST_INVENTORY.id, operations.CREATE_ORDER.id, operations.CREATE_RESERVATION.id,
    operations.RELEASE_RESERVATION.id,
}  # fmt: skip
_AMOUNTS = {"quantitydelta", "quantity"}
# What gives a variant its barcode, instead of naming it.
_DEFINES = {operations.CREATE_PRODUCT.id, operations.CREATE_VARIANT.id, operations.CREATE_BULK_JOB.id}


class PolicyGuard:
    """The guard of one run of `command`; `sends_nothing` for a dry run and while a plan is made.

    `commands_for` gives the commands that are for the operation of an id: what `synq api` sends is judged as all of
    them, and so is a row of a plan that no bulk command sends.
    """

    def __init__(
        self,
        api: Api,
        policy: Policy,
        command: str,
        commands_for: Callable[[str], Iterable[str]],
        *,
        sends_nothing: bool,
    ) -> None:
        self._api = api
        self._policy = policy
        self._command = command
        self._commands_for = commands_for
        self._sends_nothing = sends_nothing
        self._reservations: dict[str, Any] | None = None
        self._by_product: dict[str, set[str]] = {}

    def check(self, writes: Iterable[Write]) -> None:
        """RefusedError if the writes of one run break a rule."""
        policy, run = self._policy, list(writes)
        policy.check_readable()
        for commands in dict.fromkeys(self._commands(run)):
            policy.check_commands(commands)
        if not self._sends_nothing and not all(write.is_planned for write in run):
            policy.check_plan_only()
        for write in run:
            if not write.operation.id:
                what = f"{write.operation.method} {write.path}"
                raise policy.refusal(f"synq does not know the path of {what}, so no rule can be applied to it")
        policy.check_rows(sum(self._rows(write) for write in run))
        if policy.row_units is not None or policy.run_units is not None:
            self._check_units(run)
        if policy.never_sku:
            self._check_skus(run)

    def _commands(self, run: Sequence[Write]) -> Iterator[tuple[str, ...]]:
        """The commands that each write may amount to, beside the one that was typed and is checked already."""
        for write in run:
            if write.command:
                yield (write.command.partition(" --")[0],)
            elif self._command == "api" or write.line is not None:
                yield tuple(self._commands_for(write.operation.id))

    def _rows(self, write: Write) -> int:
        if write.line is not None or write.operation.id != operations.CREATE_BULK_JOB.id:
            return write.rows
        jobs = self._touched(write)
        return len(jobs) if isinstance(jobs, list) else write.rows

    def _check_units(self, run: Sequence[Write]) -> None:
        units = 0
        for write in run:
            if write.operation.id in _MOVES:
                touched = self._touched(write)
                amounts = list(_values(touched, _AMOUNTS))
                if not all(isinstance(amount, int) and not isinstance(amount, bool) for amount in amounts):
                    raise self._policy.refusal(f"max_units is set, but {_where(write)} has no whole number of units")
                moved = sum(amounts) if len(amounts) == 1 else sum(map(abs, amounts))
                self._policy.check_units(moved, f"{_where(write)} moves {moved:+}{self._named(touched)}")
                units += abs(moved)
        self._policy.check_run_units(units)

    def _named(self, touched: Any) -> str:
        """The SKU of the variant that is moved, in brackets, as far as it is known without a request."""
        found = [*_texts(touched, {"sku"}), *(self._known(each) for each in _texts(touched, {"variantid"}))]
        return f" ({found[0]})" if len({*found}) == 1 else ""

    def _known(self, variant: str) -> str:
        return self._api.index.sku_of(variant.lower()) or variant

    def _check_skus(self, run: Sequence[Write]) -> None:
        """Check each SKU that a write names, and those of the variants, barcodes and products that it names."""
        variants: dict[str, Write] = {}
        products: dict[str, Write] = {}
        labels: dict[str, Write] = {}
        for write in run:
            touched = self._touched(write)
            for sku in _texts(touched, {"sku"}):
                self._policy.check_sku(sku, _where(write))
            for name in _texts(touched, {"variantid"}):
                variants.setdefault(parse_uuid(name) or name, write)
            for name in (*_texts(touched, {"productid"}), *_product_in_path(write)):
                products.setdefault(parse_uuid(name) or name, write)
            if write.operation.id not in _DEFINES:
                labels |= {label: write for label in _texts(touched, {"barcode"}) if label not in labels}
        try:
            self._check_labels(labels, variants)
            self._check_variants(variants)
            self._check_products(products)
        except NotFoundError as error:
            raise self._policy.refusal(
                f"never_sku is set, but SKUs can't be looked up: {error.message.rstrip('.')}"
            ) from None

    def _check_labels(self, labels: dict[str, Write], variants: dict[str, Write]) -> None:
        """Add the variants of barcodes to `variants`."""
        if labels:
            found = Variants(self._api).find((), labels)[1]
            for label, write in labels.items():
                for variant in found.get(label, ()):
                    variants.setdefault(variant, write)

    def _check_variants(self, variants: dict[str, Write]) -> None:
        names: dict[str, set[str]] = {}
        for sku, variant in self._api.index.ids("sku").items() if variants else ():
            names.setdefault(variant.lower(), set()).add(sku)  # an earlier SKU may still be cached, too
        left = {variant for variant in variants if variant not in names}
        if left:
            self._note(left, "variant")
            for row in Variants(self._api).matching(sku=None, product=None).first(None):
                variant = str(row.get("id")).lower()
                if variant in left:
                    left.discard(variant)
                    names[variant] = {str(row.get("sku") or "")}
                if not left:
                    break
        for variant, write in variants.items():
            if variant in left:
                raise self._policy.refusal(
                    f"never_sku is set, but the SKU of the variant {variant} ({_where(write)}) is unknown"
                )
            for sku in sorted(names[variant]):
                self._policy.check_sku(sku, _where(write))

    def _check_products(self, products: dict[str, Write]) -> None:
        left = [product for product in products if product not in self._by_product]
        if left:
            self._note(left, "product")
        found: dict[str, set[str]] = {product: set() for product in left}
        for product in left if len(left) <= FEW else [None] if left else []:
            for row in Variants(self._api).matching(sku=None, product=product).first(None):
                owner = str(row.get("product_id")).lower()
                if owner in found and row.get("sku"):
                    found[owner].add(str(row["sku"]))
        self._by_product |= found
        for product, write in products.items():
            for sku in sorted(self._by_product[product]):
                self._policy.check_sku(sku, _where(write))

    def _note(self, names: Iterable[str], what: str) -> None:
        count = len([*names])
        self._api.observer.note(f"Looking up the SKUs of {count} {what}{'s' * (count != 1)}: the policy has never_sku.")

    def _touched(self, write: Write) -> Any:
        """What a write is about, as JSON: its body, the rows of a bulk job, or the order or reservation of its path."""
        operation, body = write.operation.id, write.body()
        body = exact_json.loads(bytes(body).decode()) if isinstance(body, (bytes, bytearray)) and body else body
        if operation == operations.CREATE_BULK_JOB.id:
            return self._rows_of_job(body)
        if operation in _OF_ORDERS and not any(_values(body, _AMOUNTS)):
            rule = "never_sku" if self._policy.never_sku else "max_units"
            raise self._policy.refusal(
                f"{rule} is set, but {_where(write)} names no SKUs and quantities",
                "Name each SKU with its quantity: the API doesn't say which units the order has.",
            )
        if operation == operations.RELEASE_RESERVATION.id:
            if self._reservations is None:
                self._reservations = {str(row.get("id")).lower(): row for row in Reservations(self._api).list()}
            return _held(self._reservations.get(_id_in_path(write)))
        return body

    def _rows_of_job(self, body: Any) -> Any:
        """The rows of a bulk job, each beside the products that it names.

        RefusedError if they can't be read, or if never_sku is set and the product of a row can't be told.
        """
        payloads, types = list(_values(body, {"payload"})), list(_values(body, {"jobtype"}))
        try:
            payload = payloads[0] if len(payloads) == 1 else None
            rows = (
                exact_json.loads(b64decode(payload).decode(), unique_keys=True) if isinstance(payload, str) else payload
            )
        except (ValueError, RecursionError):
            rows = None
        if not isinstance(rows, list) or not all(isinstance(row, dict | str) for row in rows):
            raise self._policy.refusal("the rows of the bulk job can't be read, so no rule can be applied to them")
        found = []
        for number, row in enumerate(rows, 1):
            ids = [row] if isinstance(row, str) else [row[key] for key in row if _plain(key) in {"id", "productid"}]
            is_import = types == [JOB_TYPES["import"]] and isinstance(row, dict)
            if self._policy.never_sku and not is_import and not all(isinstance(each, str) for each in ids or [None]):
                raise self._policy.refusal(
                    f"never_sku is set, but the product of row {number} of the bulk job can't be told"
                )
            found.append({"row": row, "products": [{"product_id": each} for each in ids]})
        return found


def _held(reservation: Row | None) -> dict[str, Any]:
    """The variant and the units of a reservation; nothing of one that does not exist or holds no units."""
    if reservation is None or str(reservation.get("status")).upper() in {"RELEASED", "CONSUMED"}:
        return {}
    return {name: reservation.get(name) for name in ("variant_id", "quantity")}


def _where(write: Write) -> str:
    """The row of a write as the subject of a sentence."""
    return "this" if write.line is None else f"line {write.line}"


def _values(document: Any, keys: set[str]) -> Iterator[Any]:
    """Every value under one of these keys, at any depth; keys in any case, with or without underscores.

    Servers may read keys in any case.
    """
    if isinstance(document, list):
        for each in document:
            yield from _values(each, keys)
    elif isinstance(document, dict):
        for key, value in document.items():
            if _plain(key) in keys:
                yield value
            else:
                yield from _values(value, keys)


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _texts(document: Any, keys: set[str]) -> list[str]:
    """The texts among these values; numbers as text, too."""
    return [str(value).strip() for value in _values(document, keys) if value is not None and str(value).strip()]


def _path_values(write: Write) -> dict[str, str]:
    """The ids in the path, by placeholder."""
    template = next((each.path for each in operations.ALL if each.id == write.operation.id), "")
    form = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    found = re.fullmatch(form, write.path.partition("?")[0])
    return {name: unquote(value) for name, value in found.groupdict().items()} if found else {}


def _id_in_path(write: Write) -> str:
    name = next(iter(_path_values(write).values()), "")
    return parse_uuid(name) or name


def _product_in_path(write: Write) -> list[str]:
    """The product that is changed or deleted; not one that only gets a variant."""
    product = _path_values(write).get("productID")
    return [product] if product and write.operation.id != operations.CREATE_VARIANT.id else []
