"""The nouns of evalkit: what a suite is made of, what is asked, what comes back, and what is kept.

Every noun is an immutable `msgspec.Struct`, so that one definition serves the program and the JSON on disk.
Units stand in the names (`latency_s`, `input_tokens`, `cost_usd`). Unknown is `None`, never 0 and never NaN.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

Role = Literal["system", "developer", "user", "assistant"]
Auth = Literal["bearer", "raw", "none"]
Detail = Literal["low", "high", "auto"]
Outcome = Literal["ok", "length", "refusal", "content_policy"]
"""How an answer ended: complete, cut off at the cap, declined by the model, or blocked by a policy."""

FaultKind = Literal[
    "auth", "permission", "quota", "rate_limit", "bad_request", "not_found", "context_length", "server", "protocol",
    "empty_response", "stream_error", "truncated_stream", "network", "tls", "timeout", "too_large", "redirect",
    "config", "cancelled", "function_error",
]  # fmt: skip
"""The classes of failure a request can end in."""


# --- what is asked -----------------------------------------------------------------------------------------------


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in a prompt: a remote one (`url`) or a local file, hashed and measured once."""

    url: str | None = None
    """An https URL that is passed through untouched; None for a local file."""
    path: Path | None = None
    sha256: str | None = None
    media_type: str | None = None
    width: int | None = None
    """Pixels; None where the picture is remote and was not measured."""
    height: int | None = None
    detail: Detail | None = None

    @property
    def reference(self) -> str:
        """What stands for the picture in a record: its URL, or its path inside the run folder."""
        return self.url or f"media/{self.sha256}"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A PDF in a prompt: a remote one (`url`) or a local file, hashed once."""

    name: str
    """The file's name, which most APIs want to know."""
    url: str | None = None
    """An https URL that is passed through untouched; None for a local file."""
    path: Path | None = None
    sha256: str | None = None
    media_type: str = "application/pdf"

    @property
    def reference(self) -> str:
        """What stands for the document in a record: its URL, or its path inside the run folder."""
        return self.url or f"media/{self.sha256}"


Media = Image | Document
"""What a message may hold besides its text."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a prompt; pictures, then documents, come after its text, in order."""

    role: Role
    content: str
    name: str | None = None
    images: tuple[Image, ...] = ()
    files: tuple[Document, ...] = ()

    @property
    def media(self) -> tuple[Media, ...]:
        """All that comes after the text, in order."""
        return (*self.images, *self.files)


class PriceTier(msgspec.Struct, frozen=True, kw_only=True):
    """Other rates, in USD per 1,000,000 tokens, for the whole of a request with a long input."""

    above_input_tokens: int
    """They hold where the input is longer than this."""
    input: float
    output: float
    cached_input: float | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """USD per 1,000,000 tokens."""

    input: float
    output: float
    cached_input: float | None = None
    batch: float | None = None
    """A factor on all rates for batch requests."""
    tiers: tuple[PriceTier, ...] = ()
    """By rising length of the input; the last that a request is longer than holds."""


class Lookup(Protocol):
    """Finds one thing in the body of an answer."""

    @property
    def expression(self) -> str:
        """How it was written."""
        ...

    def __call__(self, body: Any) -> Any:
        """What it finds; None where there is nothing. Raises ValueError for a body that it does not fit."""
        ...


class HttpTarget(msgspec.Struct, frozen=True, kw_only=True):
    """An application that is asked over HTTP, in a JSON of its own."""

    body: Any
    """What is sent: plain values, the texts in them templates that are rendered for every trial."""
    answer: Lookup
    usage: Lookup | None = None
    """None where it does not tell its tokens."""
    headers: Mapping[str, str] = {}
    """Templates too; names in lower case."""


class FunctionTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A Python function that is called in place of a model."""

    path: Path
    """Its file."""
    name: str


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests go and how they are signed. The key itself is never part of it."""

    name: str
    base_url: str
    """Of an HTTP target, the very URL that is asked; of a function, ""."""
    api_key_env: str | None
    """The environment variable that holds the key; None where no key is needed."""
    auth: Auth = "bearer"
    target: HttpTarget | FunctionTarget | None = None
    """What stands here in place of a gateway to models."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model as a suite asks it: an id, through one API of one provider, with its own settings."""

    name: str
    """The name in reports; unique in a suite."""
    id: str
    """The id that is sent."""
    provider: Provider
    api: str
    family: str
    """Which conventions hold for prices, tokens and parameters: gpt, reasoning, gemini, doubao, …"""
    cap_field: str = "max_tokens"
    """What the chat API calls the cap on output tokens for this model."""
    stream: bool | None = None
    """Sent only when set."""
    timeout_s: float = 600.0
    """For one attempt."""
    max_attempts: int = 5
    max_wait_s: float = 120.0
    """The longest Retry-After that is waited for."""
    max_outage_s: float = 300.0
    """How long the gateway may answer nothing before the model is given up."""
    max_concurrency: int = 64
    rpm: float | None = None
    """Requests a minute."""
    tpm: float | None = None
    """Tokens a minute."""
    price: Price | None = None
    """A price from the suite, which goes before every table."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model, free of any API's spelling."""

    model: str
    """The model's id."""
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = {}
    """Neutral names (`temperature`, `max_output_tokens`, …); `extra_body` goes out as it is.

    `tools`, `tool_choice` and `response_format` are spelt as in the chat API.
    """
    cap_field: str = "max_tokens"
    family: str = "unknown"
    """The model's: one API does not take the same things in the same way for all."""
    stream: bool | None = None
    payload: Any = None
    """What a target that is no model is handed: an HTTP body, or a function's arguments by name."""
    headers: Mapping[str, str] = {}
    """Of an HTTP target."""


class ImageURL(Protocol):
    """How an API body names a picture or a document: a data URL when sent, a reference when recorded."""

    def __call__(self, medium: Media, /) -> str:
        """The URL of an `Image` or a `Document`."""
        ...


# --- what comes back ---------------------------------------------------------------------------------------------


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as billed. `cached_input_tokens` are part of the input, `reasoning_tokens` part of the output."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_input_tokens: int | None = None
    total_tokens: int | None = None
    rule: str | None = None
    """How the figures were read, where the gateway's own needed interpreting."""
    raw: Any = None
    """The gateway's own figures, where a rule was applied to them."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model asks to be called."""

    id: str | None
    name: str
    arguments: str
    """As the model wrote them: JSON, if it did well."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, whichever API it came through."""

    text: str
    """The answer's text; of a refusal, its words; "" where there is none."""
    model: str | None
    """The model that says it answered; it may differ from the one asked."""
    finish_reason: str | None
    outcome: Outcome
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()
    notes: tuple[str, ...] = ()
    """What was odd about the answer and did not make it a fault, such as a stream without its end mark."""
    raw: Any = None
    """The body as received; of a stream, what it amounted to as one body."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds on a monotonic clock; docs/metrics.md defines each."""

    queue_s: float
    backoff_s: float
    latency_s: float | None
    """The successful attempt alone; None where every attempt failed."""
    e2e_s: float
    ttft_s: float | None = None
    """To the first token of any kind; None where nothing was streamed."""
    ttfo_s: float | None = None
    """To the first token of the answer itself, reasoning left out."""
    tpot_s: float | None = None
    """Per token after the first."""
    buffered: bool | None = None
    """True where a stream came in one piece: its ttft says nothing about the model."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a trial has no answer."""

    kind: FaultKind
    status: int | None
    """The HTTP status, where one arrived."""
    message: str
    in_doubt: bool = False
    """The request was sent, and nobody knows whether it was answered and charged."""


