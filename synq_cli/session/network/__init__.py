"""Base URLs, proxies, trusted certificates."""
