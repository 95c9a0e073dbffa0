"""Files in and out of a bulk run."""
