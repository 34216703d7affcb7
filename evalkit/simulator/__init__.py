"""The stand-in gateway: an HTTP server of its own that shares no encode or decode code with `evalkit.apis`.

It serves `POST /v1/chat/completions`, `POST /v1/responses` and `GET /v1/models` on loopback, as strict as the real
APIs and with the dialects that the gateway's documents show. Answers are drawn from a seed: the same conversation with
the same repeat gets the same answer, tokens and latency, in any order and in any process. Parameters never change
what is drawn: a cap cuts the answer, an effort stretches the reasoning.

Two headers, sent to the stand-in only, let it answer a case rather than chat about it:

- `x-evalkit-expected`: the expected answer, percent-encoded UTF-8. It comes back verbatim with a probability that is
  the model's skill, and a wrong answer of the same kind otherwise; cases hard for one model are hard for the others.
- `x-evalkit-repeat`: which repeat of the case this is, counted from 0.

A user message can provoke what chance does not bring:

- `[[content_policy]]`: blocked, with status 400 and the error type "503"
- `[[refusal]]`: declined, in the field `refusal`, without content
- `[[empty]]`: an answer without content that claims to be complete

With `stream: true` the same answer comes token by token, in the time that the whole one would have taken.

It does not call tools or read files, and says so where it is asked to.
"""
