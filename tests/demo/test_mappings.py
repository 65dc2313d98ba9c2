"""The company's mapping documents differ from those of their kinds in the names of stages only."""

from typing import Any

import pytest
import yaml

from salescommand_demo import mapping_documents
from salescommand_demo.truth import GROUP_LABELS
from salescommand_lake.mapping.catalog import shipped_mappings

DOCUMENTS = mapping_documents()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_only_stages_differ(name: str):
    ours: dict[str, Any] = yaml.safe_load(DOCUMENTS[name])
    kind = ours.pop("source")
    shipped = next(one for one in shipped_mappings() if (one.scope, one.record_type) == (f"kind:{kind}", "opportunity"))
    theirs = yaml.safe_load(shipped.text)
    assert theirs.pop("kind") == kind
    stage, plain = ours["fields"].pop("stage"), theirs["fields"].pop("stage")
    assert ours == theirs
    assert stage["path"] == plain["path"]
    assert stage["other"] == "keep"
    assert set(stage["map"].values()) - {"Closed Won", "Closed Lost"} == set(GROUP_LABELS.values()) - {"Won", "Lost"}
