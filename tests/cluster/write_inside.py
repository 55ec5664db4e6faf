"""Run inside a node's namespace: writes to that node's own database and web process, and says what was acknowledged."""

import json
import sys
import time
import urllib.request
from contextlib import suppress

import psycopg


def main(database: str, web: str, token: str) -> None:
    number = 0
    while True:
        number += 1
        with suppress(psycopg.Error), psycopg.connect(database, connect_timeout=2) as connection:
            connection.execute(
                "insert into done_day (work, on_day, done_at) values (%s, current_date, now())", [f"inside {number}"]
            )
            connection.commit()
            # Nobody cancels this COMMIT: while no standby confirms, it says nothing.
            print(json.dumps({"row": f"inside {number}", "at": time.monotonic()}), flush=True)
        body = json.dumps(
            {"subject": f"Trong nut so {number:06d}", "body": "x", "unit": "26740", "phone": "0901234567"}
        )
        request = urllib.request.Request(
            f"{web}/api/v1/tickets",
            body.encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with suppress(OSError), urllib.request.urlopen(request, timeout=8) as answer:
            if answer.status == 201:
                print(json.dumps({"ticket": f"Trong nut so {number:06d}", "at": time.monotonic()}), flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
