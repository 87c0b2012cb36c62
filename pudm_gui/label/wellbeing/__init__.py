"""How much a curator gets to see: settings, a count of what was seen, and a proposal to pause."""
