"""synq, the command line for your Synq tenant."""

__version__ = "0.1.0"