# --- what is checked ---------------------------------------------------------------------------------------------


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """All that a check may look at. New fields may be added; none is taken away."""

    output: str
    """The answer after `transform`."""
    response: Response
    latency_s: float | None = None
    cost_usd: float | None = None
    timing: Timing | None = None
    messages: tuple[Message, ...] = ()
    """What was asked, the answers of earlier turns included."""
    expected: str | None = None
    cached: bool = False
    """True where it is a stored answer: its latency and cost are those of when it was asked."""
    others: Others | None = None
    """Asks models about the answer, for the checks that are graded by one; None where none can be asked."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a check asks a model about an answer."""

    model: str
    """As the suite names it, or a model's id; "" for the judge that the suite has where a check names none."""
    messages: tuple[Message, ...]
    params: Mapping[str, Any] = {}
    purpose: str
    """What it is for, in a word, so that the same question asked twice can be told apart: `judge`, `judge#2`."""
    apart_from: tuple[str, ...] = ()
    """Models besides the one under test whose answers it is about: the judge that the suite has is none of them."""


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said of an answer, and what that took."""

    model: str
    response: Response
    cost_usd: float | None
    cached: bool = False
    question: str = ""
    """A hash of what was asked, to find it again."""


class Others(Protocol):
    """The models beside the one under test."""

    async def ask(self, question: Question) -> Opinion:
        """Asks one of them. Raises JudgeFailed where it gives no answer."""
        ...

    async def answer_of(self, model: str) -> str:
        """What another model of the suite answered to the same case, prompt and repeat, once it has.

        Raises CheckFailedToRun where it has no answer or is not asked.
        """
        ...


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found."""

    passed: bool
    value: float
    """From 0 (wrong) to 1 (right)."""
    reason: str
    opinions: tuple[Opinion, ...] = ()
    """Of the models that were asked."""

    def judged_at(self, threshold: float) -> Finding:
        """The same finding, passed where its value reaches `threshold`, sums of floats not taken too exactly."""
        passed = self.value >= threshold - 1e-9
        reason = f"{self.reason}; value {self.value:.3g}, threshold {threshold:g}"
        return msgspec.structs.replace(self, passed=passed, reason=reason)


class Check(Protocol):
    """One question about an answer. Raising means "could not be checked", never "wrong"."""

    @property
    def operational(self) -> bool:
        """True where it looks at latency, cost or the like, not at the answer's content."""
        ...

    @property
    def blocking(self) -> bool:
        """True where it may take long and must run beside the event loop."""
        ...

    def find(self, context: Context) -> Finding | Awaitable[Finding]:
        """Looks at one answer; where it must wait for others, in a coroutine."""
        ...


class BindCheck(Protocol):
    """Makes the check for an answer: its arguments may be templates that speak of the output."""

    def __call__(self, output: str) -> Check:
        """The check, its arguments rendered."""
        ...


class BoundCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A check of one trial, with its place in the score."""

    name: str
    bind: BindCheck
    weight: float = 1.0
    metric: str | None = None
    """The named sub-score that its value goes into."""
    threshold: float | None = None
    """Passes when its value reaches it, in place of its own verdict."""
    when: Condition | None = None
    """Looked at only where this holds."""
    in_score: bool = True
    """False where it can fail the trial but has no share in its score: operational, and given no weight."""


class Condition(Protocol):
    """Whether a check is to be asked, given the answer."""

    def __call__(self, output: str) -> bool:
        """May raise whatever a template of the suite raises."""
        ...


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check on one answer: a value and a verdict, or an error."""

    check: str
    value: float | None = None
    passed: bool | None = None
    reason: str = ""
    error: str | None = None
    weight: float = 1.0
    metric: str | None = None
    opinions: tuple[Opinion, ...] = ()
    """Of the models that were asked, with what that took."""
    skipped: bool = False
    """True where its `when` did not hold: neither passed nor failed, and no part of the score."""
    turn: int | None = None
    """Of a conversation, the turn it looked at; None for the whole."""
    in_score: bool = True
    """False where it can fail the trial but has no share in its score."""
    judge_failed: bool = False
    """True where there is an error because a model that was asked gave no verdict."""


# --- what is run and kept ----------------------------------------------------------------------------------------


class Transform(Protocol):
    """Rewrites an answer before it is checked."""

    def __call__(self, output: str) -> str:
        """The answer as the checks shall see it."""
        ...


class ScriptedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says in one turn of a conversation, and the checks of the answer to it."""

    message: Message
    checks: tuple[BoundCheck, ...] = ()
    expected: str | None = None
    """As text, for its checks and the stand-in gateway."""


class HandOver(Protocol):
    """What a target that is no model is handed, once there are more messages than the trial's request has."""

    def __call__(self, messages: tuple[Message, ...], /) -> tuple[Any, Mapping[str, str]]:
        """Payload and headers. Raises EvalkitError where its templates do not fit the answers so far."""
        ...


