from synq_cli.http.exchange import RequestEvent


def test_a_request_event_is_one_line() -> None:
    answered = RequestEvent("GET", "https://api.synq.io/api/v1/oms/orders", 200, 123.4, 87, 100, "req-1", None)
    assert str(answered) == "GET https://api.synq.io/api/v1/oms/orders 200 123 ms 87/100 req-1"
    assert str(answered._replace(limit=None, request_id=None)).endswith(" 200 123 ms 87/?")
    failed = answered._replace(status=None, remaining=None, limit=None, request_id=None, error="timed out")
    assert str(failed) == "GET https://api.synq.io/api/v1/oms/orders 123 ms timed out"
