"""Products, channels and locations of the seeded shop."""

from typing import NamedTuple

CLOTHING = ("S", "M", "L", "XL")
SHORT_RUN = ("S", "M", "L")
PAIRS = ("36", "39", "42")
ONE_SIZE = ("OS",)

COLOURS = {
    "NVY": "Navy",
    "OAT": "Oat",
    "GRY": "Grey",
    "MOS": "Moss",
    "RST": "Rust",
    "CRM": "Cream",
    "BLK": "Black",
    "PET": "Petrol",
    "BLÅ": "Blå",
}


class Design(NamedTuple):
    """A product and its variants, whose SKUs are code-colour-size."""

    code: str
    title: str
    category: str
    price: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    currency: str = "GBP"
    status: str = "ACTIVE"


class Outlet(NamedTuple):
    """A sales channel, the location that ships its orders, and its share of all orders in percent."""

    channel: str
    currency: str
    location: str
    share: int
    active: bool = True


WAREHOUSE, SHOP, NORTH = "Leith warehouse", "High Street shop", "Tromsø lager"

OUTLETS = (
    Outlet("web-storefront", "GBP", WAREHOUSE, 55),
    Outlet("high-street", "GBP", SHOP, 20),
    Outlet("nordic-web", "EUR", NORTH, 20),
    Outlet("Nørrebro pop-up", "EUR", NORTH, 5, active=False),
)

# Stock that examples and tests rely on, at the one location that sells it.
PINNED = {"HMC-NVY-M": (WAREHOUSE, 42), "HMC-NVY-L": (SHOP, 6), "SLB-OAT-OS": (WAREHOUSE, 4)}
# Barcodes that are no EAN-13: a UPC-A, and a code of the shop's own.
BARCODES = {"WWS-CRM-OS": "036000291452", "MKT-NVY-OS": "KIT-018"}

