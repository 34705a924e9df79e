"""Templates: counted exactly, worded one at a time, and what is wrong said with its place."""

import random
from collections import Counter
from itertools import combinations, islice, product
from math import comb

import pytest

from toolkit.errors import GridError, PromptError
from toolkit.grid import Grid
from toolkit.prompts import wildcards as home
from toolkit.prompts.expand import escape, parse
from toolkit.prompts.formula import Prompt
from toolkit.prompts.wildcards import Wildcards, wildcards


def texts(template, **lists):
    found = parse(template, Wildcards(lists=tuple(lists.items())))
    worded = list(found)
    assert len(worded) == found.size, "the count before expansion is the number of texts"
    assert all(found.shortest <= len(text) <= found.longest for text in worded)
    return worded


# ---- the syntax


def test_a_choice_may_hold_choices_and_nothing_at_all():
    assert texts("a {red|{dark|light} blue|} fox") == [
        "a red fox", "a dark blue fox", "a light blue fox", "a  fox",
    ]  # fmt: skip


def test_several_are_chosen_in_the_order_written_and_joined():
    options = "abcde"
    assert texts("{2$$a|b|c|d|e}") == [", ".join(two) for two in combinations(options, 2)]
    assert texts("{1-2$$ and $$a|b|c}") == [
        "a", "b", "c", "a and b", "a and c", "b and c",
    ]  # fmt: skip
    assert texts("{0-1$$a|b}") == ["", "a", "b"]


def test_what_is_chosen_together_may_itself_have_wordings():
    found = texts("{2$${a|A}|b|{c|C|Ç}}")
    expected = [
        ", ".join(one)
        for options in combinations([["a", "A"], ["b"], ["c", "C", "Ç"]], 2)
        for one in product(*options)
    ]
    assert sorted(found) == sorted(expected)


def test_a_name_means_the_same_wherever_it_stands():
    assert texts("${who={fox|owl}}the ${who} and the ${who}'s {shadow|eyes}") == [
        "the fox and the fox's shadow", "the fox and the fox's eyes",
        "the owl and the owl's shadow", "the owl and the owl's eyes",
    ]  # fmt: skip


def test_names_may_be_made_of_names_and_come_in_any_order():
    assert texts("${b={old|new} ${a}}${a=car|van}${b} by ${b}, ${a}") == [
        "old car by old car, car", "new car by new car, car",
        "old van by old van, van", "new van by new van, van",
    ]  # fmt: skip


def test_a_name_said_once_counts_only_where_it_is_said():
    assert texts("${who={fox|owl}}{a ${who}|nobody}") == ["a fox", "a owl", "nobody"]
    assert texts("${unused={1|2|3}}a fox") == ["a fox"]


def test_a_word_list_is_a_choice_and_may_name_others():
    assert texts("a __lens__", lens=("{24|35} mm lens", "__old__"), old=("lens of 1960",)) == [
        "a 24 mm lens", "a 35 mm lens", "a lens of 1960",
    ]  # fmt: skip
    assert texts("{2$$__lens__}", lens=("x", "y", "z")) == ["x, y", "x, z", "y, z"]


def test_characters_that_mean_something_are_escaped():
    assert texts(r"\{a|b\} \__lens__ \$\{x\} costs $5, snake_case, a\b") == [
        r"{a|b} __lens__ ${x} costs $5, snake_case, a\b"
    ]


@pytest.mark.parametrize(
    "text",
    ["{a|b}", "${x}", "__lens__", "a__b__c", r"\{", "\\\\{", "}{", "🦊{雨|ру}", "__ __", "_"],
)
def test_an_escaped_text_says_itself(text):
    assert texts(escape(text)) == [text]


def test_weights_guide_a_draw_and_leave_the_count_alone():
    found = parse("{3::a|b} {2$$4::x|y|z|0::w}")
    assert found.size == 2 * comb(4, 2)
    rng = random.Random(5)
    drawn = Counter(found[found.draw(rng)] for _ in range(4000))
    first = Counter(text[0] for text in drawn.elements())
    assert 0.70 < first["a"] / 4000 < 0.80
    assert not any("w" in text for text in drawn)
    assert sum(n for text, n in drawn.items() if "x" in text) > 0.8 * 4000


def test_without_weights_every_text_is_as_likely():
    found = parse("{a|{b|c|d}}")
    rng = random.Random(1)
    drawn = Counter(found[found.draw(rng)] for _ in range(4000))
    assert all(800 < n < 1200 for n in drawn.values())


# ---- counting what nobody could list


def test_a_million_million_texts_are_counted_and_reached_by_index():
    found = parse("{0|1|2|3|4|5|6|7|8|9}" * 12)
    assert found.size == 10**12
    assert found[123_456_789_012] == "123456789012"
    assert list(islice(found.iterate(10**12 - 2), 5)) == ["999999999998", "999999999999"]


