"""Words for what the domain refuses of an input: one table for forms, the API and the console."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from tickets.errors import InvalidInput


def fault_words(error: InvalidInput) -> str:
    """A sentence that says what is wrong with the value and what would be right."""
    return _words(error.params).get(error.code, _("This value cannot be used."))


def _words(params: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "required": _("This field is required."),
        "missing": _("This field is required."),
        "too_long": _("At most %(limit)s characters.", limit=params.get("limit", "")),
        "not_in_the_future": _("This must lie in the future."),
        "later_than_allowed": _("This is later than the longest pause that the promise allows."),
        "not_a_date": _("This is not a date."),
        "several_queues": _(
            "Several have this name: %(names)s. Choose one of the list.", names=params.get("names", "")
        ),
        "address_needed": _("Tell the citizen where to go: the body and its address."),
        "before_start": _("The end lies before the beginning."),
        "past": _("This date has passed."),
        "clock_stopped": _("The promise has ended already; its date cannot be moved."),
        "one_to_five": _("Give one to five stars."),
        "no_phone": _("This citizen cannot be reached that way."),
        "not_by_hand": _("This result cannot be chosen by hand."),
        "not_a_dossier_number": _("A dossier number has 3 to 60 letters and digits, with - . / between them."),
        "no_such_category": _("There is no such category."),
        "no_such_procedure": _("There is no such procedure."),
        "no_such_unit": _("There is no such unit."),
        "no_such_queue": _("There is no such queue."),
        "conduct_needs_routing": _("A matter about a unit or its staff is routed by the rules: transfer the ticket."),
        "not_suspected": _("It is restricted for more than its wording."),
        "came_from_no_other": _("It did not come from another queue; transfer it instead."),
        "does_not_work_here": _("This person does not work on this unit's tickets."),
        "bad_email": _("This is not an e-mail address."),
        "bad_phone": _("This is not a phone number that can be called."),
        "no_sms_there": _("This number takes no text messages: choose a phone call for it."),
        "hours_in_pairs": _("Give both hours, or none."),
        "not_an_hour": _("Hours are whole numbers from 0 to 24."),
        "code_just_sent": _("A code was sent a moment ago. Wait a minute, then ask again."),
        "no_such_reach_time": _("Between half a minute and 24 hours, in minutes."),
        "held_already": _("The person holds this role already."),
        "own_administration": _("You cannot end your own administrator role; another administrator can."),
        "own_account": _("You cannot close your own account; another administrator can."),
        "in_use": _("This name is in use."),
    }
