"""MMBM: assisted diagnosis that shows its reasons. Research use, not a medical device."""

__version__ = "0.1.0"
