"""What is answered when the database is not: from memory and disk alone, and never by sending a waiting caller away."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from app.phone.answers import SPOKEN_STEPS, Phones, StepUrls, silence_address, whisper_answer
from app.phone.replay import Replayer
from app.phone.spool import Spool
from app.wording.spoken_words import speak
from telephony.plan.prompts import Prompt
from telephony.provider import held_turn
from telephony.provider.webhook_inbox import Webhook, WebhookAnswer

log = structlog.get_logger()


@dataclass(frozen=True)
class WithoutDatabase:
    """`passes` tells trouble that is over by itself, a lock or a restart, from a mistake of ours."""

    phones: Phones
    spool: Spool
    replayer: Replayer

    def answer(self, webhook: Webhook, *, received_at: datetime, passes: bool) -> WebhookAnswer:
        """A whisper needs nothing but its words; a waiting caller holds the line; everything else is kept on disk."""
        if whispered := whisper_answer(webhook, self.phones):
            return whispered
        if held := self.held(webhook, passes=passes):
            # Only once, and only what nobody will say again: the caller may hang up before coming back.
            if webhook.held == 0 and held_turn.tells_something(webhook):
                self._keep(webhook, received_at=received_at, was_held=True)
            return held
        if not self._keep(webhook, received_at=received_at, was_held=False) and webhook.kind not in SPOKEN_STEPS:
            return WebhookAnswer(503, "")
        return self.phones.failsafe_answer(webhook)

    def held(self, webhook: Webhook, *, passes: bool) -> WebhookAnswer | None:
        """Asked to hold the line and come back to this turn; None for who only arrives, or has held for too long."""
        if not held_turn.is_waiting(webhook) or webhook.held >= held_turn.most_rounds(webhook, passes=passes):
            return None
        document = held_turn.hold_document(
            webhook,
            speak,
            recorded=self.phones.addresses_of(Prompt.PLEASE_HOLD, {}, held_turn.locale_of(webhook)),
            base_url=self.phones.settings.base_url,
            keys=self.phones.reference.keys.pin,
            capabilities=self.phones.accounts[webhook.account].capabilities,
            silence_url=silence_address(self.phones.settings.base_url),
        )
        return WebhookAnswer(200, document)

    def rest(self, webhook: Webhook) -> WebhookAnswer:
        """Music, and then the same turn: for a waiting caller over capacity."""
        base_url = self.phones.settings.base_url
        document = held_turn.rest_document(
            webhook,
            base_url=base_url,
            keys=self.phones.reference.keys.pin,
            music=StepUrls(base_url, webhook.account, 0).music(),
            capabilities=self.phones.accounts[webhook.account].capabilities,
        )
        return WebhookAnswer(200, document)

    def held_after_failure(self, webhook: Webhook) -> WebhookAnswer | None:
        """For the line's fallback address: the caller whose last step failed on its way holds the line as well."""
        failed = held_turn.failed_turn(webhook, base_url=self.phones.settings.base_url)
        if failed is None:
            return None
        return self.held(held_turn.recalled(failed, self.phones.reference.keys.pin), passes=True)

    def _keep(self, webhook: Webhook, *, received_at: datetime, was_held: bool) -> bool:
        """False when the disk is full as well; a caller hears words all the same."""
        try:
            self.spool.keep(webhook, received_at=received_at, was_held=was_held)
            self.replayer.wake_if_needed()
        except OSError:
            log.exception("webhook.lost", kind=webhook.kind, form=sorted(webhook.form))
            return False
        return True
