"""The way to the API: base URLs, proxies, trusted certificates."""
