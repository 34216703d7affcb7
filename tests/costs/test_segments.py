"""Without a tokenizer, texts of most kinds are counted within a quarter."""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.costs import segments
from evalkit.costs.vocabularies import encoder
from tests.costs.samples import KINDS

TOKENIZERS = {
    "o200k_base": segments.GPT,
    "gemma3": segments.GEMINI,
    "qwen3": segments.DOUBAO,
}


@pytest.mark.parametrize("vocabulary", TOKENIZERS)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_a_kind_are_counted_within_a_quarter(kind, vocabulary):
    count = encoder(vocabulary)
    errors = [segments.count(text, TOKENIZERS[vocabulary]) / count(text) - 1 for text in KINDS[kind]]
    assert abs(statistics.mean(errors)) <= 0.20, errors
    assert max(map(abs, errors)) <= 0.25, errors


def test_four_characters_a_token_would_be_far_off_for_chinese():
    """Why there is a rule for each script: what most tools do is two thirds short."""
    text = "".join(KINDS["chinese"])
    tokens = encoder("o200k_base")(text)
    assert len(text) / 4 / tokens - 1 < -0.6
    assert abs(segments.count(text) / tokens - 1) < 0.25


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("word", 1),
        ("internationalization", 3),
        ("a b c", 3),
        ("1234567", 3),
        ("中文字符", 3),
        (" ", 1),
        ("a.b", 3),
        ("😀", 2),
        ("привет", 2),
    ],
)
def test_runs_of_characters_cost_what_they_are(text, tokens):
    assert segments.count(text) == tokens


def test_families_differ_in_digits_and_ideographs():
    assert segments.count("1234567", segments.GEMINI) == 7
    assert segments.count("1234567", segments.DOUBAO) == 7
    text = "中文字符" * 100
    assert segments.count(text, segments.GPT) > segments.count(text, segments.GEMINI) > 0


@given(st.text(max_size=300))
def test_any_text_has_a_count_no_larger_than_twice_its_length(text):
    tokens = segments.count(text)
    assert (tokens == 0) == (text == "")
    assert tokens <= 2 * len(text)


def test_twice_the_text_takes_no_more_than_about_twice_the_time():
    text = '{"key": [1, 2.5, "wörd"], "中文": "😀"}\n\t  ' * 1_000

    def seconds(times: int) -> float:
        began_s = time.process_time()
        segments.count(text * times)
        return time.process_time() - began_s

    seconds(1)
    assert min(seconds(4) for _ in range(3)) < 8 * min(seconds(1) for _ in range(3)) + 0.02


LANGUAGES = {
    "German": "Bitte ordnen Sie die folgende Beschwerde einer Kategorie zu: Die Lieferung ist seit drei Wochen "
    "überfällig, und niemand antwortet auf meine E-Mails. Die Krankenversicherungsbeiträge trägt der Arbeitgeber.",
    "French": "Hier, nous avons visité le musée avec les enfants. Ils étaient émerveillés par les dinosaures et ont "
    "posé mille questions au guide, qui leur a répondu avec beaucoup de patience.",
    "Spanish": "Ayer fuimos a la playa con unos amigos. Hacía muy buen tiempo, paseamos durante horas y por la noche "
    "cenamos pescado en el puerto.",
    "Polish": "Wczoraj pojechaliśmy z przyjaciółmi nad morze. Pogoda była wspaniała, długo spacerowaliśmy po plaży, "
    "a wieczorem zjedliśmy rybę.",
    "Vietnamese": "Hôm qua chúng tôi đi biển với bạn bè. Thời tiết rất đẹp và chúng tôi đi dạo trên bãi biển rất lâu.",
    "Russian": "Машинное обучение требует большого количества данных. Если выборка мала, разница между двумя моделями "
    "может оказаться случайной, поэтому мы рекомендуем не менее ста вопросов в каждой категории.",
    "Japanese": "次の問い合わせを分類してください。お客様は注文した商品がまだ届いていないと述べており、"
    "返金を求めています。",
    "Korean": "다음 고객 문의를 분류하세요. 고객은 주문한 상품이 아직 도착하지 않았다고 하며 "
    "환불 가능성을 묻고 있습니다.",
    "Arabic": "ذهبنا أمس إلى السوق القديم واشترينا الخبز والفاكهة الطازجة. كان الجو جميلا والناس في كل مكان.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages_are_counted_within_three_tenths(language):
    text = LANGUAGES[language]
    assert abs(segments.count(text) / encoder("o200k_base")(text) - 1) <= 0.30
