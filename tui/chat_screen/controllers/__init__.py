"""One concern each. Controllers import neither one another nor widgets nor screens: `wiring` gives each what it needs."""
