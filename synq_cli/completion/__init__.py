"""TAB: the scripts that answer it in each shell, where they lie, and what only this machine knows."""