class Asked(Protocol):
    """What the gateway needs to know of a request: a `Trial`, or an `Inquiry`."""

    @property
    def model(self) -> Model:
        """Who is asked."""
        ...

    @property
    def request(self) -> Request:
        """What."""
        ...


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is no trial by itself: a turn of a conversation, or a question about an answer."""

    model: Model
    request: Request


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A question to be put and judged: case × prompt × model × repeat. One request, or one for each of its turns."""

    key: str
    """Identity over runs: a hash of all that makes the question this question, and of no position."""
    case_id: str
    prompt: str
    model: Model
    repeat: int
    request: Request
    checks: tuple[BoundCheck, ...]
    expected: str | None = None
    """As text, for the stand-in gateway."""
    transform: Transform | None = None
    accept: frozenset[Outcome] = frozenset()
    """Outcomes other than `ok` that may pass."""
    threshold: float | None = None
    turns: tuple[ScriptedTurn, ...] = ()
    """Of a conversation, what the user says after the first answer; `request` holds what comes before it."""
    first_turn_checks: tuple[BoundCheck, ...] = ()
    """Of a conversation, those of the first answer; `checks` look at the last answer and the whole."""
    first_turn_expected: str | None = None
    """Of a conversation, the first answer as it should be; `expected` is the last one."""
    hand_over: HandOver | None = None
    """Of a conversation with a target that is no model; None where a model is asked."""
    tags: tuple[str, ...] = ()
    cluster: str | None = None
    """What this case shares with others, which makes them depend on each other."""
    xfail: str | None = None
    """Why it is expected to fail."""
    pass_if: float | None = None
    """The share of its repeats that must pass for the case to pass; None: all."""

    def expected_at(self, turn: int) -> str | None:
        """What a turn, counted from 0, is expected to be answered with."""
        if turn:
            return self.turns[turn - 1].expected
        return self.first_turn_expected if self.turns else self.expected


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a finished conversation."""

    request: Any = msgspec.UNSET
    response: Response | None
    error: Fault | None
    timing: Timing
    attempts: int
    cost_usd: float | None
    cached: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished trial, one line of records.jsonl. Either `response` or `error` is None.

    Of a conversation, `response` is the last answer with the tokens of all turns, `timing` that of the whole.
    """

    key: str
    case_id: str
    prompt: str
    model: str
    repeat: int
    passed: bool | None
    score: float | None
    request: Any = msgspec.UNSET
    """The body as sent, pictures by reference; `msgspec.UNSET` where bodies are not kept, and then not on disk."""
    response: Response | None
    scores: tuple[Score, ...]
    error: Fault | None
    timing: Timing
    attempts: int
    cached: bool
    cost_usd: float | None
    started_at: str
    """UTC, ISO 8601 with milliseconds."""
    turns: tuple[Exchange, ...] = ()
    """Of a conversation, each turn by itself; empty for a single question."""
    expected: str | None = None
    tags: tuple[str, ...] = ()
    cluster: str | None = None
    xfail: str | None = None
    pass_if: float | None = None


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that CI obeys: a metric of the summary, or its change against a baseline (`delta.`)."""

    metric: str
    """`pass_rate`, `delta.pass_rate`, `new_failures`, …"""
    op: Literal[">=", "<=", ">", "<", "==", "!="]
    limit: float
    model: str | None = None
    """The model it speaks of; None: the whole run."""
    unit: Literal["", "pp", "%"] = ""
    """Of the limit as it is written: `pp` for points of a share (−2pp is a limit of −0.02), `%` for a change relative
    to the baseline (10% is 0.1); "" for the metric's own unit."""

    def __str__(self) -> str:
        scope = f"{self.model}: " if self.model else ""
        shown = self.limit * 100 if self.unit else self.limit
        return f"{scope}{self.metric} {self.op} {shown:.10g}{self.unit}"


class AskedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as a run asked it, in its manifest."""

    name: str
    id: str
    api: str
    provider: str
    host: str
    family: str
    params: Mapping[str, Any]
    """Neutral names, after all defaults."""
    left_out: tuple[str, ...] = ()
    """Default parameters that this model is known to reject and was not sent."""
    price: Price | None = None
    """What its tokens were charged at; None: unpriced."""


class PlannedTrials(msgspec.Struct, frozen=True, kw_only=True):
    """How many trials a run set out to make of one model with one prompt."""

    model: str
    prompt: str
    trials: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """run.json: all that is needed to read a run folder without the suite it came from."""

    format: int = 1
    id: str
    """The run folder's name."""
    suite: str
    suite_file: str
    suite_source: str
    suite_digest: str
    started_at: str
    ended_at: str | None = None
    """None while running, and after a crash."""
    stand_in: bool = False
    """True where the answers came from the stand-in gateway: they say nothing about any model."""
    models: tuple[AskedModel, ...] = ()
    prompts: tuple[str, ...] = ()
    planned: tuple[PlannedTrials, ...] = ()
    skipped: Mapping[str, str] = {}
    """Case id → why it was skipped."""
    gates: tuple[Gate, ...] = ()
    notes: tuple[str, ...] = ()
    """What the run wants its readers to know: stopped models, parameters left out, an interruption."""
    pacing: Mapping[str, Any] = {}
    """Model → how the number of its requests under way was changed: [seconds since the start, number, why]."""
    prices_date: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None
    judges: tuple[AskedModel, ...] = ()
    """Models that were asked about answers."""
    source: str | None = None
    """The run whose answers were judged again, or whose failed cases were asked again."""
    resumed_at: tuple[str, ...] = ()
    baseline: str | None = None
    """What gates on `delta.` compare with, as it was named."""
    budget_usd: float | None = None
    in_doubt: Mapping[str, Any] = {}
    """Requests that were sent and whose answer is unknown: how many, and what they may have cost at most."""
    estimate: Any = None
    """What was expected of this run, as `evalkit estimate --format json` has it."""
    selection: Mapping[str, Any] = {}
    """The flags that chose what of the suite was run, or changed it."""
    suite_path: str | None = None
    """From the run folder to the suite's file."""
    rescored: bool = False
    """True where the answers of `source` were judged again: nothing was sent, and nothing ever is."""
    superseded: tuple[str, ...] = ()
    """Keys of records that the suite and the flags, as they are since the run was resumed, no longer mean."""
    unanswered: tuple[str, ...] = ()
    """Trials that were not sent, on purpose, and of which no answer was stored."""
    versions: Mapping[str, str] = {}


