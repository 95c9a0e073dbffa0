"""The proxy that the environment sets for a host."""

import pytest
from table import cases

from synq_cli.errors import UsageError
from synq_cli.session.network.proxies import find_proxy

PROXY = "http://proxy.test:3128"


@cases(
    ("environ", "found"),
    [
        ({}, None), ({"HTTPS_PROXY": PROXY}, ("HTTPS_PROXY", PROXY)),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other.test"}, ("https_proxy", PROXY)),
        ({"ALL_PROXY": "socks5h://proxy.test"}, ("ALL_PROXY", "socks5h://proxy.test")),
        ({"ALL_PROXY": "socks5://a.test", "HTTPS_PROXY": PROXY}, ("HTTPS_PROXY", PROXY)),
        ({"HTTPS_PROXY": "proxy.test:3128"}, ("HTTPS_PROXY", PROXY)), ({"HTTPS_PROXY": " "}, None),
        ({"HTTP_PROXY": PROXY}, None),
    ],
)  # fmt: skip
def test_proxy_variables_and_their_order(environ: dict[str, str], found: tuple[str, str] | None) -> None:
    assert find_proxy("https://api.test/v1", environ) == found
    assert find_proxy("http://127.0.0.1:8080", environ) is None


@cases(
    ("url", "entries", "bypassed"),
    [
        ("https://api.test", "*", True),
        ("https://api.test", "other.test, API.test", True),
        ("https://api.test", ".test", True),
        ("https://api.test", "*.test", True),
        ("https://api.test", "pi.test", False),
        ("https://api.test", "", False),
        ("https://api.test", "api.test:443", True),
        ("https://api.test:8443", "api.test:443", False),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "10.2.0.0/16", False),
        ("https://[::1]", "::1", True),
        ("https://[::1]", "[::1]", True),
        ("https://[::1]:8443", "[::1]:8443", True),
        ("https://[::1]:8443", "[::1]:443", False),
        ("https://[fd00::7]", "fd00::/8", True),
        ("https://api.test", "fd00::/8,[::1],10.0.0.0/8,/,:,[", False),
    ],
)
@cases("variable", ["no_proxy", "NO_PROXY"])
def test_no_proxy_takes_names_addresses_networks_and_ports(
    url: str, entries: str, bypassed: bool, variable: str
) -> None:
    found = find_proxy(url, {"HTTPS_PROXY": PROXY, variable: entries})
    assert found == (None if bypassed else ("HTTPS_PROXY", PROXY))


@cases(
    ("value", "why"),
    [
        ("ftp://u:s3cret@proxy.test", 'the scheme "ftp" is not http, https, socks5 or socks5h'),
        ("http://u:s3cret@", "it has no host"),
        ("http://u:s3cret@proxy.test:port", "it is not a URL"),
        ("http://u:s3cret@[::1", "it is not a URL"),
        ("http://u:s3cret@a b", "it contains blanks or control characters"),
        ("http://u:s3cret@a..b:1", "its host name is not valid"),
        (f"http://u:s3cret@{'a' * 300}:1", "its host name is not valid"),
    ],
)
def test_invalid_proxy_is_named_without_its_password(value: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_proxy("https://api.test", {"ALL_PROXY": value})
    assert caught.value.message == f"Invalid proxy in ALL_PROXY: {why}."
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}"
