"""A whole Synq tenant in one SQLite file, served over HTTP: the server's side, met at HTTP alone."""
