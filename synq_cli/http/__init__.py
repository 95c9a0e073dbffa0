"""HTTP: one client for everything that synq sends."""
