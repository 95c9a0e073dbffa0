from openapi_spec_validator import validate


def test_the_shipped_contract_is_valid_openapi(contract):
    validate(contract)
