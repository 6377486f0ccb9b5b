"""An even pace for what must not crowd out everything else."""

import asyncio


class Pace:
    """Lets so many through in a second, all who share it together, at equal distances and in the order they came."""

    def __init__(self, per_second: float) -> None:
        self._distance = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        clock = asyncio.get_running_loop().time
        mine = max(self._next, clock())
        self._next = mine + self._distance
        await asyncio.sleep(mine - clock())
