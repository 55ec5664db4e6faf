"""What a phone provider sends us, and the simulated provider's own REST; each view hands over to telephony."""
