"""From raw events to records: a step takes pending batches, reads them by their mappings and folds what they touch."""

from salescommand_lake.fold.apply import apply_mapping
from salescommand_lake.fold.results import AppliedMapping, FailedMapping, FoldResult
from salescommand_lake.fold.step import fold_pending

__all__ = ["AppliedMapping", "FailedMapping", "FoldResult", "apply_mapping", "fold_pending"]
