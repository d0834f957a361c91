"""What kind of change a drift is, told from features of it by a model of gradient-boosted trees.

`features` documents what goes in, `model` predicts and says what weighed, `records` and `training` make another model
of labelled records, `report` holds it against severity rules and against a robust z.
"""