DESIGNS = (
    Design("HMC", "Harbour Merino Crewneck", "Knitwear", "89.50", ("NVY",), CLOTHING),
    Design("TCC", "Tarn Cable Cardigan", "Knitwear", "124.00", ("OAT", "MOS"), SHORT_RUN),
    Design("SLB", "Skerry Lambswool Beanie", "Accessories", "24.00", ("OAT", "NVY", "RST"), ONE_SIZE),
    Design("VLS", "Voe Lambswool Scarf", "Accessories", "38.00", ("GRY", "PET"), ONE_SIZE),
    Design("AFS", "Ærø Fisherman Sweater", "Knitwear", "149.00", ("CRM", "NVY"), CLOTHING, "EUR"),
    Design("LFI", "Lerwick Fair Isle Jumper", "Knitwear", "135.00", ("MOS",), CLOTHING),
    Design("GRN", "Guernsey Roll Neck", "Knitwear", "98.00", ("NVY", "CRM"), SHORT_RUN),
    Design("FTV", "Fell Tweed Waistcoat", "Outerwear", "112.00", ("MOS",), SHORT_RUN),
    Design("FTJ", "Fell Tweed Jacket", "Outerwear", "265.00", ("GRY",), CLOTHING),
    Design("HWJ", "Hebrides Waxed Jacket", "Outerwear", "219.00", ("NVY", "MOS"), SHORT_RUN),
    Design("OSK", "Oilskin Sou'wester", "Outerwear", "42.00", ("BLK",), ONE_SIZE),
    Design("HS2", "Hiking Socks [2-pack]", "Socks", "19.90", ("GRY", "RST"), PAIRS),
    Design("BDS", "Bed Socks", "Socks", "14.50", ("CRM",), PAIRS),
    Design("WLS", "Wellington Liners", "Socks", "16.00", ("GRY",), PAIRS),
    Design("DYR", "Darning Yarn [red]", "Care", "4.20", ("RST",), ONE_SIZE),
    Design("WWS", "Wool Wash 500 ml", "Care", "9.95", ("CRM",), ONE_SIZE),
    Design("CDB", "Cedar Balls", "Care", "7.50", ("OAT",), ONE_SIZE),
    Design("KNC", "Knit Comb", "Care", "12.00", ("BLK",), ONE_SIZE),
    Design("MKT", "Mending Kit", "Care", "18.00", ("NVY",), ONE_SIZE),
    Design("BMT", "Blåbær Mittens", "Accessories", "29.00", ("BLÅ", "CRM"), ONE_SIZE, "EUR"),
    Design("FGL", "Fingerless Gloves", "Accessories", "22.50", ("GRY", "MOS"), ONE_SIZE),
    Design("DGL", "Driving Gloves", "Accessories", "56.00", ("BLK",), SHORT_RUN),
    Design("FCP", "Flat Cap", "Accessories", "45.00", ("GRY", "MOS"), SHORT_RUN),
    Design("SNO", "Snood", "Accessories", "27.00", ("PET", "OAT"), ONE_SIZE),
    Design("HBD", "Cable Headband", "Accessories", "17.50", ("OAT", "RST"), ONE_SIZE),
    Design("PBH", "Pom-pom Bobble Hat", "Accessories", "26.00", ("RST", "NVY"), ONE_SIZE),
    Design("TWS", "Tweed Scarf", "Accessories", "49.00", ("MOS",), ONE_SIZE),
    Design("LTG", "Leather Tote", "Bags", "145.00", ("BLK",), ONE_SIZE),
    Design("CNB", "Canvas Knapsack", "Bags", "78.00", ("MOS", "NVY"), ONE_SIZE),
    Design("FLB", "Felt Laptop Sleeve", "Bags", "39.00", ("GRY",), ONE_SIZE),
    Design("WBB", "Weekend Boat Bag", "Bags", "96.00", ("NVY",), ONE_SIZE),
    Design("ABL", "Arran Throw", "Home", "110.00", ("CRM", "GRY"), ONE_SIZE),
    Design("HBL", "Herringbone Blanket", "Home", "130.00", ("PET",), ONE_SIZE),
    Design("LWC", "Lambswool Cushion", "Home", "48.00", ("RST", "OAT"), ONE_SIZE),
    Design("HWB", "Hot-water Bottle Cover", "Home", "32.00", ("CRM",), ONE_SIZE),
    Design("TEA", "Tea Cosy", "Home", "21.00", ("RST",), ONE_SIZE),
    Design("EGG", "Egg Cosies, set of four", "Home", "12.50", ("RST",), ONE_SIZE),
    Design("DSB", "Draught Stopper", "Home", "28.00", ("GRY",), ONE_SIZE),
    Design("SKR", "Sheepskin Rug", "Home", "155.00", ("CRM",), ONE_SIZE),
    Design("ENM", "Enamel Mug", "Home", "11.00", ("NVY", "CRM"), ONE_SIZE),
    Design("BBL", "Baby Blanket", "Children", "54.00", ("CRM",), ONE_SIZE),
    Design("BBT", "Baby Bootees", "Children", "15.00", ("OAT", "PET"), ONE_SIZE),
    Design("CDG", "Children's Duffel Coat", "Children", "88.00", ("NVY",), SHORT_RUN),
    Design("CJP", "Children's Jumper", "Children", "46.00", ("RST",), SHORT_RUN),
    Design("TDB", "Tweed Bear", "Children", "34.00", ("MOS",), ONE_SIZE),
    Design("NIS", "Nisse Ornament", "Home", "8.90", ("RST",), ONE_SIZE, "EUR"),
    Design("LFT", "Lofoten Anorak", "Outerwear", "189.00", ("PET",), CLOTHING, "EUR"),
    Design("SJO", "Sjøman Rib Hat", "Accessories", "31.00", ("NVY", "BLÅ"), ONE_SIZE, "EUR"),
    Design("FJS", "Fjord Sailing Socks", "Socks", "18.50", ("NVY",), PAIRS, "EUR"),
    Design("TRL", "Trollstigen Leggings", "Knitwear", "72.00", ("BLK",), SHORT_RUN, "EUR"),
    Design("SVB", "Svalbard Base Layer", "Knitwear", "84.00", ("BLK",), SHORT_RUN, "EUR"),
    Design("HYG", "Hygge Slippers", "Accessories", "59.00", ("GRY",), PAIRS, "EUR"),
    Design("RGN", "Regnfrakk Raincoat", "Outerwear", "175.00", ("MOS",), SHORT_RUN, "EUR"),
    Design("KFP", "Kaffe Pot Holder", "Home", "13.00", ("BLÅ",), ONE_SIZE, "EUR"),
    Design("GOT", "Göteborg Scarf", "Accessories", "44.00", ("PET",), ONE_SIZE, "EUR"),
    Design("SAM", "Sámi Braid Bracelet", "Accessories", "36.00", ("BLK",), ONE_SIZE, "EUR"),
    Design("SPR", "Spring Linen Shirt", "Shirts", "79.00", ("CRM",), SHORT_RUN, status="DRAFT"),
    Design("CHK", "Checked Flannel Shirt", "Shirts", "68.00", ("RST",), CLOTHING),
    Design("GFC", "Gift Card", "Gifts", "50.00", ("CRM",), ONE_SIZE),
    Design("CAL", "Wall Calendar", "Gifts", "12.00", ("CRM",), ONE_SIZE, status="ARCHIVED"),
)
