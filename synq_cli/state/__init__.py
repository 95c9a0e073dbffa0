"""The SQLite files that synq keeps on this machine."""
