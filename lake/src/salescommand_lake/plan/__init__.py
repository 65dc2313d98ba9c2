"""Planning changes of the lake: what is declared, what is there, the steps between them, and what may run.

`spec` says what is declared; `wanted` turns it into objects; `observe` looks (and only looks) at a server; `diff` makes
the steps with their risks; `plan` is their list with its hash; `decide` says whether it may run; `guard` stands between
an approved plan and the server; `apply` runs it. All but `observe` and `apply` are pure.
"""
