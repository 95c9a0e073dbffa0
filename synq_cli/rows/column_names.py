"""Other names of columns, as carriers, shops and spreadsheets write them in their exports."""

import unicodedata
from collections.abc import Iterable

# The names of a column beside its own, as `folded` gives them.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "order_id": (
        "order", "orderno", "ordernr", "ordernumber", "orderuuid", "orderref", "orderreference", "synqorder",
        "synqorderid", "reference", "reference1", "customerreference", "shipmentreference", "shipperreference",
        "yourreference",
    ),
    "tracking_number": (
        "tracking", "trackingno", "trackingnr", "trackingcode", "trackingid", "trackingref", "trackingreference",
        "trackandtrace", "trackandtracenumber", "tracktrace", "fulfillmenttrackingnumber", "shipmenttrackingnumber",
        "packagetrackingnumber", "mastertrackingnumber", "shipmentno", "shipmentnumber", "consignment", "consignmentno",
        "consignmentnumber", "parcelno", "parcelnumber", "waybill", "waybillno", "waybillnumber", "airwaybill",
        "airwaybillnumber", "awb", "awbno", "awbnumber", "sendungsnummer", "trackingnummer", "paketnummer",
    ),
    "carrier": (
        "carriername", "carrierused", "courier", "couriername", "shippingcarrier", "shippingcarrierused",
        "shipmentcarrier", "shippingcompany", "shippingprovider", "trackingcompany", "trackingprovider",
        "fulfillmenttrackingcompany", "deliverycompany",
    ),
    "sku": (
        "skuno", "skucode", "skunumber", "itemsku", "lineitemsku", "linesku", "productsku", "variantsku", "sellersku",
        "merchantsku", "itemcode", "stockcode", "articleno", "articlenumber",
    ),
    "barcode": ("barcodeno", "barcodenumber", "ean", "ean13", "eancode", "gtin", "upc", "upccode"),
    "variant_id": ("variantuuid",),
    "quantity": (
        "qty", "qtyshipped", "quantityshipped", "shippedquantity", "itemqty", "itemquantity", "lineitemquantity",
        "linequantity", "units",
    ),
    "counted": (
        "count", "countedqty", "countedquantity", "qtycounted", "quantitycounted", "physicalcount", "actualcount",
        "stockcount",
    ),
    "on_hand": ("qtyonhand", "quantityonhand", "stockonhand", "instock", "bookqty", "bookquantity"),
    "supplier": ("suppliername", "vendor", "vendorname"),
    "lead_days": ("leadtimedays", "leadtimeindays"),
    "pack_size": ("casepack", "casesize", "packqty", "packquantity", "unitspercase", "unitsperpack"),
    "location": ("locationname", "stocklocation", "warehouse", "warehousename"),
    "title": ("producttitle", "productname"),
    "description": ("productdescription",),
    "category": ("productcategory", "categoryname"),
    "product_id": ("productuuid",),
    "reservation_id": ("reservation", "reservationno", "reservationuuid"),
    "email": ("emailaddress", "mail", "mailaddress"),
    "role": ("memberrole", "userrole"),
    "reason": ("returnreason", "reasonforreturn", "cancelreason", "cancellationreason", "reasonforcancellation"),
}  # fmt: skip


def folded(name: str) -> str:
    """The letters and digits of a column name: `Tracking no.` and `TrackingNo` are one name."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum())


def guess_columns(names: Iterable[str], missing: Iterable[str]) -> dict[str, list[str]]:
    """The names by the column that each is another name of; of `missing` columns, those that have one."""
    columns = {other: column for column in missing for other in (folded(column), *OTHER_NAMES.get(column, ()))}
    found: dict[str, list[str]] = {}
    for name in names:
        if (column := columns.get(folded(name))) is not None:
            found.setdefault(column, []).append(name)
    return found
