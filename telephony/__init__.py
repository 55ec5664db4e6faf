"""Telephony: calls and text messages, from the provider's webhooks to what the caller hears."""
