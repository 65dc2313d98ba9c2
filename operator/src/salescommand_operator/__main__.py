"""`python -m salescommand_operator`."""

from salescommand_operator.run import run_operator
from salescommand_operator.settings import OperatorSettings

run_operator(OperatorSettings.from_env())
