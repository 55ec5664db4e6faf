"""What answers the phone on our side: the turn under its deadline, the spool, reconciliation, recordings.

The conversation itself is in telephony/; views that receive a provider's requests are in app/web/provider_events.
"""
