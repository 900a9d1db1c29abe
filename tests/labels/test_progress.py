from __future__ import annotations

from nape_bench.labels.progress import TimeLeft, in_words

MICRO, LATENCY = ("micro", "micro-1"), ("latency", "latency-1")


def test_measurements_of_unlike_cost_are_weighed_by_their_means() -> None:
    left = TimeLeft([MICRO] * 10 + [LATENCY] * 4, {})
    left.at_once([MICRO], 2)
    assert left.seconds() == (0.0, True)
    left.ended(MICRO, 6.0)
    left.ended(MICRO, 2.0)
    assert left.seconds() == (4 * 4.0, True), "8 jobs, two at a time, of 4 seconds each"
    left.ended(LATENCY, 10.0)
    assert left.seconds() == (16.0 + 3 * 10.0, False)


def test_earlier_runs_tell_until_this_one_knows() -> None:
    left = TimeLeft([MICRO] * 4, {MICRO: [1.0, 3.0]})
    assert left.seconds() == (8.0, False)
    left.ended(MICRO, None)
    assert left.seconds() == (6.0, False), "a job that another run did tells nothing of cost"
    left.ended(MICRO, 5.0)
    assert left.seconds() == (10.0, False)


def test_fewer_jobs_than_workers_take_as_long_as_one() -> None:
    left = TimeLeft([MICRO], {MICRO: [4.0]})
    left.at_once([MICRO], 8)
    assert left.seconds() == (4.0, False)
    left.ended(MICRO, 4.0)
    assert left.seconds() == (0.0, False)


def test_durations_in_words() -> None:
    assert in_words(4805.2, missing=False) == "about 1:20:05 left"
    assert in_words(65.0, missing=True) == "over 1:05 left"
    assert in_words(0.0, missing=True) == "time left not known yet"
    assert in_words(0.0, missing=False) == "about 0:00 left"
