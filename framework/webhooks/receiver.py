"""What becomes of a delivery: verified, read, rung for, remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from ..clock import Clock
from .bell import Bell
from .deliveries import Deliveries
from .heard import Heard, hear
from .signature import Headers, verify
from .wire import Answer


class Receiver:
    """One hook's end. `told` gets what was heard of each delivery that rang the bell, `say` why
    one was refused: once, until one is good again, for a stranger could send many."""

    def __init__(
        self,
        *,
        scheme: str,
        secret: str,
        bell: Bell,
        deliveries: Deliveries,
        clock: Clock,
        told: Callable[[Heard], None],
        say: Callable[[str], None],
    ) -> None:
        self._scheme = scheme
        self._secret = secret
        self._bell = bell
        self._deliveries = deliveries
        self._clock = clock
        self._told = told
        self.say = say
        self._has_complained = False

    def take(self, headers: Headers, body: bytes) -> Answer:
        """Not to be called by two threads at once. Raises SettingsError where the bell or the
        memory cannot be written; then the sender may send it again."""
        now = self._clock()
        if not verify(self._scheme, self._secret, headers, body, now):
            self._complain()
            return Answer(status=HTTPStatus.UNAUTHORIZED, text="The signature is wrong.")
        try:
            heard = hear(headers, body)
        except ValueError as error:
            return Answer(status=HTTPStatus.BAD_REQUEST, text=f"Signed, but {error}.")
        self._has_complained = False
        if self._deliveries.is_known(heard.delivery, body, now):
            return Answer(status=HTTPStatus.OK, text="This was taken before.")
        return self._new(heard, body, now)

    def _new(self, heard: Heard, body: bytes, now: datetime) -> Answer:
        if heard.is_news:
            # Before it is remembered: after a crash in between, the sender's repetition rings
            # once more, and a second look is harmless.
            self._bell.ring(now)
            self._told(heard)
        self._deliveries.remember(heard.delivery, body, now)
        text = "We go and look." if heard.is_news else "Taken; nothing to look at."
        return Answer(status=HTTPStatus.ACCEPTED, text=text)

    def _complain(self) -> None:
        if not self._has_complained:
            self._has_complained = True
            self.say(
                f"A delivery was refused: it is not signed with our secret as {self._scheme} does. "
                "If it came from your forge, give both ends the same secret. Further ones are not "
                "told of until one is good."
            )
