"""A vendor of language models on loopback: OpenAI's chat completions over real HTTP, and every fault.

`server.Vendor` runs inside a test or a benchmark, `python -m tests.vendor` beside one. What it answers and
how it fails is a `plans.Plan` per call, chosen by a `script.Script`; `menu.MENU` names the faults. An
`Answerer` writes the text of an answer from what was asked: `obedient` holds three that do what an attacker
says, `rules` one that answers as good experts would, with as many faults as wanted, for load.
"""
