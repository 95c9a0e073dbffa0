"""The catalogue: products, variants, taxonomy, media, bulk jobs."""