# --- what is reported --------------------------------------------------------------------------------------------


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Linear percentiles over `n` successes, in seconds; None where n < 1/(1−q), too few to speak of that one."""

    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    n: int = 0
    p50_low: float | None = None
    """The ends of the 95 % intervals; None where too few values were seen for that end."""
    p50_high: float | None = None
    p90_low: float | None = None
    p90_high: float | None = None
    p95_low: float | None = None
    p95_high: float | None = None
    p99_low: float | None = None
    p99_high: float | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval; an end is None where too little was seen for it."""

    value: float
    low: float | None
    high: float | None
    n: int
    """The cases behind it."""


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One model with one prompt. n = passed + failed + errors + unscored; planned = n + not_run."""

    model: str
    prompt: str
    n: int
    passed: int
    failed: int
    errors: int
    """Trials without an answer, and answers that a check could not look at."""
    unscored: int
    """Answers that nobody asked to check (`checks: none`)."""
    not_run: int
    pass_rate: float | None
    """passed / (passed + failed)."""
    pass_rate_low: float | None
    pass_rate_high: float | None
    pass_rate_bounds: tuple[float, float] | None
    """The pass rate if all errors had failed, and if all had passed; None without errors."""
    score: float | None
    """Mean over scored trials."""
    outcomes: Mapping[str, int]
    error_kinds: Mapping[str, int]
    latency_s: Percentiles
    ttft_s: Percentiles
    input_tokens: int | None
    """Sums over the answers whose usage is known (`known` says how many); None where none is."""
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_input_tokens: int | None
    cost_usd: float | None
    cost_per_pass_usd: float | None
    known: Mapping[str, int]
    """For each sum above, the number of answers behind it."""
    answered_by: tuple[str, ...]
    """The names under which models said they answered."""
    usage_mismatches: int = 0
    """Answers whose own figures do not add up: prompt + completion ≠ total."""
    cached: int = 0
    """Trials answered from a store: no part of the latencies."""
    xfailed: int = 0
    """Trials that were expected to fail and did; they count neither as passed nor as failed."""
    xpassed: int = 0
    """Trials that were expected to fail and passed."""
    judge_cost_usd: float | None = None
    """What asking models about the answers has cost; None where none was asked, or a price is unknown."""
    judge_calls: int = 0
    metrics: Mapping[str, float] = {}
    """Named sub-scores, each a weighted mean."""
    metric_estimates: Mapping[str, Estimate] = {}
    """The same with their intervals."""
    judge_input_tokens: int | None = None
    """None where no judge was asked, or where one did not say."""
    judge_output_tokens: int | None = None
    wrong: int = 0
    """Why trials failed; wrong + truncated + refused + policy = failed. `wrong`: the answer was complete."""
    truncated: int = 0
    refused: int = 0
    policy: int = 0
    """Blocked by a content policy."""
    api_errors: int = 0
    """What went wrong; api_errors + check_errors + judge_errors = errors. `api_errors`: no answer."""
    check_errors: int = 0
    judge_errors: int = 0
    cases: int = 0
    """Cases with at least one passed or failed trial: the n of pass_rate's and score's intervals."""
    cases_passed: int = 0
    """Cases of whose repeats enough passed (`pass_if`; all of them where it is not set)."""
    cases_failed: int = 0
    cases_undecided: int = 0
    """Cases that errors leave open."""
    clusters: int | None = None
    """What the intervals count in place of cases, where some of these share a cluster."""
    repeats: int = 0
    """The most repeats that a case has."""
    score_low: float | None = None
    score_high: float | None = None
    cost_per_case_usd: float | None = None
    """The mean cost of asking a case once."""
    cost_per_case_usd_low: float | None = None
    cost_per_case_usd_high: float | None = None
    cost_cases: int = 0
    """The cases behind it."""
    cost_per_pass_usd_low: float | None = None
    cost_per_pass_usd_high: float | None = None
    tokens_per_case: Mapping[str, Estimate] = {}
    """The mean tokens of asking a case once: `input_tokens`, `output_tokens`, …"""
    pass_at_k: Mapping[int, Estimate] = {}
    """k → the chance that of k answers to a case at least one passes, over cases with k scored repeats."""
    pass_hat_k: Mapping[int, Estimate] = {}
    """k → the chance that all of k answers to a case pass."""
    flake_rate: Estimate | None = None
    """The share of cases that passed in some repeats and failed in others, of those with two scored repeats or more."""


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a gate: the value it met, with its interval and n where there is one."""

    gate: str
    metric: str
    model: str | None
    op: str
    limit: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    result: Literal["pass", "fail", "inconclusive"]
    reason: str
    unit: Literal["", "pp", "%"] = ""
    """Of limit and value, as in `Gate`."""


# --- what is expected to be spent --------------------------------------------------------------------------------


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure will probably be: `low` and `high` are the ends of the 95 % interval."""

    low: float
    median: float
    high: float
    worst: float | None = None
    """The most, every request sent once: longest answers, a token for each byte; None where nothing bounds it."""


class UncertaintyShare(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the variance of the cost goes where one thing is known for certain; the shares need not add up."""

    source: str
    share: float


