"""Events as lines of JSON, while they happen."""

from evtui.feed.feed import Feed, FeedError, open_feed
from evtui.feed.pump import Dropped, FeedBegins

__all__ = ["Dropped", "Feed", "FeedBegins", "FeedError", "open_feed"]
