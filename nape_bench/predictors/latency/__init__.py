"""What `latency_mix` is made of: experts on a few latencies, other devices, and how they are mixed.

Each expert is told columns of networks and the logarithms of a few latencies, and says those of
other networks; besides, what it would have said of each of the few had it not been told that one.
"""