class Actual(msgspec.Struct, frozen=True, kw_only=True):
    """What a model really took, beside what was expected of it."""

    trials: int
    """Those whose tokens are known; the figures are sums over them."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    bias: float | None = None
    """Actual cost over the expected median, less 1, for as many trials; 0.1: a tenth dearer."""
    inside: bool | None = None
    """Whether the cost lies within the interval; None where too few of the trials were answered to say."""


class ModelEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the trials of one model will probably take, or the questions to one judge."""

    model: str
    trials: int
    """Of a judge, the questions to it."""
    requests: int
    """More than trials where there are conversations."""
    input_tokens: Spread
    output_tokens: Spread
    """Visible and reasoning tokens together, as they are billed."""
    visible_tokens: Spread | None = None
    """None where what was measured does not tell thinking from speaking."""
    reasoning_tokens: Spread | None = None
    """None for a model that does not think first, or where that is not told."""
    cost_usd: Spread | None = None
    """None where it is unpriced."""
    cost_per_trial_usd: Spread | None = None
    cost_per_1k_trials_usd: Spread | None = None
    time_s: Spread | None = None
    """To finish, at the concurrency and the limits that hold for it."""
    sources: Mapping[str, str] = {}
    """Figure → where it comes from, in a word: counted, history, pilot, cap, prior."""
    basis: Mapping[str, str] = {}
    """Figure → the same in words."""
    uncertainty: tuple[UncertaintyShare, ...] = ()
    """What makes the cost uncertain, the most important first."""
    price: Price | None = None
    notes: tuple[str, ...] = ()
    actual: Actual | None = None
    """Once the run is over."""


class RolloutModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model in production: its part of the traffic, in the first month."""

    model: str
    share: float
    """Of the requests: its part of the mix, or 1."""
    requests_per_day: float
    input_tokens_per_request: Spread
    output_tokens_per_request: Spread
    cost_per_request_usd: Spread | None
    input_tokens_per_month: Spread
    output_tokens_per_month: Spread
    cost_per_day_usd: Spread | None
    cost_per_month_usd: Spread | None
    cost_usd: Spread | None
    """Over all months."""


class RolloutMonth(msgspec.Struct, frozen=True, kw_only=True):
    """One month of a rollout, counted from 1; figures over all models of the mix."""

    month: int
    requests: float
    input_tokens: Spread | None
    output_tokens: Spread | None
    cost_usd: Spread | None


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """What production will cost; the evaluation's judges, repeats and stored answers are no part of it."""

    requests_per_day: float
    growth_per_month: float
    months: tuple[RolloutMonth, ...]
    days_per_month: float
    mix: Mapping[str, float]
    """Empty where nothing is said of who answers: then `models` take all traffic each, and there is no total."""
    cached_input_share: float | None
    retry_rate: float
    requests_from: str
    """`cases`, or the file of production requests."""
    models: tuple[RolloutModel, ...]
    what_if: tuple[RolloutModel, ...]
    """Each model with all of the traffic."""
    cost_per_day_usd: Spread | None
    cost_per_month_usd: Spread | None
    total_cost_usd: Spread | None
    """Over all months."""
    uncertainty: tuple[UncertaintyShare, ...] = ()
    notes: tuple[str, ...] = ()


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite will probably cost before it is run; `evalkit estimate --format json`."""

    suite: str
    trials: int
    models: tuple[ModelEstimate, ...]
    judges: tuple[ModelEstimate, ...] = ()
    total_cost_usd: Spread | None = None
    """Judges included; None where a model or judge is unpriced."""
    priced_cost_usd: Spread | None = None
    """Of those that have a price; None where none has."""
    unpriced: tuple[str, ...] = ()
    time_s: Spread | None = None
    uncertainty: tuple[UncertaintyShare, ...] = ()
    notes: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    """What the intervals know nothing of."""
    prices_date: str | None = None
    stand_in: bool = False
    """True where answer lengths were measured on the stand-in gateway: they say nothing about any model."""
    rollout: Rollout | None = None


# --- what is compared --------------------------------------------------------------------------------------------

Verdict = Literal["improved", "regressed", "no_difference", "inconclusive"]
CaseState = Literal["pass", "fail", "flaky"]
"""Of a case over its repeats: all passed, none did, or some."""


class PairedFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure on both sides of a comparison, over the trials that have it on both. Means a case, or as named."""

    metric: str
    n: int
    """Cases, each counted once for every model and prompt."""
    base: float | None = None
    new: float | None = None
    delta: float | None = None
    """new − base."""
    low: float | None = None
    """Of the interval of delta."""
    high: float | None = None
    p_value: float | None = None
    """Of the sign-flip test: the probability of a difference this large, were there none."""
    relative: float | None = None
    """delta / base."""
    relative_low: float | None = None
    relative_high: float | None = None
    bounds: tuple[float, float] | None = None
    """delta if the trials with errors had all come out worst for it, and best; None without errors."""
    uncertain: int = 0
    """Of a count: cases that would perhaps add to it, had they been answered."""


