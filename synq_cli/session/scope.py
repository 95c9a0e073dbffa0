"""Whose data it is that this machine remembers, told before any token is read."""

from collections.abc import Mapping

from synq_cli.session.network.base_url import host_of
from synq_cli.session.settings import SANDBOX, Settings
from synq_cli.session.tokens.claims import read_claims
from synq_cli.session.tokens.credentials import scope_of
from synq_cli.state.memory import Memory


def likely_scope(settings: Settings, environ: Mapping[str, str], memory: Memory) -> str:
    """The scope that a session by these settings would have, told without asking the keyring for its token.

    The sandbox's tenant stands in its file alone: its scope is "sandbox/", which all of its tenants begin with.
    """
    if settings.profile == SANDBOX:
        return f"{SANDBOX}/"
    tenant = settings.tenant_id
    if not tenant and (token := environ.get("SYNQ_TOKEN")):
        claims = read_claims(token.strip())
        tenant = claims.tenant_id if claims else None
    elif not tenant:
        facts = memory.recall("logins", settings.profile)
        tenant = facts.get("tenant_id") if isinstance(facts, dict) else None
    return scope_of(host_of(settings.base_url), tenant, settings.profile)
