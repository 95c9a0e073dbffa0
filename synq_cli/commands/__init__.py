"""One module a noun: its columns, then a thin function for each verb."""
