"""Commands about this machine: logins, profiles, runs, completion, help."""
