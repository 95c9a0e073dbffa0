def test_the_shipped_contract_is_valid_openapi(contract):
    from openapi_spec_validator import validate  # heavy, and needed here alone

    validate(contract)
