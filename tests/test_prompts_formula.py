"""The formula: what is sent, what varies, which prompts are wordings of one shot."""

import pytest

from toolkit.errors import PromptError
from toolkit.prompts.formula import Prompt, render, slug

FOX = Prompt("a red fox", environment="a pine forest at dawn", mood="hushed, cold blue")


def test_parts_become_sentences_in_the_order_of_the_formula():
    prompt = Prompt(mood="calm", subject="a red  fox,", camera="slow push in!", action="it listens")
    assert prompt.text == "A red fox. It listens. Slow push in! Calm."


def test_the_negative_is_kept_apart():
    prompt = FOX.with_parts(negative="text, logos")
    assert prompt.text == FOX.text
    assert "negative" not in prompt.parts


def test_a_typed_prompt_is_sent_as_typed():
    text = "  a fox {running} | __fast__  "
    assert Prompt.typed(text).text == text
    assert Prompt.typed(text).size == 1


def test_a_template_iterates_its_prompts_and_says_what_varies():
    shot = FOX.with_parts(camera=["static", "{slow|fast} push in"])
    assert shot.size == 3
    assert shot.varies == ["camera"]
    assert [p.camera for p in shot] == ["static", "slow push in", "fast push in"]
    assert [p.text for p in shot] == [shot[i].text for i in range(3)]


def test_prompts_of_one_template_share_its_scene_wherever_they_go():
    assert {p.scene for p in Prompt(["a fox", "an owl"], environment="a wood")} == {"fox, wood"}
    named = Prompt("a fox", camera=["static", "push in"], name="fox", scene="forest")
    assert {(p.name, p.scene) for p in named} == {("fox", "forest")}


def test_the_last_part_varies_fastest():
    shot = Prompt(["fox", "owl"], camera=["static", "push in"])
    assert [(p.subject, p.camera) for p in shot] == [
        ("fox", "static"),
        ("fox", "push in"),
        ("owl", "static"),
        ("owl", "push in"),
    ]


def test_an_empty_wording_is_a_wording():
    shot = FOX.with_parts(mood=["", "noir"])
    assert [p.text for p in shot] == [
        "A red fox. A pine forest at dawn.",
        "A red fox. A pine forest at dawn. Noir.",
    ]


def test_a_template_of_a_thousand_million_wordings_is_only_counted():
    shot = Prompt("{a|b|c|d|e|f|g|h|i|j}" * 9)
    assert shot.size == 10**9
    assert shot[123_456_789].subject == "bcdefghij"


def test_twins_differ_in_one_part_and_share_a_scene():
    twins = FOX.twins("camera", ["static", "push in"])
    assert [t.camera for t in twins] == ["static", "push in"]
    assert {t.scene for t in twins} == {"red fox, pine forest dawn"}
    assert {t.with_parts(camera="") for t in twins} == {twins[0].with_parts(camera="")}


def test_twins_of_a_template_hold_the_first_wording_of_the_other_parts():
    shot = Prompt(["fox", "owl"], camera=["static", "push in"])
    assert [(t.subject, t.camera) for t in shot.twins("camera")] == [
        ("fox", "static"),
        ("fox", "push in"),
    ]


def test_equal_prompts_are_equal_however_their_lists_are_written():
    assert Prompt("a", camera=["x", "y"]) == Prompt("a", camera=("x", "y"))
    assert hash(Prompt("a", camera=["x"])) == hash(Prompt("a", camera=("x",)))
    assert Prompt("a") != Prompt("b")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Prompt("a\0b"), "`subject` holds a NUL character at position 1; delete it"),
        (
            lambda: Prompt("a \ud83d"),
            (
                "`subject` holds half a character (a lone surrogate) at position 2; "
                "paste the text again"
            ),
        ),
        (lambda: Prompt(camera=3), "`camera` is text or a list of texts, not int"),
        (lambda: Prompt(camera=["a", 3]), "`camera` lists texts, found 3"),
        (
            lambda: Prompt(camera=[]),
            "`camera` is a list without a wording; write one, or leave it out",
        ),
        (
            lambda: Prompt("a", environmet="b"),
            "`environmet` is no part of a prompt: did you mean `environment`?",
        ),
        (lambda: Prompt.typed(" \n"), "an empty prompt; write what the camera should see"),
        (
            lambda: Prompt("a {b|c").size,
            (
                "`{` at character 2 is not closed; add `}`, or write `\\{` for the character "
                "itself: 'a {b|c'"
            ),
        ),
        (
            lambda: Prompt("a b}").size,
            (
                "`}` at character 3 closes nothing; delete it, or write `\\}` for the character "
                "itself: 'a b}'"
            ),
        ),
        (
            lambda: Prompt.typed("a").twins("camera", ["b"]),
            "a prompt sent as typed has no parts to vary; write it in parts",
        ),
    ],
)
def test_what_cannot_be_a_prompt_is_refused_with_the_way_out(make, message):
    with pytest.raises(PromptError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "ثعلب أحمر في الغابة", "一只狐狸在森林里", "🦊🌲", "x" * 100_000],
)
def test_any_script_and_length_is_sent_as_it_is(text):
    assert text[1:] in Prompt(text).text
    assert Prompt.typed(text).text == text


def test_a_label_holds_the_telling_words_in_any_script():
    assert slug("a courier in a yellow raincoat", "the narrow street") == (
        "courier yellow raincoat, narrow street"
    )
    assert slug("一只狐狸") == "一只狐狸"
    assert slug("🦊") == ""


def test_rendering_is_fixed_because_keys_hang_on_it():
    parts = {
        "subject": "éclair on a plate ",
        "environment": "a café…",
        "camera": "什么?",
        "mood": "",
    }
    assert render(parts) == "Éclair on a plate. A café… 什么?"
