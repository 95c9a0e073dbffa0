"""Which base URLs a token may be sent to."""

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from table import cases

from synq_cli.session.network.base_url import check_base_url, host_of, is_loopback

A_URL = "use a URL such as https://api.synq.io"
HTTPS = "use https; plain http, which would expose the token, is only for this machine"
NO_USER = "remove the user name and password; the token is stored elsewhere"
NO_QUERY = "remove the query and the fragment"
A_HOST = "use a host name of letters, digits, dots and dashes, or an IP address"


@cases(
    ("text", "kept"),
    [
        ("https://api.synq.io///", "https://api.synq.io"),
        ("https://API.Synq.io:8443/Shop/", "https://api.synq.io:8443/Shop"),
        ("HTTPS://api.synq.io", "https://api.synq.io"),
        ("https://api.synq.io:0443/v", "https://api.synq.io/v"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
        *((text, text) for text in (
            "https://api.synq.io", "https://api.synq.io:80", "https://api.synq.io.", "https://10.0.0.7",
            "https://api_1.xn--mnchen-3ya.de", "https://[2001:db8::1]:8443", "http://localhost:8080",
            "http://127.9.9.9", "http://[::1]:8080",
        )),
    ],
)  # fmt: skip
def test_valid_base_urls_are_normalized(text: str, kept: str) -> None:
    assert check_base_url(text) == kept


REFUSED = {
    A_URL: (
        "", "api.synq.io", "//api.synq.io", "ftp://api.synq.io", "file:///etc/passwd", "https://", "https:///path",
        "https:api.synq.io", "https://:443", "https://api.synq.io:", "https://api.synq.io:0", "https://api.synq.io:70000",
        "https://api.synq.io:http", "https://[::1", "https://[nonsense]", "https://api.synq\u2100io",
        " https://api.synq.io", "https://api.synq.io\n", "https://api.synq.io/a b", "https://api.synq.io/\x00",
        "https://api.\u202esynq.io", "https://api\u00a0.synq.io",
    ),
    HTTPS: (
        "http://api.synq.io", "http://10.0.0.7", "http://0.0.0.0", "http://localhost.evil.test",
        "http://127.0.0.1.evil.test", "http://2130706433", "http://localhost@evil.test",
    ),
    NO_USER: (
        "https://user:pass@api.synq.io", "https://user@api.synq.io", "https://@api.synq.io",
        "https://api.synq.io\\@evil.test", "http://user@localhost",
    ),
    NO_QUERY: ("https://api.synq.io?a=1", "https://api.synq.io?", "https://api.synq.io/#top", "https://api.synq.io#"),
    A_HOST: (
        "https://evil.test\\.api.synq.io", "https://api..synq.io", "https://.synq.io", "https://-api.synq.io",
        f"https://{'a' * 64}.synq.io", "https://" + "a." * 127 + "io", "https://m\u00fcnchen.de", "https://\u2603",
        "https://api%20synq.io", "https://*.synq.io", "http://[::1%eth0]",
    ),
}  # fmt: skip


@cases(("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts])
def test_invalid_base_urls_are_refused(why: str, text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_base_url(text)
    assert str(caught.value) == why


def test_host_and_loopback() -> None:
    for url, host in (
        ("https://api.synq.io/v", "api.synq.io"),
        ("https://[::1]:8443", "[::1]:8443"),
        ("http://localhost", "localhost"),
    ):
        assert host_of(url) == host
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.255.0.1", "::1"]))
    assert not any(map(is_loopback, ["", "0.0.0.0", "::", "10.0.0.1", "localhost.test", "127.1", "api.synq.io"]))


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
def test_any_text_is_a_base_url_or_a_value_error(text: str) -> None:
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
