"""Email addresses and URIs, in the formats that the contract names."""


def email_address(text: str) -> str:
    """An email address with its domain in ASCII; ValueError says what is wrong with it. No name server is asked."""
    from email_validator import validate_email

    found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    assert found.ascii_email is not None  # None only for an internationalized local part
    return found.ascii_email


def is_uri(text: str) -> bool:
    """Whether it is an absolute URI of RFC 3986."""
    from rfc3986_validator import validate_rfc3986  # type: ignore[import-untyped]

    found = validate_rfc3986(text)
    return found is not None and found.end() == len(text)  # it accepts a line feed at the end
