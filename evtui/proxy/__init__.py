"""Between other people's charge points and their central system."""

from evtui.proxy.arming import Arming
from evtui.proxy.proxy import Proxy
from evtui.proxy.station import ProxiedStation

__all__ = ["Arming", "ProxiedStation", "Proxy"]
