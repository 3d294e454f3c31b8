"""The parts of the run of `rocketchat_api.py`, and what they share."""