def test_more_texts_than_fit_into_a_machine_word_are_counted():
    found = parse("{a|b}" * 200 + "{20$$" + "|".join(map(str, range(60))) + "}")
    assert found.size == 2**200 * comb(60, 20)
    last = found[found.size - 1]
    assert last == "b" * 200 + ", ".join(map(str, range(40, 60)))


def test_iterating_goes_on_where_it_stopped():
    walk = Prompt("a {fox|owl}", camera=["static", "push in"])
    whole = [str(prompt) for prompt in walk]
    assert [str(prompt) for prompt in walk.iterate(2)] == whole[2:]


# ---- what is wrong, and where


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a {b", ("`{` at character 2 is not closed; add `}`, or write `\\{` for the character "
         "itself: 'a {b'")),
        ("a {b|{c}", ("`{` at character 2 is not closed; add `}`, or write `\\{` for the character "
         "itself: 'a {b|{c}'")),
        ("ab}", ("`}` at character 2 closes nothing; delete it, or write `\\}` for the character "
         "itself: 'ab}'")),
        ("${a=${b}}${b=${a}}${a}",
         ("names that mean each other: ${a} → ${b} → ${a}; break the circle: "
         "'${a=${b}}${b=${a}}${a}'")),
        ("${a=x ${a}}fox", ("names that mean each other: ${a} → ${a}; break the circle: "
         "'${a=x ${a}}fox'")),
        ("a ${x}", ("`${x}` at character 2 means nothing here; define it in the same part: "
         "${x={…|…}}: 'a ${x}'")),
        ("${a=1}${a=2}", "`${a=` at character 6 defines it a second time: '${a=1}${a=2}'"),
        ("{${a=1}|b}", ("`${a=` at character 1 stands inside a choice; define it outside: "
         "'{${a=1}|b}'")),
        ("${x", "`${x` at character 0 is not closed; add `}`: '${x'"),
        ("${x=a|b", ("`${x=` at character 0 is not closed; add `}`, or write `\\$\\{` for the "
         "characters themselves: '${x=a|b'")),
        ("{3$$a|b}", ("`{` at character 0 takes 3 of 2; take 1 to 2, or write more options: "
         "'{3$$a|b}'")),
        ("{2-1$$a|b}", ("`{` at character 0 takes 2 to 1 of 2; take 1 to 2, or write more options: "
         "'{2-1$$a|b}'")),
        ("{0::a|0::b}", "`{` at character 0 has only weights of 0: '{0::a|0::b}'"),
        ("{" * 60 + "}" * 60, "braces at character 41 are nested more than 40 deep: "
         + repr("{" * 60 + "}" * 20)),
    ],
)  # fmt: skip
def test_a_broken_template_names_the_place_and_the_way_out(template, message):
    with pytest.raises(PromptError) as caught:
        parse(template)
    assert str(caught.value) == message


def test_ten_thousand_open_braces_are_an_error_and_no_crash():
    with pytest.raises(PromptError, match="nested more than 40 deep"):
        parse("{" * 10_000)


