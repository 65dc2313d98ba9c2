"""From raw events to records: a step takes pending batches, reads them by their mappings and folds what they touch."""

from salescommand_lake.fold.apply import apply_mapping, mapping_history, remove_mapping
from salescommand_lake.fold.fill import fill_intervals
from salescommand_lake.fold.results import AppliedMapping, FailedMapping, FoldResult, MappingVersion
from salescommand_lake.fold.step import fold_pending

__all__ = [
    "AppliedMapping",
    "FailedMapping",
    "FoldResult",
    "MappingVersion",
    "apply_mapping",
    "fill_intervals",
    "fold_pending",
    "mapping_history",
    "remove_mapping",
]
