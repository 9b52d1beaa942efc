"""Between other people's charge points and their central system."""

from evtui.proxy.arming import StationArming
from evtui.proxy.proxy import Proxy
from evtui.proxy.station import ProxiedStation

__all__ = ["ProxiedStation", "Proxy", "StationArming"]
