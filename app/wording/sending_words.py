"""Words for what is sent at the city's cost: its kinds, and whom a budget is for."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from tickets.states import BudgetScope, SendingKind

SENDING_KINDS: Mapping[str, LazyString] = {
    SendingKind.SMS: lazy_gettext("Text messages"),
    SendingKind.CALLBACK: lazy_gettext("Callbacks"),
    SendingKind.CALL: lazy_gettext("Other calls to citizens"),
}
BUDGET_SCOPES: Mapping[str, LazyString] = {
    BudgetScope.NUMBER: lazy_gettext("to one number"),
    BudgetScope.RANGE: lazy_gettext("to ten thousand neighbouring numbers"),
    BudgetScope.ALL: lazy_gettext("to all together"),
}
