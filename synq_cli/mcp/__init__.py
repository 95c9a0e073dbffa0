"""The MCP server: four tools with which an agent reads, proposes changes, and applies what a person has approved."""
