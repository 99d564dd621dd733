"""Sessions over the websocket, as browsers have them, without a browser: two hundred in a process.

Speaks Streamlit's own protocol with its own messages: it opens pages, presses buttons by what they
say, fills text in, and has fragments drawn again whenever the server asked for that. What comes is
counted and looked through, but not painted.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 60.0  # seconds for one script run
DONE = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
)


class SessionFailed(Exception):
    """A session ended, showed an exception, or took too long."""


@dataclass
class Seen:
    """What a session has been shown since its page was opened.

    Attributes:
        texts: of all that has words, in the order of arrival.
        buttons: ids by label.
        fields: ids of text fields by label.
        received: bytes, of all pages.
        runs: script runs that have ended, of all pages.
        exceptions: what a traceback said, of all pages.
    """

    texts: list[str] = field(default_factory=list)
    buttons: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    received: int = 0
    runs: int = 0
    exceptions: list[str] = field(default_factory=list)


class Session:
    """One tab of one browser."""

    def __init__(self, address: str, cookies: Mapping[str, str] | None = None) -> None:
        """Take a server's address, and the cookies of the browser."""
        parts = urlsplit(address)
        self._url = f"ws://{parts.netloc}{parts.path.rstrip('/')}/_stcore/stream"
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._cookies = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        self._socket: websockets.ClientConnection | None = None
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._intervals: dict[str, float] = {}  # of these timers, in seconds
        self._reading: asyncio.Task[None] | None = None
        self._finished = asyncio.Event()
        self._ticked = asyncio.Event()
        self._page, self._hash, self._query = "", "", ""
        self.seen = Seen()
        self.ticks: list[float] = []  # seconds from asking for a fragment to its end
        self._asked: dict[str, float] = {}

    async def open(self, page: str, query: str = "") -> float:
        """Open a page by its address's last part, and return how many seconds it took."""
        started = time.monotonic()
        if self._socket is None:
            headers = {"Cookie": self._cookies} if self._cookies else None
            self._socket = await websockets.connect(
                self._url,
                additional_headers=headers,
                origin=websockets.Origin(self._origin),
                subprotocols=[websockets.Subprotocol("streamlit")],
                max_size=None,
                compression=None,
            )
            self._reading = asyncio.create_task(self._read(self._socket))
        self._quiet()
        self._intervals.clear()
        self._page, self._hash, self._query = page, "", query
        self.seen.texts.clear()
        self.seen.buttons.clear()
        self.seen.fields.clear()
        await self._run(BackMsg())
        return time.monotonic() - started

    async def press(self, label: str) -> float:
        """Press the button that says this, and return the seconds until the page is drawn."""
        message, started = BackMsg(), time.monotonic()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self._id(self.seen.buttons, label), True
        await self._run(message)
        return time.monotonic() - started

    async def fill(self, label: str, text: str) -> float:
        """Write into the text field with this label, as ``press``."""
        message, started = BackMsg(), time.monotonic()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = self._id(self.seen.fields, label), text
        await self._run(message)
        return time.monotonic() - started

    async def until(self, words: str, seconds: float = PATIENCE) -> float:
        """Wait until the page shows these words, and return the seconds."""
        started = time.monotonic()
        while not any(words in text for text in self.seen.texts):
            self._check()
            if time.monotonic() - started > seconds:
                raise SessionFailed(f"no {words!r} within {seconds:g} s: {self.seen.texts[-20:]}")
            await asyncio.sleep(0.02)
        return time.monotonic() - started

    async def hurry(self, seconds: float) -> int:
        """Draw what ticks as often as in so many seconds, without a pause; return how often."""
        due = {each: round(seconds / interval) for each, interval in self._intervals.items()}
        for fragment, times in due.items():
            for _ in range(times):
                self._quiet()
                self._ticked.clear()
                await self._ask_again(fragment)
                try:
                    await asyncio.wait_for(self._ticked.wait(), PATIENCE)
                except TimeoutError:
                    self._check()
                    raise SessionFailed(f"{self._page} did not tick in {PATIENCE:g} s") from None
        self._check()
        return sum(due.values())

    async def close(self) -> None:
        """Close the tab."""
        self._quiet()
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, SessionFailed):
                await self._reading

    def _id(self, known: Mapping[str, str], label: str) -> str:
        if label not in known:
            raise SessionFailed(f"no {label!r} on {self._page}, but {sorted(known)}")
        return known[label]

    def _quiet(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _check(self) -> None:
        if self.seen.exceptions:
            raise SessionFailed(self.seen.exceptions[0])
        if self._reading is not None and self._reading.done():
            self._reading.result()
            raise SessionFailed("the server closed the connection")

    async def _run(self, message: BackMsg) -> None:
        """Have the page drawn, and wait for the end of that."""
        self._finished.clear()
        await self._send(message)
        try:
            await asyncio.wait_for(self._finished.wait(), PATIENCE)
        except TimeoutError:
            self._check()
            raise SessionFailed(f"{self._page} was not drawn in {PATIENCE:g} s") from None
        self._check()

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None, "open a page first"
        state = message.rerun_script
        # A page is asked for by its name once, and known by its hash from then on.
        state.page_script_hash, state.query_string = self._hash, self._query
        state.page_name = "" if self._hash else self._page
        state.context_info.timezone, state.context_info.locale = "UTC", "en"
        state.context_info.url = f"{self._origin}/{self._page}"
        await self._socket.send(message.SerializeToString())

    async def _read(self, socket: websockets.ClientConnection) -> None:
        async for data in socket:
            assert isinstance(data, bytes)
            self.seen.received += len(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._note(message.delta.new_element)
            elif kind == "auto_rerun":
                asked = message.auto_rerun
                self._tick(asked.fragment_id, asked.interval)
            elif kind == "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._intervals.pop(fragment, None)
                    if fragment in self._timers:
                        self._timers.pop(fragment).cancel()
            elif kind == "navigation":
                self._hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "script_finished" and message.script_finished in DONE:
                self.seen.runs += 1
                fragment = message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
                if fragment:
                    self._ticked.set()
                if fragment and self._asked:
                    _, began = self._asked.popitem()
                    self.ticks.append(time.monotonic() - began)
                if not fragment:
                    self._asked.clear()
                    self._finished.set()

    def _note(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        value: Any = getattr(element, kind) if kind else None
        if kind == "button":
            self.seen.buttons[value.label] = value.id
        elif kind == "text_input":
            self.seen.fields[value.label] = value.id
        elif kind == "exception":
            self.seen.exceptions.append(f"{value.type}: {value.message}")
        body = getattr(value, "body", None) or getattr(value, "text", None)
        if isinstance(body, str) and body:
            self.seen.texts.append(body)
            del self.seen.texts[:-500]

    def _tick(self, fragment: str, interval: float) -> None:
        """Have a fragment drawn again and again, as the browser does."""
        if fragment in self._timers:
            self._timers.pop(fragment).cancel()
        self._intervals[fragment] = interval

        async def again() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._ask_again(fragment)

        self._timers[fragment] = asyncio.create_task(again())

    async def _ask_again(self, fragment: str) -> None:
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = True
        self._asked[fragment] = time.monotonic()
        await self._send(message)


@contextlib.asynccontextmanager
async def sessions(
    address: str, count: int, cookies: Mapping[str, str] | None = None
) -> AsyncIterator[list[Session]]:
    """Give so many sessions of browsers with the same cookies, which are closed with the block."""
    opened = [Session(address, cookies) for _ in range(count)]
    try:
        yield opened
    finally:
        await asyncio.gather(*(each.close() for each in opened))
