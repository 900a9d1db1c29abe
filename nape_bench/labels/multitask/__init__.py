"""Multi-task labels: one body, many vision tasks (Mills et al., AIO-P, AAAI 2023).

A body gives a feature pyramid (`graph.pyramid`), and one light head on it answers all tasks in one
run, as AIO-P's four COCO tasks share one. Bodies are trained on scenes, individually or briefly
behind a head that they share, and are scored by the tasks' standard metrics.
"""
