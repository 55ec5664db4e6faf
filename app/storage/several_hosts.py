"""Several servers in one address: which is asked first, so that a dead one costs nobody but the first caller."""

from typing import Any

from psycopg import Connection

# Where one of several does not answer the next is tried; within one data centre two seconds are long.
_SECONDS_EACH = 2
# Of this process: the server that took us last, by the servers an address names.
_took_us: dict[str, tuple[str, str]] = {}


def last_one_first(parameters: dict[str, Any]) -> dict[str, Any]:
    """The same parameters, with the server first that took us last; libpq would ask in the order of the address.

    A webhook has a second: it must not wait for a host that is lost before each new connection, all night.
    """
    if not _are_several(parameters):
        return parameters
    pairs = _named(parameters)
    last = _took_us.get(parameters["host"])
    # Sorting is stable: the others stay in their order.
    pairs.sort(key=lambda pair: pair != last)
    seconds = min(int(parameters.get("connect_timeout") or _SECONDS_EACH), _SECONDS_EACH)
    ordered = {"host": ",".join(host for host, _ in pairs), "port": ",".join(port for _, port in pairs)}
    return {**parameters, **ordered, "connect_timeout": seconds}


def remember(parameters: dict[str, Any], connection: "Connection[Any]") -> None:
    """Note which server took us."""
    if not _are_several(parameters):
        return
    pairs = _named(parameters)
    info = connection.info
    fitting = (pair for pair in pairs if pair[0] == info.host and pair[1] in ("", str(info.port)))
    _took_us[parameters["host"]] = next(fitting, pairs[0])


def _are_several(parameters: dict[str, Any]) -> bool:
    return "," in str(parameters.get("host", ""))


def _named(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    hosts = str(parameters["host"]).split(",")
    ports = str(parameters.get("port") or "").split(",")
    return [(host, ports[n] if n < len(ports) else "") for n, host in enumerate(hosts)]
