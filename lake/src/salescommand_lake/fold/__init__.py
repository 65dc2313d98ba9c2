"""From raw events to records: a step takes pending batches, reads them by their mappings and folds what they touch."""

from salescommand_lake.fold.results import AppliedMapping, FailedMapping, FoldResult

__all__ = ["AppliedMapping", "FailedMapping", "FoldResult"]
