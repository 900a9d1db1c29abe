"""Leaderboard: submissions, what checks and scores them, the board and its site.

leaderboard/protocols/**.parquet       what each protocol asks: ids, labels, parts (`sheets`)
leaderboard/submissions/NAME/          somebody's predictions (`checking.check`)
leaderboard/results/NAME.json          what they scored, by our code (`stored`)
leaderboard/README.md                  the tables
leaderboard/site/                      the pages (`site`), not in version control
"""
