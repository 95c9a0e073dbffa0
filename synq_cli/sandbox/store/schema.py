"""The tables of the tenant's database, and how their columns are read."""

import json
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]

# SQLite has neither booleans nor JSON: columns of these names are converted when they are read, whatever the table.
CONVERTERS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("active", "auto_po_enabled", "is_taxable", "is_returnable", "requires_serial_number"), bool),
    **dict.fromkeys(("details", "option_values", "tags", "work"), json.loads),
}

SCHEMA = """
CREATE TABLE tenant (
    id TEXT PRIMARY KEY, org_id TEXT, name TEXT, seed TEXT, secret TEXT, webhook_secret TEXT, founded_at TEXT,
    updated_at TEXT, created_at TEXT);
CREATE TABLE members (id TEXT PRIMARY KEY, uid TEXT, tenant_id TEXT, email TEXT, role TEXT, status TEXT);
CREATE TABLE settings (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT UNIQUE, inventory_allocation_model TEXT,
    auto_po_enabled INTEGER, default_low_stock_threshold INTEGER, costing_method TEXT, updated_by TEXT,
    created_at TEXT, updated_at TEXT);
CREATE TABLE products (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, title TEXT NOT NULL, description TEXT,
    short_description TEXT, long_description TEXT, category TEXT, brand TEXT, tags TEXT, status TEXT,
    product_type_id TEXT, launch_date TEXT, discontinue_date TEXT, warranty_period TEXT, is_taxable INTEGER,
    is_returnable INTEGER, requires_serial_number INTEGER, seo_title TEXT, seo_description TEXT,
    seo_keywords TEXT, data_quality_score REAL, created_by TEXT, updated_by TEXT, created_at TEXT,
    updated_at TEXT, deleted_at TEXT);
CREATE TABLE variants (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, product_id TEXT NOT NULL, sku TEXT, barcode TEXT,
    price TEXT, currency TEXT, option_values TEXT, cost_price TEXT, data_quality_score REAL, created_at TEXT,
    updated_at TEXT);
CREATE INDEX variants_by_sku ON variants (tenant_id, sku);
CREATE VIEW live_products AS SELECT * FROM products WHERE deleted_at IS NULL;
CREATE VIEW live_variants AS
    SELECT variants.* FROM variants JOIN products ON products.id = variants.product_id
    WHERE products.deleted_at IS NULL;
CREATE TABLE categories (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, parent_id TEXT, name TEXT, slug TEXT, description TEXT,
    created_at TEXT, updated_at TEXT);
CREATE TABLE brands (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, name TEXT, description TEXT, logo_url TEXT,
    created_at TEXT, updated_at TEXT);
CREATE TABLE attributes (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, name TEXT, slug TEXT, type TEXT, created_at TEXT,
    updated_at TEXT);
CREATE TABLE attribute_groups (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, name TEXT, description TEXT, created_at TEXT,
    updated_at TEXT);
CREATE TABLE templates (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, name TEXT, description TEXT, created_at TEXT,
    updated_at TEXT);
CREATE TABLE media (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, product_id TEXT, variant_id TEXT, url TEXT, alt_text TEXT,
    sort_order INTEGER, created_at TEXT, updated_at TEXT);
CREATE TABLE bulk_jobs (
    id TEXT PRIMARY KEY, org_id TEXT, tenant_id TEXT, job_type TEXT, status TEXT, payload_json TEXT,
    total_items INTEGER, processed_items INTEGER, created_by TEXT, created_at TEXT, updated_at TEXT,
    work TEXT, starts_at REAL, rows_seen INTEGER);
CREATE TABLE locations (id TEXT PRIMARY KEY, tenant_id TEXT, name TEXT, active INTEGER, created_at TEXT);
CREATE TABLE ledger (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, org_id TEXT, tenant_id TEXT, variant_id TEXT,
    location_id TEXT, quantity_delta INTEGER, transaction_type TEXT, notes TEXT, unit_cost TEXT,
    created_by TEXT, created_at TEXT);
CREATE INDEX ledger_by_stock ON ledger (tenant_id, variant_id, location_id);
CREATE TABLE reservations (
    id TEXT PRIMARY KEY, tenant_id TEXT, variant_id TEXT, location_id TEXT, quantity INTEGER, reference TEXT,
    order_id TEXT, status TEXT, created_at TEXT);
CREATE INDEX reservations_by_stock ON reservations (variant_id, location_id);
CREATE TABLE channels (
    id TEXT PRIMARY KEY, tenant_id TEXT, name TEXT, currency TEXT, active INTEGER, created_at TEXT,
    updated_at TEXT);
CREATE TABLE orders (
    id TEXT PRIMARY KEY, tenant_id TEXT, status TEXT, currency TEXT, subtotal TEXT, discount_total TEXT,
    shipping_total TEXT, tax_total TEXT, total TEXT, payment_status TEXT, payment_provider TEXT,
    payment_reference TEXT, channel TEXT, source_platform TEXT, idempotency_key TEXT, created_at TEXT,
    updated_at TEXT, tags TEXT, allocation TEXT, advances_at REAL, UNIQUE (tenant_id, idempotency_key));
CREATE INDEX orders_by_age ON orders (tenant_id, created_at);
CREATE INDEX orders_under_way ON orders (advances_at) WHERE advances_at IS NOT NULL;
CREATE TABLE order_items (
    id TEXT PRIMARY KEY, order_id TEXT, product_title TEXT, variant_title TEXT, sku TEXT, variant_id TEXT,
    location_id TEXT, quantity INTEGER, unit_price TEXT);
CREATE INDEX order_items_by_order ON order_items (order_id);
CREATE TABLE fulfillments (
    id TEXT PRIMARY KEY, order_id TEXT, status TEXT, location_id TEXT, carrier TEXT, tracking_number TEXT,
    created_at TEXT, updated_at TEXT);
CREATE TABLE fulfillment_items (fulfillment_id TEXT, order_item_id TEXT, quantity INTEGER);
CREATE TABLE returns (
    id TEXT PRIMARY KEY, order_id TEXT, status TEXT, reason TEXT, created_at TEXT, updated_at TEXT);
CREATE TABLE return_items (return_id TEXT, order_item_id TEXT, quantity INTEGER, disposition TEXT);
CREATE TABLE connections (
    id TEXT PRIMARY KEY, tenant_id TEXT, unified_connection_id TEXT, category TEXT, provider TEXT, status TEXT,
    created_at TEXT, updated_at TEXT, UNIQUE (tenant_id, unified_connection_id));
CREATE TABLE webhook_events (
    id TEXT PRIMARY KEY, tenant_id TEXT, connection_id TEXT, event TEXT, payload TEXT, received_at TEXT);
CREATE TABLE audit (
    id TEXT PRIMARY KEY, tenant_id TEXT, actor_email TEXT, action TEXT, entity_type TEXT, entity_id TEXT,
    details TEXT, ip_address TEXT, created_at TEXT);
CREATE TABLE requests (address TEXT, at REAL);
CREATE INDEX requests_by_address ON requests (address, at);
CREATE TABLE counting (count_as TEXT, strangers INTEGER);
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, target TEXT, times INTEGER, rate REAL, seed INTEGER,
    seconds NUMERIC, met INTEGER, struck INTEGER);
"""
