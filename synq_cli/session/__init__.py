"""Who is asking, and where: settings, profiles, tokens and what they claim."""
