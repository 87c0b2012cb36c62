"""Drawing from an iterator on a thread of its own, so that who uses the items need not wait for the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")
POLL_SECONDS = 0.05
"""How often a thread whose items nobody takes looks whether anybody still wants them."""


def ahead(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same `items`, of which up to `depth` are drawn before they are asked for.

    An error of `items` comes out here. Whoever stops early waits for the item that is being drawn.
    """
    drawn: queue.Queue[tuple[Item] | None] = queue.Queue(depth)
    errors: list[BaseException] = []
    stop = threading.Event()

    def put(item: tuple[Item] | None) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                return drawn.put(item, timeout=POLL_SECONDS)

    def draw() -> None:
        try:
            for item in items:
                put((item,))
                if stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 — raised again in the thread that asked
            errors.append(error)
        put(None)

    thread = threading.Thread(target=draw, name="ahead", daemon=True)
    thread.start()
    try:
        while (item := drawn.get()) is not None:
            yield item[0]
    finally:
        stop.set()
        thread.join()
    if errors:
        raise errors[0]