# ---- word lists


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with `data/wildcards`, entered from a folder inside it."""
    lists = tmp_path / "data" / "wildcards"
    lists.mkdir(parents=True)
    (lists / "lens.txt").write_text("# glass\n35 mm\n\n  85 mm \n", encoding="utf-8-sig")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return lists


def test_a_list_is_found_in_the_project_without_comments_and_blanks(folder):
    assert [str(p) for p in Prompt("a fox", camera="__lens__")] == [
        "A fox. 35 mm.", "A fox. 85 mm.",
    ]  # fmt: skip


def test_a_list_that_changes_is_read_again_by_the_next_prompt(folder):
    asked = Prompt("__lens__")
    assert asked.size == 2
    (folder / "lens.txt").write_text("35 mm\n50 mm\n85 mm\n")
    assert (asked.size, Prompt("__lens__").size) == (2, 3)


def test_a_folder_or_the_lists_themselves_may_be_given(tmp_path):
    (tmp_path / "film").mkdir()
    (tmp_path / "film" / "stock.txt").write_text("雨\n🎞️\n")
    assert [p.text for p in Prompt("__film/stock__", wildcards=tmp_path)] == ["雨.", "🎞️."]
    assert Prompt("__a__", wildcards={"a": ["x", "y", "z"]}).size == 3
    grid = Grid(Prompt("fox"), camera="__a__", models="sim/draft", wildcards={"a": ["x", "y"]})
    assert [cell.parts["camera"] for cell in grid] == ["x", "y"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "..", r"C:x", "a.txt"])
def test_a_name_cannot_lead_out_of_the_folder(folder, name):
    (folder.parent / "secret.txt").write_text("key")
    with pytest.raises(PromptError, match="it cannot lead out of it"):
        parse(f"a __{name}__")


def test_a_link_cannot_lead_out_of_the_folder_either(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("key")
    (folder / "secret.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(PromptError, match=r"^secret.txt in wildcards leads out of the folder"):
        parse("__secret__")


def test_a_missing_list_names_the_nearest_or_those_there_are(folder):
    with pytest.raises(PromptError) as caught:
        parse("a __lenz__")
    assert str(caught.value) == (
        "no word list `__lenz__`: did you mean `__lens__`? (at character 2 of 'a __lenz__')"
    )
    with pytest.raises(PromptError, match=r"`wildcards` beside the grid file; there are: lens"):
        parse("__weather__")


def test_a_list_that_is_too_large_or_no_text_is_refused_without_reading_it(folder, monkeypatch):
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(100_000_000)
    (folder / "latin.txt").write_bytes("für\n".encode("latin-1"))
    (folder / "empty.txt").write_text("# nothing\n\n")
    (folder / "nul.txt").write_text("a\0b\n")
    (folder / "dir.txt").mkdir()
    for name, said in {
        "huge": "huge.txt has 100 MB; a word list may have 2 MB: keep the wordings that you want "
        "to compare",
        "latin": "latin.txt is not UTF-8 (byte 1); save it again as UTF-8",
        "empty": "empty.txt has no wordings; write one a line",
        "nul": "nul.txt holds a NUL character; it is no list of words",
        "dir": "dir.txt in wildcards is no file; write a wording a line",
    }.items():
        with pytest.raises(PromptError) as caught:
            parse(f"__{name}__")
        assert str(caught.value) == f"{said} (at character 0 of '__{name}__')"


def test_lists_that_name_each_other_are_an_error():
    with pytest.raises(PromptError, match=r"^word lists that name each other: __a__ → __b__ → __a"):
        texts("__a__", a=("__b__",), b=("x", "__a__"))


def test_what_is_wrong_in_a_list_names_the_list():
    with pytest.raises(PromptError, match=r"\(in the word list `__a__`\)$"):
        texts("__a__", a=("fine", "{not closed"))


@pytest.mark.parametrize("given", [7, {"a": "text"}, {"a": [1]}, {"a": []}])
def test_lists_are_lists_of_texts(given):
    with pytest.raises(PromptError, match=r"^`wildcards`"):
        wildcards(given)


def test_a_long_list_is_read_in_time(folder):
    lines = [f"wording number {n}" for n in range(60_000)]
    (folder / "long.txt").write_text("\n".join(lines))
    assert (folder / "long.txt").stat().st_size < home.MAX_BYTES
    found = parse("a __long__ in __long__")
    assert found.size == 60_000**2
    assert found[60_000 * 59_999 + 7] == "a wording number 59999 in wording number 7"


# ---- in a prompt and in a grid


def test_a_prompt_made_from_a_template_is_no_template_again():
    (one,) = Prompt(r"a sign \{open\}, {red}")
    assert (one.text, one.size) == ("A sign {open}, red.", 1)
    assert one.with_parts(mood="calm").text == "A sign {open}, red. Calm."


def test_a_grid_file_keeps_templates_and_carries_its_lists(folder, tmp_path):
    grid = Grid(
        Prompt("${who={fox|owl}}a ${who} and its ${who}", camera="{2::slow|} push in, __lens__"),
        models="sim/draft",
    )
    text = grid.to_yaml()
    assert "${who={fox|owl}}" in text
    assert "__lens__" in text
    (folder / "lens.txt").unlink()
    again = Grid.from_yaml(text)
    assert [cell.run_key for cell in again] == [cell.run_key for cell in grid]
    assert again == grid
    space = {}
    exec(f"import toolkit as tk; made = {grid.to_code()}", space)
    assert space["made"] == grid


def test_a_grid_file_finds_the_lists_beside_it_first(folder, tmp_path):
    own = tmp_path / "elsewhere" / "wildcards"
    own.mkdir(parents=True)
    (own / "lens.txt").write_text("a pinhole\n")
    file = own.parent / "grid.yaml"
    file.write_text("prompts: {subject: fox, camera: __lens__}\nmodels: sim/draft\n")
    assert [cell.parts["camera"] for cell in Grid.from_yaml(file)] == ["a pinhole"]


def test_what_a_list_holds_is_part_of_what_a_grid_is(folder):
    grid = Grid(Prompt("__lens__"), models="sim/draft")
    (folder / "lens.txt").write_text("other\n")
    assert Grid(Prompt("__lens__"), models="sim/draft").id != grid.id


def test_a_seeded_draw_goes_by_the_weights():
    grid = Grid(Prompt("{9::common|rare} {a|b|c|d|e|f|g|h|i|j}"), models="sim/draft", samples=50)
    drawn = grid.sample(100, seed=3)
    assert drawn == grid.sample(100, seed=3)
    assert 75 < sum(cell.text.startswith("Common") for cell in drawn) < 100


def test_lists_of_one_name_must_say_the_same():
    two = [Prompt("__a__", wildcards={"a": [text]}) for text in "xy"]
    with pytest.raises(GridError, match=r"^two word lists are named `__a__` here"):
        Grid(two, models="sim/draft").to_yaml()