class Flip(msgspec.Struct, frozen=True, kw_only=True, rename={"from_state": "from", "to_state": "to"}):
    """A case that came out otherwise."""

    case_id: str
    from_state: CaseState
    to_state: CaseState
    kind: Literal["broken", "fixed", "flaky"]
    """`flaky` where it sometimes passes, before or now."""
    base_passed: str
    """`3/3`: how many of its scored repeats."""
    new_passed: str
    reason: str | None = None
    """Of the first check that the answer failed: now where it is broken, before where it is fixed."""
    base_text: str | None = None
    """One of the answers that differ; None where no texts were kept."""
    new_text: str | None = None
    diff: str | None = None
    """Between the two, line by line."""
    same_question: bool | None = None
    """False where the prompt, the case or a parameter has changed as well."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides compared over the cases that both have: one model with one prompt, before and now, or against another.

    n: cases; trials: case × repeat that are scored on both sides.
    """

    base: str
    new: str
    model: str | None
    """None where the two sides are two models."""
    prompt: str | None
    n: int
    trials: int
    verdict: Verdict
    base_rate: float | None = None
    """The pass rate over the paired cases, repeats averaged first."""
    new_rate: float | None = None
    delta: float | None = None
    """Of the pass rate, from −1 to 1."""
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    """Of the interval: Holm's level, where several comparisons were made."""
    p_value: float | None = None
    mde: float | None = None
    """The smallest true difference that this many cases show with 80 % probability; None where they show none."""
    n_to_decide: int | None = None
    """Cases that would decide with 80 % probability; None where it is decided."""
    bounds: tuple[float, float] | None = None
    """Of delta, had the trials with errors been answered; None without errors."""
    fixed: int = 0
    """Cases that all failed and now all pass; `broken` the other way, `flaky` where one side is mixed."""
    broken: int = 0
    flaky: int = 0
    base_errors: int = 0
    new_errors: int = 0
    only_in_base: tuple[str, ...] = ()
    """Cases; they count nowhere."""
    only_in_new: tuple[str, ...] = ()
    unpaired: int = 0
    """Trials of cases that both have, without a counterpart of the same repeat."""
    same_answers: int = 0
    """Trials that share one answer: the question was the same, and was asked once."""
    xfail: tuple[str, ...] = ()
    """Cases that are expected to fail: left out."""
    figures: tuple[PairedFigure, ...] = ()
    """Score, latency, tokens and cost, compared alike."""
    flips: tuple[Flip, ...] = ()


class ScopeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What gates on `delta.` read: figures over a whole comparison, or over all prompts of one model."""

    model: str | None
    figures: tuple[PairedFigure, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs compared, or several models or prompts of one."""

    base: str
    new: str
    base_stand_in: bool
    new_stand_in: bool
    kind: Literal["runs", "models", "prompts"] = "runs"
    pairs: tuple[Pair, ...]
    verdict: Verdict
    """regressed where any pair is; else inconclusive, improved, no_difference, in this order."""
    margin: float
    """A difference smaller than this counts as none."""
    alpha: float = 0.05
    scopes: tuple[ScopeFigures, ...] = ()
    gates: tuple[GateResult, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is not the same on both sides."""

    @property
    def sides(self) -> tuple[str, ...]:
        """The models or prompts that are compared; of runs, the two."""
        return tuple(dict.fromkeys(name for pair in self.pairs for name in (pair.base, pair.new)))


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """summary.json."""

    run: Mapping[str, Any]
    models: tuple[ModelSummary, ...]
    gates: tuple[GateResult, ...]
    verdict: Literal["pass", "fail", "inconclusive"]
    comparison: Comparison | None = None
    """With the baseline, where there is one."""
