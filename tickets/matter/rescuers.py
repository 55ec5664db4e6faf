"""Who comes to which danger: the first to call for each kind that the rules name; no numbers, which are a country's."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Rescuer(StrEnum):
    POLICE = "police"
    FIRE = "fire"
    AMBULANCE = "ambulance"
    SEARCH = "search"
    CHILD = "child"


# Who is called where nothing says which danger it is.
ALL_ROUND = (Rescuer.POLICE, Rescuer.FIRE, Rescuer.AMBULANCE)
# More numbers than this nobody keeps in mind.
_MOST_NAMED = 3
# By the kinds of `reference_data/matter/danger.csv`; a city may name others, which say nothing here.
_COMES_TO: Mapping[str, tuple[Rescuer, ...]] = {
    "fire": (Rescuer.FIRE, Rescuer.AMBULANCE),
    "gas": (Rescuer.FIRE,),
    "explosion": (Rescuer.FIRE, Rescuer.AMBULANCE),
    "chemical": (Rescuer.FIRE, Rescuer.AMBULANCE),
    "collapse": (Rescuer.FIRE, Rescuer.AMBULANCE),
    # In rivers the fire brigade dives; at sea and in floods those who search are called.
    "drowning": (Rescuer.FIRE, Rescuer.SEARCH, Rescuer.AMBULANCE),
    "electricity": (Rescuer.FIRE, Rescuer.AMBULANCE),
    "lift": (Rescuer.FIRE,),
    "trapped": (Rescuer.FIRE,),
    "tree": (Rescuer.FIRE, Rescuer.AMBULANCE),
    "animal": (Rescuer.AMBULANCE, Rescuer.FIRE),
    "medical": (Rescuer.AMBULANCE,),
    "injury": (Rescuer.AMBULANCE,),
    "state": (Rescuer.AMBULANCE,),
    "traffic": (Rescuer.AMBULANCE, Rescuer.POLICE),
    "suicide": (Rescuer.AMBULANCE, Rescuer.FIRE),
    "violence": (Rescuer.POLICE, Rescuer.AMBULANCE),
    "kidnap": (Rescuer.POLICE,),
    "child": (Rescuer.CHILD, Rescuer.POLICE),
}


def rescuers_for(kinds: Sequence[str]) -> tuple[Rescuer, ...]:
    """Whom to call first for a danger of these kinds, the strongest first; empty where nothing says which."""
    named = dict.fromkeys(rescuer for kind in kinds for rescuer in _COMES_TO.get(kind, ()))
    found = list(named)[:_MOST_NAMED]
    if Rescuer.CHILD in named and Rescuer.CHILD not in found:
        # Nobody else looks after the child once the others have left.
        found[-1] = Rescuer.CHILD
    return tuple(found)
