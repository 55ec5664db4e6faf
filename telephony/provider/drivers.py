"""The providers this product can speak with, by the name of their driver, and the accounts set up at them."""

from functools import cache

from telephony.provider.account import ProviderAccount
from telephony.provider.driver import Carrier, Driver, Setting
from telephony.provider.gateway_driver import GatewayDriver
from telephony.provider.twilio_driver import TwilioDriver

# A new provider is one more here.
DRIVERS: dict[str, Driver] = {driver.name: driver for driver in (TwilioDriver(), GatewayDriver())}


def driver_of(account: ProviderAccount) -> Driver:
    return DRIVERS[account.driver]


def configured_accounts(setting: Setting) -> dict[str, ProviderAccount]:
    """By the name that stands in `/webhooks/<account>/…`."""
    return {account.name: account for driver in DRIVERS.values() for account in driver.accounts(setting)}


@cache
def carrier_of(account: ProviderAccount) -> Carrier:
    """One per account and process: it keeps its connections."""
    return driver_of(account).carrier(account)
