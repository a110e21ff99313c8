"""What a capture lost (not the network): records removed after the clocks were shifted."""
import random

from segment import RST, read_frame


def lose_resets(side, rate=0.08, seed=7, counted=True):
    """One capture misses every RST and some other TCP packets; `counted` says whether a drop counter tells."""
    def lose(captures):
        capture, chance, kept = captures[side], random.Random(seed), []
        for record in capture.records:
            s = read_frame(record.data, capture.link_type)
            if s and (s.has(RST) or (s.length and chance.random() < rate)):
                continue
            kept.append(record)
        capture.dropped = len(capture.records) - len(kept) if counted else None
        capture.records = kept
    return lose
