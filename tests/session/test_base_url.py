"""Which addresses a token may go to."""

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synq_cli.session.network.base_url import check_base_url, host_of, is_loopback

A_URL = "use a URL such as https://api.synq.io"
HTTPS = "use https; plain http, which would expose the token, is only for this machine"
NO_USER = "remove the user name and password; the token is stored elsewhere"
NO_QUERY = "remove the query and the fragment"
A_HOST = "use a host name of letters, digits, dots and dashes, or an IP address"
LONG = "a" * 64


@pytest.mark.parametrize(
    ("text", "kept", "host"),
    [
        ("https://api.synq.io", "https://api.synq.io", "api.synq.io"),
        ("https://api.synq.io/", "https://api.synq.io", "api.synq.io"),
        ("https://api.synq.io///", "https://api.synq.io", "api.synq.io"),
        ("https://API.Synq.io:8443/Shop/", "https://api.synq.io:8443/Shop", "api.synq.io:8443"),
        ("HTTPS://api.synq.io", "https://api.synq.io", "api.synq.io"),
        ("https://api.synq.io:443/v", "https://api.synq.io/v", "api.synq.io"),
        ("https://api.synq.io:0443", "https://api.synq.io", "api.synq.io"),
        ("https://api.synq.io:80", "https://api.synq.io:80", "api.synq.io:80"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]", "[2001:db8::1]"),
        ("http://localhost:80", "http://localhost", "localhost"),
        ("https://api.synq.io.", "https://api.synq.io.", "api.synq.io."),
        ("https://api_1.xn--mnchen-3ya.de", "https://api_1.xn--mnchen-3ya.de", "api_1.xn--mnchen-3ya.de"),
        ("https://10.0.0.7", "https://10.0.0.7", "10.0.0.7"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("http://localhost:8080", "http://localhost:8080", "localhost:8080"),
        ("http://LOCALHOST", "http://localhost", "localhost"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1", "127.0.0.1:1"),
        ("http://127.9.9.9", "http://127.9.9.9", "127.9.9.9"),
        ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_addresses_that_serve(text: str, kept: str, host: str) -> None:
    assert check_base_url(text) == kept
    assert host_of(kept) == host


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", A_URL),
        ("api.synq.io", A_URL),
        ("//api.synq.io", A_URL),
        ("ftp://api.synq.io", A_URL),
        ("file:///etc/passwd", A_URL),
        ("https://", A_URL),
        ("https:///path", A_URL),
        ("https:api.synq.io", A_URL),
        ("https://:443", A_URL),
        ("https://api.synq.io:", A_URL),
        ("https://api.synq.io:0", A_URL),
        ("https://api.synq.io:70000", A_URL),
        ("https://api.synq.io:http", A_URL),
        ("https://[::1", A_URL),
        ("https://[nonsense]", A_URL),
        ("https://api.synq\u2100io", A_URL),
        (" https://api.synq.io", A_URL),
        ("https://api.synq.io\n", A_URL),
        ("https://api.synq.io/a b", A_URL),
        ("https://api.synq.io/\x00", A_URL),
        ("https://api.\u202esynq.io", A_URL),
        ("https://api\u00a0.synq.io", A_URL),
        ("http://api.synq.io", HTTPS),
        ("http://10.0.0.7", HTTPS),
        ("http://0.0.0.0", HTTPS),
        ("http://localhost.evil.test", HTTPS),
        ("http://127.0.0.1.evil.test", HTTPS),
        ("http://2130706433", HTTPS),
        ("http://localhost@evil.test", HTTPS),
        ("https://user:pass@api.synq.io", NO_USER),
        ("https://user@api.synq.io", NO_USER),
        ("https://@api.synq.io", NO_USER),
        ("https://api.synq.io\\@evil.test", NO_USER),
        ("http://user@localhost", NO_USER),
        ("https://api.synq.io?a=1", NO_QUERY),
        ("https://api.synq.io?", NO_QUERY),
        ("https://api.synq.io/#top", NO_QUERY),
        ("https://api.synq.io#", NO_QUERY),
        ("https://evil.test\\.api.synq.io", A_HOST),
        ("https://api..synq.io", A_HOST),
        ("https://.synq.io", A_HOST),
        ("https://-api.synq.io", A_HOST),
        (f"https://{LONG}.synq.io", A_HOST),
        ("https://" + "a." * 127 + "io", A_HOST),
        ("https://m\u00fcnchen.de", A_HOST),
        ("https://\u2603", A_HOST),
        ("https://api%20synq.io", A_HOST),
        ("https://*.synq.io", A_HOST),
        ("http://[::1%eth0]", A_HOST),
    ],
)
def test_addresses_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_base_url(text)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("hosts", "loopback"),
    [
        (["localhost", "127.0.0.1", "127.255.0.1", "::1"], True),
        (["", "0.0.0.0", "::", "10.0.0.1", "localhost.test", "127.1", "api.synq.io"], False),
    ],
)
def test_loopback(hosts: list[str], loopback: bool) -> None:
    assert [is_loopback(host) for host in hosts] == [loopback] * len(hosts)


PIECES = st.sampled_from(
    ["https://", "http://", "localhost", "127.0.0.1", "[::1]", "api.synq.io", "@", ":", "/", "\\", ".", "%", "#", "?"]
)
LOOKS_LIKE_A_URL = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)


@given(st.text() | LOOKS_LIKE_A_URL | LOOKS_LIKE_A_URL.map("https://".__add__))
@example("https://[")
@example("https://]")
@example("https://[v1.x]")
@example("https://[::1]x")
@example("https://a:\u0661")
@example("https://a:" + "9" * 5000)
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        kept = check_base_url(text)
    except ValueError:
        return
    # What was checked is what the client connects to, in words that the resolver takes.
    url = httpx.URL(kept)
    assert url.scheme == "https" or is_loopback(url.host)
    assert url.host == host_of(kept).partition("]")[0].lstrip("[") or url.host == host_of(kept).partition(":")[0]
    assert (url.userinfo, url.query, url.fragment) == (b"", b"", "")
    url.host.encode("idna")
    assert check_base_url(kept) == kept
