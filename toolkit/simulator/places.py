"""The places: a painter for every kind of scene.

A painter gets a `Set` to build on. It adds layers from far to near, says with `stand` where the
subject goes, and leaves light, haze and grade to the `Look`.
"""

from __future__ import annotations

from collections.abc import Callable

from toolkit.simulator.beyond import space, underwater
from toolkit.simulator.country import coast, desert, forest, lake, meadow, mountain, snowfield
from toolkit.simulator.interiors import cafe, room, station, studio, table, theatre
from toolkit.simulator.sets import Set
from toolkit.simulator.towns import harbor, road, skyline, street, village

__all__ = ["PAINTERS"]

PAINTERS: dict[str, Callable[[Set], None]] = {
    "street": street, "skyline": skyline, "forest": forest, "coast": coast, "harbor": harbor,
    "desert": desert, "mountain": mountain, "meadow": meadow, "lake": lake, "cafe": cafe,
    "room": room, "station": station, "table": table, "underwater": underwater, "space": space,
    "snowfield": snowfield, "road": road, "village": village, "stage": theatre, "studio": studio,
}  # fmt: skip
"""Kind of scene → painter."""
