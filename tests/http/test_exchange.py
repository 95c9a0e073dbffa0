from synq_cli.http.exchange import Reply, request_line

URL = "https://api.synq.io/api/v1/oms/orders"
LIMITS = {"x-ratelimit-remaining": "87", "x-ratelimit-limit": "100", "x-request-id": "req-1"}


def test_the_debug_line_of_a_request() -> None:
    reply = Reply(200, LIMITS, b"")
    assert request_line("GET", URL, 0.1234, reply, None) == f"GET {URL} 200 123 ms 87/100 req-1"
    reply = reply._replace(headers={"x-ratelimit-remaining": "87"})
    assert request_line("GET", URL, 0.1234, reply, None) == f"GET {URL} 200 123 ms 87/?"
    assert request_line("GET", URL, 0.1234, None, "timed out") == f"GET {URL} 123 ms timed out"
