from table import cases

from synq_cli.times import epoch, parse_time, timestamp

AT = 1_764_064_800.0  # 2025-11-25T10:00:00Z


@cases(
    "text",
    ["2025-11-25T10:00:00Z", "2025-11-25T10:00:00", "2025-11-25T12:00:00+02:00", "2025-11-25 10:00:00.000000+00:00"],
)
def test_time_without_a_zone_is_utc(text: str) -> None:
    assert epoch(text) == AT
    moment = parse_time(text)
    assert moment is not None
    assert moment.isoformat() == "2025-11-25T10:00:00+00:00"


@cases(
    "value", ["", " ", "soon", "2025-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", None, 20251125]
)
def test_anything_else_is_none(value: object) -> None:
    assert (parse_time(value), epoch(value)) == (None, None)


def test_timestamp_reads_back_as_the_same_second() -> None:
    assert timestamp(AT + 0.9) == "2025-11-25T10:00:00Z"
    assert epoch(timestamp(AT)) == AT
